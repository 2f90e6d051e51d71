"""Run one analysis of a study."""

from pathlib import Path
from typing import Any

from scripts.analyses.job import AnalysisJob
from scripts.data.directions import with_found
from scripts.jobs.bridge import path_list
from scripts.study_parsing import parse_study


def main(
    *, table: Path, analysis: str, study: dict[str, Any], study_name: str, **files: Path | list[Path]
) -> None:
    """Write the table of an analysis.

    Parameters
    ----------
    table : Path
        Written (csv).
    analysis : str
        Kind of the analysis.
    study : dict
        The study's entry in the config, with the analysis and the networks that it names.
    study_name : str
    **files : Path or list of Path
        Input files by kind, as in ``files`` of the analysis' settings; ``models`` of its trained networks,
        and ``found_directions`` of the study where its config leaves some open.
    """
    lists = {kind: path_list(paths) for kind, paths in files.items()}
    parsed = with_found(parse_study(study_name, study, check=False), lists)
    settings = parsed.analyses[analysis]
    if settings.one_sided:
        # The config was checked before the directions were found.
        for _, fault in parsed.window_faults():
            raise ValueError(f"{study_name}.analyses.{analysis}: {fault}")
    settings.run(AnalysisJob(parsed, lists)).to_csv(table, index=False)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
