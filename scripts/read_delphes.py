"""Read the selected events of one Delphes ROOT file."""

if "snakemake" in globals():
    from scripts.jobs.warm import run_job

    run_job(globals()["snakemake"], "scripts.read_delphes")

import logging
from pathlib import Path
from typing import Any

import pandas as pd

from scripts.data.outliers import report_far_values
from scripts.physics.delphes import TREE
from scripts.physics.preselection import read_file

log = logging.getLogger("cabin.read_delphes")


def main(
    *,
    root_file: Path | str,
    table: Path,
    cutflow: Path,
    selection: dict[str, Any],
    features: list[str],
    tree: str = TREE,
) -> None:
    """Write the features of the events that pass the preselection, and the cutflow.

    Parameters
    ----------
    root_file : Path or str
        Delphes ROOT file, or the address of one elsewhere.
    table : Path
        Written: one column for each feature, and ``weight`` where the weights in the file differ, one row
        for each selected event (parquet).
    cutflow : Path
        Written: columns step and events, and for a file with weights those of
        :class:`scripts.physics.event_weights.WeightSums` (csv).
    selection : dict
        Preselection, as in :class:`scripts.sources.selected_events.Selection`.
    features : list of str
        Names of the features.
    tree : str
        Tree of the file.
    """
    file = read_file(root_file, selection, features, tree=tree)
    events, counts = file.features, file.counts
    report_far_values(log, root_file, events, file.numbers)
    flow = pd.DataFrame(counts.items(), columns=["step", "events"])
    if file.weights is not None:
        flow = flow.join(pd.DataFrame([vars(sums) for sums in file.sums.values()]))
        if file.sums["all events"].differ:
            events = events.assign(weight=file.weights)
    events.to_parquet(table, index=False)
    flow.to_csv(cutflow, index=False)
    log.info("%s: %d of %d events pass", root_file, len(events), counts["all events"])
