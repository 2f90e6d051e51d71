"""Run one analysis of a study."""

from pathlib import Path
from typing import Any

from scripts.analyses.job import AnalysisJob
from scripts.data.study_job import read_study


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
    parsed, lists = read_study(study_name, study, files)
    settings = parsed.analyses[analysis]
    if settings.one_sided:
        # The config was checked before the directions were found.
        for _, fault in parsed.window_faults():
            raise ValueError(f"{study_name}.analyses.{analysis}: {fault}")
    settings.run(AnalysisJob(parsed, lists)).to_csv(table, index=False)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
