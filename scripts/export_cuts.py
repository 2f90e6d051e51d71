"""Export the cuts of a network in all forms."""

if "snakemake" in globals():
    from scripts.jobs.warm import run_job

    run_job(globals()["snakemake"], "scripts.export_cuts")

from pathlib import Path
from typing import Any

from scripts.exports.export_job import export_network


def main(
    *,
    cuts: Path,
    metrics: Path,
    record: Path,
    study: dict[str, Any],
    study_name: str,
    network: str,
    run: str,
    files: dict[str, list[str]],
    **more: Path | list[Path],
) -> None:
    """Write the record of all working points, and one of them in each form.

    Parameters
    ----------
    cuts, metrics : Path
        Of the network.
    record : Path
        Written (json).
    study : dict
        The study as the config has it.
    study_name, network, run : str
    files : dict
        Files of ntuples by process, whose first ones say which branches are lists.
    **more
        Written: a file for each form, by its name. Read: ``features`` and ``scores`` of a study with a
        counting experiment.
    """
    export_network(cuts, metrics, record, study, study_name, network, run, files, more)
