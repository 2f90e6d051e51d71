"""The table of cuts, ``cuts.csv``: one row for each target and edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core import passes_cuts

from .event_bins import EventBins
from .folds import FOLD

CUT_COLUMNS = ["target_efficiency", "feature", "direction", "cut", "cut_scaled"]
#: Further columns if cuts follow a property of the event: its name and the edges of the bin.
PROPERTY_COLUMNS = ["property", "property_low", "property_high"]
#: A column that is true for an edge that no training event fails alone: it cuts nothing.
IDLE = "idle"
#: What tables and figures say of a feature whose edges are idle.
NONE = "none"


def edges_by_target(
    cuts: pd.DataFrame, targets: Sequence[float] | None = None
) -> list[tuple[float, pd.DataFrame]]:
    """Return the edges of each target.

    Parameters
    ----------
    cuts : DataFrame
        With the column ``target_efficiency``, NaN for a network without targets.
    targets : sequence of float, optional
        Targets in the required order; where absent, those of the table in order of their first row.

    Returns
    -------
    list of tuple
        Each target and its rows; no rows if nothing is cut.
    """
    of_row = cuts["target_efficiency"]
    wanted = of_row.unique() if targets is None else targets
    return [
        (float(target), cuts[of_row.isna() if np.isnan(target) else of_row == target]) for target in wanted
    ]


def edge_text(direction: str, cut: float, unit: str, spread: float = float("nan")) -> str:
    """Return an edge as an analysis writes it, for example ``> 200 GeV``, with its spread if there is one."""
    value = f"{cut:.4g}" if np.isnan(spread) else f"{cut:.4g} ± {spread:.2g}"
    return f"{direction} {value} {unit}".strip()


def row_text(edge: Any, unit: str, n_folds: int | None = None) -> str:
    """Return a row of :func:`over_folds` as text; where not all folds have this edge, how many do."""
    if n_folds is None:
        return edge_text(edge.direction, edge.cut, unit)
    text = edge_text(edge.direction, edge.cut, unit, edge.cut_spread)
    return text if edge.n_folds == n_folds else f"{text} ({edge.n_folds} of {n_folds} folds)"


def edges_text(edges: pd.DataFrame, unit: str, n_folds: int | None = None) -> str:
    """Return the edges on one feature as text: both of a window, without idle ones.

    Parameters
    ----------
    edges : DataFrame
        Rows of one feature, target and bin, of :func:`over_folds`.
    unit : str
    n_folds : int, optional
        As :func:`row_text` takes it.

    Returns
    -------
    str
        ``none`` if all edges are idle, empty if there is none.
    """
    at_work = edges[~edges[IDLE].astype(bool)] if IDLE in edges else edges
    if at_work.empty and len(edges):
        return NONE
    return ", ".join(row_text(edge, unit, n_folds) for edge in at_work.itertuples())


def passes_cut_table(
    table: pd.DataFrame, cuts: pd.DataFrame, targets: Sequence[float] | None = None
) -> NDArray[np.bool_]:
    """Apply a table of cuts.

    Parameters
    ----------
    table : DataFrame
        Events with the features in physical units.
    cuts : DataFrame
        One row for each edge: ``target_efficiency``, ``feature``, ``direction`` and ``cut``. The two edges of
        a window are two rows. An event must pass all rows of a target or, if cuts follow a property, all
        rows of its bin; of cuts with a column ``fold`` those of its fold. An event beyond the outermost bins
        belongs to the nearest bin.
    targets : sequence of float, optional
        As :func:`edges_by_target` takes them.

    Returns
    -------
    ndarray of bool, shape (n_events, n_targets)
        All events pass a target without rows.

    Raises
    ------
    ValueError
        If a window's lower edge lies above the upper one, or a feature or the property is not a column of the
        events, or there are no cuts for a fold of the events.
    """
    if FOLD in cuts:
        return _passes_by_fold(table, cuts, targets)
    bins = EventBins.from_cuts(cuts)
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


def edges_at_work(events: pd.DataFrame, cuts: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which edges cut something: an event fails this edge and passes all others of its target.

    Parameters
    ----------
    events : DataFrame
        Events with the features in physical units.
    cuts : DataFrame
        As :func:`passes_cut_table` takes them.

    Returns
    -------
    ndarray of bool, shape (n_edges,)
        In the order of the rows.
    """
    at_work = np.zeros(len(cuts), dtype=bool)
    groups, bins = cuts["target_efficiency"].astype(float), EventBins.from_cuts(cuts)
    rows = pd.DataFrame({"target": groups.to_numpy(), "bin": 0.0})
    if bins is not None:
        rows["bin"] = cuts["property_low"].to_numpy()
        lows = np.array([low for low, _ in bins.bounds])[bins.positions(events[bins.name])]
    for (_, of_bin), members in rows.groupby(["target", "bin"], dropna=False):
        edges, at = cuts.iloc[members.index], members.index.to_numpy()
        inside = events if bins is None else events[lows == of_bin]
        failed = np.hstack(
            [
                ~passes_cuts(inside[[name]].to_numpy(dtype=float), np.array([[cut]]), [direction])
                for name, direction, cut in edges[["feature", "direction", "cut"]].itertuples(index=False)
            ]
        )
        at_work[at] = failed[failed.sum(axis=1) == 1].any(axis=0)
    return at_work


