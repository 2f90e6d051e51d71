"""Write one table of the config as csv, markdown and LaTeX."""

if "snakemake" in globals():
    from scripts.jobs.warm import run_job

    run_job(globals()["snakemake"], "scripts.write_table")

from pathlib import Path
from typing import Any

from scripts.data.study_job import read_study
from scripts.kinds import module_of
from scripts.parsing import parse_kind
from scripts.tables.inputs import TableInputs
from scripts.tables.latex import to_latex
from scripts.tables.marks import mark_missed


def main(
    *,
    csv: Path,
    md: Path,
    tex: Path,
    table: dict[str, Any],
    study: dict[str, Any],
    study_name: str,
    caption: str,
    **files: Path | list[Path],
) -> None:
    """Make a table and write it in three formats.

    Parameters
    ----------
    csv, md, tex : Path
        Written.
    table : dict
        The table's entry in the config.
    study : dict
        The entry of its study in the config, with at least the networks and analyses that it shows.
    study_name : str
    caption : str
        Caption above the table in markdown and LaTeX.
    **files
        Input files by kind, as in ``files`` of the settings; ``found_directions`` of the study where its
        config leaves some open.
    """
    settings = parse_kind("table", table)
    parsed, lists = read_study(study_name, study, files)
    inputs = TableInputs(settings, parsed, lists)
    made = module_of("table", settings.table).make_table(inputs)
    made.to_csv(csv, index=False)
    shown, notes = mark_missed(made)
    # NaN counts as missing only where it is None.
    text = (
        shown.astype(object)
        .where(shown.notna(), None)
        .to_markdown(index=False, floatfmt=".4g", missingval="-")
    )
    md.write_text("\n\n".join([caption, text, *(note.replace("*", r"\*") for note in notes)]) + "\n")
    tex.write_text(to_latex(shown, " ".join([caption, *notes])))
