"""Cuts beside the best cuts of the training sample, with a proof, and two networks on the same events."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from ..results import Has, Measured, NotRun, Results, row_at

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Cuts = Annotated[str, Has({"cuts", "one_bin"})]


def background_over_proven_best(
    results: Results, study: str, network: Cuts, target: float | None = None
) -> Measured:
    """Training background of cuts over the bound that no cuts with as much signal are below."""
    ratio = _certified(results, study, network, target)["ratio_to_bound"]
    if math.isnan(ratio):
        at = "" if target is None else f" at {target}"
        raise NotRun(f"nothing is proven of the cuts of {network}{at} in this config")
    return Measured(float(ratio))


def training_background(results: Results, study: str, network: Cuts, target: float) -> Measured:
    """Sum of the weights of the training background that passes cuts."""
    return Measured(float(_certified(results, study, network, target)["background"]))


def fresh_background_excess(
    results: Results, study: str, network: Cuts, other: Cuts, target: float
) -> Measured:
    """Test background of cuts above that of other cuts for the same target, in its statistical errors.

    The other background is taken along its curve to the signal efficiency of the first. Events that both cuts
    keep or both reject have no part in the error.
    """
    targets = set(results.cuts(study, other)["target_efficiency"])
    if len(targets) < 2 or target not in targets:
        raise NotRun(f"{other} has no neighbours of the target {target} in this config")
    row_at(results.cuts(study, network), target)
    events = results.features(study)
    ratio, uncertainty = ratio_at_equal_signal(
        events[events["split"] == "test"], results.cuts(study, network), results.cuts(study, other), target
    )
    if math.isnan(ratio):
        raise NotRun(f"{other} leaves no background to compare with at {target} in this config")
    return Measured((ratio - 1.0) / uncertainty if uncertainty else 0.0, 1.0)


def ratio_at_equal_signal(
    events: pd.DataFrame, cuts: pd.DataFrame, other: pd.DataFrame, target: float
) -> tuple[float, float]:
    """Return the background of cuts over that of other cuts at equal signal, and its statistical error.

    Both are NaN where the other cuts leave no background, or the same signal at the targets beside this one.

    Parameters
    ----------
    events : DataFrame
        Events of a feature table.
    cuts, other : DataFrame
        Contents of ``cuts.csv``; the other one has the target and others beside it.
    target : float
    """
    from ...data.cut_table import passes_cut_table

    weights, is_signal = events["weight"].to_numpy(dtype=float), (events["label"] == 1).to_numpy()
    signal, background = (
        np.where(of_class, weights, 0.0) / weights[of_class].sum() for of_class in (is_signal, ~is_signal)
    )
    targets = sorted(set(other["target_efficiency"]))
    curve = passes_cut_table(events, other, targets)
    ours = passes_cut_table(events, cuts, [target])[:, 0]
    at = targets.index(target)
    low, high = max(at - 1, 0), min(at + 1, len(targets) - 1)
    theirs, between = float(background[curve[:, at]].sum()), _kept(signal, curve[:, high], curve[:, low])
    if not theirs > 0.0 or not between:
        return math.nan, math.nan
    slope = _kept(background, curve[:, high], curve[:, low]) / between
    per_event = (background - slope * signal) * (ours.astype(float) - curve[:, at])
    return 1.0 + float(per_event.sum()) / theirs, math.sqrt(float((per_event**2).sum())) / theirs


def _kept(weights: NDArray[np.float64], more: NDArray[np.bool_], less: NDArray[np.bool_]) -> float:
    return float(weights[more].sum() - weights[less].sum())


def _certified(results: Results, study: str, network: str, target: float | None) -> pd.Series:
    table = results.analysis(study, "certify")
    rows = table[table["network"] == network]
    if rows.empty:
        raise NotRun(f"the analysis certify of {study} does not compare {network} in this config")
    return row_at(rows, target)
