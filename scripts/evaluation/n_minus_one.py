"""Events that all cuts but one leave: what each cut removes that no other does."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..data.cut_table import edges_by_target, passes_cut_table
from ..data.event_bins import EventBins, columns_of
from ..data.stored_table import stored
from .process_sums import ProcessSums

#: Stands in the column ``feature`` for the events that pass all cuts.
ALL_CUTS = "all cuts"


def count_without_each(
    table: Path, cuts: pd.DataFrame, target: float, features: Sequence[str]
) -> pd.DataFrame:
    """Return what is left of each process without the cut on each feature, and with all.

    Parameters
    ----------
    table : Path
        Feature table; it is read block by block.
    cuts : DataFrame
        Content of ``cuts.csv``. Both edges of a window, and the cuts of all bins of a property, are one cut.
    target : float
        The working point; NaN for a network without targets.
    features : sequence of str
        Features of the study.

    Returns
    -------
    DataFrame
        One row for each feature that is cut on, in the order of ``features``, and process, and last for
        :data:`ALL_CUTS`: ``feature``, ``process``, ``label``, ``events``, ``weighted``,
        ``weighted_uncertainty`` of the test sample and of data, and ``efficiency``, the share of the weights
        that this cut keeps of what the others leave, or that all cuts keep of all events; NaN of nothing.
    """
    ((_, edges),) = edges_by_target(cuts, [target])
    cut_on = set(edges.loc[np.isfinite(edges["cut"].astype(float)), "feature"])
    names = [name for name in features if name in cut_on]
    selections = [*(_without(cuts, name) for name in names), cuts]
    events = stored(table, columns_of(features, EventBins.from_cuts(cuts)))
    sums = ProcessSums(len(selections))
    for block in itertools.chain(events.blocks(), events.data_blocks()):
        values = block.events(events.columns)
        sums.add_block(block, np.hstack([passes_cut_table(values, one, [target]) for one in selections]))
    counted = sums.tabulate()
    counted.insert(0, "feature", np.array([*names, ALL_CUTS])[counted["selection"]])
    others = counted["weighted"].where((counted["weighted"] > 0) & (counted["feature"] != ALL_CUTS))
    with_all = counted.groupby("process")["weighted"].transform("last")
    counted["efficiency"] = (with_all / others).where(counted["feature"] != ALL_CUTS, counted["efficiency"])
    counted = counted.sort_values("selection", kind="stable", ignore_index=True)
    kept = ["feature", "process", "label", "events", "weighted", "weighted_uncertainty", "efficiency"]
    return counted[kept]


def _without(cuts: pd.DataFrame, feature: str) -> pd.DataFrame:
    """Return cuts whose edges in a feature let all events pass; rows stay, since bins are known from them."""
    opened = np.where(cuts["direction"] == ">", -np.inf, np.inf)
    return cuts.assign(cut=cuts["cut"].where(cuts["feature"] != feature, opened))
