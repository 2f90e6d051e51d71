"""Read the selected events of some files of a process."""

if "snakemake" in globals():
    from scripts.jobs.warm import run_job

    run_job(globals()["snakemake"], "scripts.read_ntuples")

import logging
from pathlib import Path
from typing import Any

from scripts.data.names import first_names
from scripts.data.ntuple_part import write_part

log = logging.getLogger("cabin.read_ntuples")


def main(*, table: Path, cutflow: Path, process: str, files: list[str], recipe: dict[str, Any]) -> None:
    """Write the events that pass the preselection, and the cutflow.

    Parameters
    ----------
    table : Path
        Written: features, ``weight`` and ``event``, one row for each event that passes (parquet).
    cutflow : Path
        Written: numbers of events and sums of weights after each step (json).
    process : str
        Name of the process, for messages.
    files : list of str
    recipe : dict
        What is computed of branches, see :class:`scripts.data.ntuple_recipe.Recipe`.
    """
    try:
        tally = write_part(table, cutflow, files, recipe)
    except ValueError as error:
        raise ValueError(f"{error} (process {process})") from error
    log.info(
        "%s: %d of %d events pass, of %s",
        *(process, tally.events[-1], tally.events[0], first_names(files, 1)),
    )
