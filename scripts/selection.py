"""Which events a network selects: by its hard cuts, or by its score where it has none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core import TrainedNetwork, passes_cuts
from scripts.cut_table import PROPERTY_COLUMNS, edges_by_target
from scripts.event_bins import EventBins

#: Above this score an event counts as selected where a network has neither cuts nor targets.
SCORE_THRESHOLD = 0.5


def row_targets(trained: TrainedNetwork) -> list[float]:
    """Return the target signal efficiency of each working point; NaN for a network without targets."""
    return list(trained.settings.targets) or [float("nan")]


def passes_cut_table(
    table: pd.DataFrame, cuts: pd.DataFrame, targets: Sequence[float] | None = None
) -> NDArray[np.bool_]:
    """Apply a table of cuts, as ``cuts.csv`` holds them.

    Parameters
    ----------
    table : DataFrame
        Events with the features in physical units.
    cuts : DataFrame
        One row an edge: ``target_efficiency``, ``feature``, ``direction`` and ``cut``; both edges of a window
        are two rows of one feature. An event must pass all rows of a target or, where cuts follow a property
        of the event, those of its bin; beyond the outermost bins it is in the nearest one.
    targets : sequence of float, optional
        As :func:`scripts.cut_table.edges_by_target` takes them.

    Returns
    -------
    ndarray of bool, shape (n_events, n_targets)
        Every event passes a target without a row.

    Raises
    ------
    ValueError
        If a window's lower edge lies above the upper one, or a feature or the property is not a column of the
        events.
    """
    bins = EventBins.of_cuts(cuts)
    if bins is not None:
        if bins.name not in table:
            raise ValueError(f"the cuts follow {bins.name}, which the events do not have")
        wanted = list(cuts["target_efficiency"].unique() if targets is None else targets)
        passed_any = np.empty((len(table), len(wanted)), dtype=bool)
        positions = bins.positions(table[bins.name])
        for position, (low, _) in enumerate(bins.bounds):
            of_bin = cuts[cuts["property_low"] == low].drop(columns=PROPERTY_COLUMNS)
            inside = positions == position
            passed_any[inside] = passes_cut_table(table[inside], of_bin, wanted)
        return passed_any
    columns = []
    for target, edges in edges_by_target(cuts, targets):
        names = list(edges["feature"])
        missing = [name for name in names if name not in table]
        if missing:
            raise ValueError(f"the cuts ask for {missing[0]}, which the events do not have")
        _check_windows(edges, target)
        passed = passes_cuts(
            table[names].to_numpy(dtype=float), edges[["cut"]].to_numpy().T, list(edges["direction"])
        )
        columns.append(passed)
    return np.hstack(columns)


def _check_windows(edges: pd.DataFrame, target: float) -> None:
    low = edges[edges["direction"] == ">"].groupby("feature")["cut"].max()
    high = edges[edges["direction"] == "<"].groupby("feature")["cut"].min()
    for feature, edge in low.items():
        if feature in high and edge >= high[feature]:
            raise ValueError(
                f"the window of {feature} at the target {target:g} is empty: its low edge {edge:g} is above "
                f"its high edge {high[feature]:g}"
            )


def score_thresholds(
    scores: NDArray[np.floating], weights: NDArray[np.floating], targets: Sequence[float]
) -> NDArray[np.float64]:
    """Return the thresholds that signal passes with given efficiencies.

    Parameters
    ----------
    scores, weights : ndarray, shape (n_events,)
        Of signal events; those of the training sample, so that a test stays one.
    targets : sequence of float
        Signal efficiencies; 0.5 is the threshold of a NaN, :data:`SCORE_THRESHOLD`.

    Returns
    -------
    ndarray, shape (n_targets,)
        Events above (not at) a threshold are selected.
    """
    # Stable: how other sorts order equal scores, and so round the sums, differs by processor.
    order = np.argsort(scores, kind="stable")[::-1]
    passing = np.cumsum(weights[order], dtype=np.float64)
    thresholds = []
    for target in targets:
        if np.isnan(target):
            thresholds.append(SCORE_THRESHOLD)
            continue
        # The first event that is too much sets the threshold.
        first = min(int(np.searchsorted(passing, target * passing[-1], side="right")), len(order) - 1)
        thresholds.append(float(scores[order[first]]))
    return np.array(thresholds)
