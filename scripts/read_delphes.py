"""Read the selected events of one Delphes ROOT file."""

if "snakemake" in globals():
    from scripts.jobs.warm import run_job

    run_job(globals()["snakemake"], "scripts.read_delphes")

import logging
from pathlib import Path
from typing import Any

import pandas as pd

from scripts.physics.preselection import read_features

log = logging.getLogger("cabin.read_delphes")


def main(
    *, root_file: Path, table: Path, cutflow: Path, selection: dict[str, Any], features: list[str]
) -> None:
    """Write the features of the events that pass the preselection, and the cutflow.

    Parameters
    ----------
    root_file : Path
        Delphes ROOT file.
    table : Path
        Written: one column for each feature and one row for each selected event (parquet).
    cutflow : Path
        Written: columns step and events (csv).
    selection : dict
        Preselection, as in :class:`scripts.sources.selected_events.Selection`.
    features : list of str
        Names of the features.
    """
    events, counts = read_features(root_file, selection, features)
    events.to_parquet(table, index=False)
    pd.DataFrame(counts.items(), columns=["step", "events"]).to_csv(cutflow, index=False)
    log.info("%s: %d of %d events pass", root_file, len(events), counts["all events"])
