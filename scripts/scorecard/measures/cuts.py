"""Measures of the positions of cuts, their steps between targets, and differences between networks.

They apply only to cuts that are the same for all events, without bins of a property.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from ..results import Has, Measured, NotRun, Results
from .efficiencies import signal_efficiency

if TYPE_CHECKING:
    import pandas as pd

Cuts = Annotated[str, Has({"cuts", "one_bin"})]


def trained_cut(results: Results, study: str, network: Cuts, feature: str) -> Measured:
    """Cut on a feature, in its unit, for a network with one cut on each feature."""
    return Measured(float(results.cuts(study, network).set_index("feature")["cut"][feature]))


def monotone_cuts(results: Results, study: str, network: Cuts) -> Measured:
    """Share of the features whose cut never tightens from one target to the next higher one."""
    slack = 1e-6
    return Measured(float((_tightening_steps(results, study, network) <= slack).all(axis=0).mean()))


def largest_tightening(results: Results, study: str, network: Cuts) -> Measured:
    """Largest tightening of a scaled cut from one target to the next higher one; 0 if there is none."""
    return Measured(float(max(0.0, _tightening_steps(results, study, network).max())))


def largest_scaled_cut(results: Results, study: str, network: Cuts) -> Measured:
    """Largest absolute value of a cut in scaled units, over targets and features."""
    return Measured(float(_edges(results, study, network).abs().max(axis=None)))


def largest_bend(results: Results, study: str, network: Cuts) -> Measured:
    """Largest distance of a cut from the straight line between its ends, relative to the range of the cut."""
    edges = _edges(results, study, network)
    values, targets = edges.to_numpy(), edges.index.to_numpy()
    share = ((targets - targets[0]) / (targets[-1] - targets[0]))[:, None]
    line = values[0] + share * (values[-1] - values[0])
    return Measured(float((np.abs(values - line).max(axis=0) / np.ptp(values, axis=0)).max()))


def between_neighbours(results: Results, study: str, network: Cuts) -> Measured:
    """Share of the cuts of inner targets that lie between the cuts of the neighbouring targets."""
    ordered = _edges(results, study, network).to_numpy()
    below, at, above = ordered[:-2], ordered[1:-1], ordered[2:]
    slack = 1e-6
    inside = (at >= np.minimum(below, above) - slack) & (at <= np.maximum(below, above) + slack)
    return Measured(float(inside.mean()))


def roughness(results: Results, study: str, network: Cuts, targets: list[float]) -> Measured:
    """Roughness of the cuts at some targets (Eq 7 of arXiv:2502.08615)."""
    from ...evaluation.comparison import cut_roughness, scaled_ranges

    ranges = scaled_ranges(results.features(study), results.study(study).scaling)
    value = cut_roughness(results.cuts(study, network), np.sort(targets), ranges)
    if np.isnan(value):
        raise NotRun(f"{network} has other targets in this config")
    return Measured(value)


def largest_cut_difference(results: Results, study: str, network: Cuts, other: Cuts) -> Measured:
    """Largest difference of the scaled cuts of two networks, over features and targets."""
    first, second = _pair_cuts(results, study, network, other)
    return Measured(float((first["cut_scaled"] - second["cut_scaled"]).abs().max()))


def cut_distance_to_scan(results: Results, study: str, network: Cuts, scan: Cuts) -> Measured:
    """Largest difference of scaled cuts from those of a scan, interpolated to the network's efficiency."""
    efficiency = signal_efficiency(results, study, network).value
    at = _interpolate(results.cuts(study, scan), efficiency, "cut_scaled")
    return Measured(float((results.cuts(study, network)["cut_scaled"] - at).abs().max()))


def single_cut_difference(results: Results, study: str, network: Cuts, other: Cuts) -> Measured:
    """Largest difference of the signal efficiencies of corresponding single cuts of two networks."""
    first, second = (
        _single_cut_efficiencies(results, study, cuts) for cuts in _pair_cuts(results, study, network, other)
    )
    return Measured(float(np.abs(first - second).max()))


def single_cut_distance_to_scan(results: Results, study: str, network: Cuts, scan: Cuts) -> Measured:
    """As :func:`single_cut_difference`, for a scan interpolated to the network's signal efficiency."""
    cuts, efficiency = results.cuts(study, network), signal_efficiency(results, study, network).value
    of_scan = cuts.assign(cut=_interpolate(results.cuts(study, scan), efficiency, "cut"))
    first, second = (_single_cut_efficiencies(results, study, table) for table in (cuts, of_scan))
    return Measured(float(np.abs(first - second).max()))


def _edges(results: Results, study: str, network: str) -> pd.DataFrame:
    """Return the scaled cuts: rows are targets in increasing order, columns are features and directions."""
    edges = results.cuts(study, network).pivot(
        index="target_efficiency", columns=["feature", "direction"], values="cut_scaled"
    )
    if edges.isna().any(axis=None):
        raise NotRun(f"{network} has edges that are absent at some targets")
    return edges.sort_index(axis="columns")


def _tightening_steps(results: Results, study: str, network: str) -> NDArray[np.float64]:
    """Return the tightening of each edge to the next higher target, shape (n_targets - 1, n_edges)."""
    edges = _edges(results, study, network)
    steps = np.diff(edges.to_numpy(), axis=0)
    signs = np.where(edges.columns.get_level_values("direction") == ">", 1.0, -1.0)
    return np.asarray(steps * signs)


def _pair_cuts(results: Results, study: str, network: str, other: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the cuts of two networks with the same feature and, for scans, the same target in each row."""
    first, second = results.cuts(study, network), results.cuts(study, other)
    keys = ["feature"] if first["feature"].is_unique else ["feature", "target_efficiency"]
    first, second = first.set_index(keys, drop=False), second.set_index(keys, drop=False)
    if not first.index.equals(second.index):
        raise NotRun(f"{network} and {other} have different targets or features in this config")
    return first, second


def _single_cut_efficiencies(results: Results, study: str, cuts: pd.DataFrame) -> NDArray[np.float64]:
    """Return the signal efficiency of each cut alone, on the test sample."""
    from cabin_core import passes_cuts

    table = results.features(study)
    signal = table[(table["split"] == "test") & (table["label"] == 1)]
    return np.array(
        [
            passes_cuts(signal[[feature]].to_numpy(dtype=float), np.array([[cut]]), [direction]).mean()
            for feature, cut, direction in zip(cuts["feature"], cuts["cut"], cuts["direction"], strict=True)
        ]
    )


def _interpolate(scan_cuts: pd.DataFrame, efficiency: float, column: str) -> list[float]:
    """Return the cuts of a scan at a signal efficiency, in the order of the features."""
    by_target = scan_cuts.pivot(index="target_efficiency", columns="feature", values=column).sort_index()
    return [
        float(np.interp(efficiency, by_target.index, by_target[feature]))
        for feature in scan_cuts["feature"].drop_duplicates()
    ]