def _passes_by_fold(
    table: pd.DataFrame, cuts: pd.DataFrame, targets: Sequence[float] | None
) -> NDArray[np.bool_]:
    if FOLD not in table:
        raise ValueError("the cuts are of folds, which the events do not have: add the column `fold`")
    wanted = list(cuts["target_efficiency"].unique() if targets is None else targets)
    passed = np.empty((len(table), len(wanted)), dtype=bool)
    for fold, rows in table.groupby(FOLD).indices.items():
        of_fold = cuts[cuts[FOLD] == fold].drop(columns=FOLD)
        if of_fold.empty:
            raise ValueError(f"there are no cuts of the fold {fold}, which {len(rows)} events are of")
        passed[rows] = passes_cut_table(table.iloc[rows], of_fold, wanted)
    return passed


def over_folds(cuts: pd.DataFrame) -> pd.DataFrame:
    """Return the mean and the spread of each edge over the folds.

    Parameters
    ----------
    cuts : DataFrame
        Content of ``cuts.csv``. Without folds it is returned as it is.

    Returns
    -------
    DataFrame
        As ``cuts`` without ``fold``: the means ``cut`` and ``cut_scaled``, then the standard deviations over
        the folds, ``cut_spread`` and ``cut_scaled_spread``, and ``n_folds``, in how many folds it cuts. It is
        idle if it is so in all folds.
    """
    if FOLD not in cuts:
        return cuts
    edge = [name for name in cuts if name not in (FOLD, "cut", "cut_scaled", IDLE)]
    values = cuts[["cut", "cut_scaled"]].astype(float)
    # An infinite edge cuts nothing; one that is so in all folds stays.
    finite = cuts.assign(**values.where(np.isfinite(values)))
    grouped = finite.groupby(edge, sort=False, dropna=False)[["cut", "cut_scaled"]]
    first = cuts.groupby(edge, sort=False, dropna=False)[["cut", "cut_scaled"]].first()
    means, spreads = grouped.mean().fillna(first), grouped.std().add_suffix("_spread")
    parts = [means, spreads, grouped.count()["cut"].rename("n_folds")]
    if IDLE in cuts:
        parts.append(cuts.groupby(edge, sort=False, dropna=False)[IDLE].all())
    found = pd.concat(parts, axis=1).reset_index()
    return found[[*(name for name in cuts if name != FOLD), "cut_spread", "cut_scaled_spread", "n_folds"]]


def folds_of_cuts(cuts: pd.DataFrame) -> int | None:
    """Return of how many folds a table of cuts is; None without folds."""
    return int(cuts[FOLD].nunique()) if FOLD in cuts else None


def _check_windows(edges: pd.DataFrame, target: float) -> None:
    low = edges[edges["direction"] == ">"].groupby("feature")["cut"].max()
    high = edges[edges["direction"] == "<"].groupby("feature")["cut"].min()
    for feature, edge in low.items():
        if feature in high and edge >= high[feature]:
            raise ValueError(
                f"the window of {feature} at the target {target:g} is empty: its low edge {edge:g} is above "
                f"its high edge {high[feature]:g}"
            )
