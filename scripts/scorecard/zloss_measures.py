"""How the claims of arXiv:2412.09500 are measured: significances, boundaries, efficiencies of processes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from scripts.figures.loss_landscapes import landscape
from scripts.score_table import score_columns
from scripts.scorecard.results import Measured, NotRun, Results
from scripts.significance_scan import best_threshold, linear_boundary, scan_network, scan_thresholds
from scripts.yields import process_names

#: What arXiv:2412.09500 demands of a threshold, and enough events for the number to mean something.
DEMANDS = {"signal_efficiency": 0.05, "background_yield": 5.0, "background_events": 100.0}


def significance_without_cuts(results: Results, study: str) -> Measured:
    """Signal yield over the root of the background yield, of all events."""
    scan = scan_thresholds(results.features(study).assign(score=1.0), results.search_of(study))
    return Measured(scan["significance"].iloc[0])


def _along(results: Results, study: str, slope: float, intercept: float = 0.0) -> Any:
    """Return how far all events lie beyond the line x1 = slope x2 + intercept, in the first feature."""
    first, second = (feature["name"] for feature in results.studies[study]["features"])
    events = results.features(study)
    return events, events[first] - slope * events[second] - intercept


def efficiency_beyond_line(
    results: Results, study: str, process: str, slope: float, intercept: float
) -> Measured:
    """Share of the events of a process beyond the line x1 = slope x2 + intercept."""
    events, distance = _along(results, study, slope, intercept)
    beyond = (distance > 0)[process_names(events) == process]
    share = float(beyond.mean())
    return Measured(share, float(np.sqrt(share * (1 - share) / len(beyond))))


def _scan_along(results: Results, study: str, slope: float) -> pd.DataFrame:
    events, distance = _along(results, study, slope)
    # Any increasing function does; this one lies in [0, 1], as a score.
    rank = distance.rank(method="first") / len(distance)
    return scan_thresholds(events.assign(score=rank), results.search_of(study))


def _interpolated(scan: pd.DataFrame, at: float, x: str, y: str) -> float:
    # Stable: thresholds between which no event lies are equal, and their order counts.
    known = scan[scan["background_events"] > 0].sort_values(x, kind="stable")
    return float(np.interp(at, known[x], known[y]))


def significance_along(results: Results, study: str, slope: float, efficiency: float) -> Measured:
    """Significance at a signal efficiency, of lines of one slope through all events."""
    scan = _scan_along(results, study, slope)
    left = _interpolated(scan, efficiency, "signal_efficiency", "background_events")
    value = _interpolated(scan, efficiency, "signal_efficiency", "significance")
    return Measured(value, value / 2 / np.sqrt(left))


def signal_along(results: Results, study: str, slope: float, background: str, efficiency: float) -> Measured:
    """Signal efficiency at a background efficiency, of lines of one slope through all events."""
    scan = _scan_along(results, study, slope)
    return Measured(
        _interpolated(scan, efficiency, f"background_efficiency_{background}", "signal_efficiency")
    )


def boundary_slope(results: Results, study: str, network: str) -> Measured:
    """Slope dx1/dx2 of the boundary of a linear network."""
    weights, _ = linear_boundary(results.model(study, network))
    return Measured(float(-weights[1] / weights[0]))


def slope_above(results: Results, study: str, network: str, other: str) -> Measured:
    """Slope dx1/dx2 of the boundary of a linear network minus that of another."""
    slopes = [boundary_slope(results, study, name).value for name in (network, other)]
    return Measured(slopes[0] - slopes[1])


def weight_norm(results: Results, study: str, network: str) -> Measured:
    """Length of the weights of a linear network, per physical unit of the features."""
    weights, _ = linear_boundary(results.model(study, network))
    return Measured(float(np.linalg.norm(weights)))


def least_history(results: Results, study: str, network: str, column: str) -> Measured:
    """Smallest value of a column of the history."""
    history = results.history(study, network)
    if column not in history:
        raise NotRun(f"{network} has no {column} in its history in this config")
    return Measured(float(history[column].min()))


def process_efficiency(results: Results, study: str, network: str, process: str) -> Measured:
    """Share of the test events of a process with a score above 1/2."""
    events = results.features(study)
    of_process = (process_names(events) == process) & (events["split"] == "test")
    scores = results.scores(study, network)
    passed = scores.loc[of_process, score_columns(scores.columns)[0]] > 0.5
    share = float(passed.mean())
    return Measured(share, float(np.sqrt(share * (1 - share) / len(passed))))


def process_efficiency_above(
    results: Results, study: str, network: str, process: str, other: str
) -> Measured:
    """Share of the test events of a process with a score above 1/2, minus that of another process."""
    first, second = (process_efficiency(results, study, network, name) for name in (process, other))
    return Measured(
        first.value - second.value, float(np.hypot(first.uncertainty or 0, second.uncertainty or 0))
    )


def _scan(results: Results, study: str, network: str) -> pd.DataFrame:
    return scan_network(results.features(study), results.scores(study, network), results.search_of(study))


def largest_significance(results: Results, study: str, network: str) -> Measured:
    """Largest significance over thresholds on the score, with at least 100 background events left."""
    best = best_threshold(_scan(results, study, network), DEMANDS)
    value = float(best["significance"])
    return Measured(value, value / 2 / float(np.sqrt(best["background_events"])))


def efficiency_at_largest_significance(results: Results, study: str, network: str) -> Measured:
    """Signal efficiency where the significance is largest, with at least 100 background events left."""
    return Measured(float(best_threshold(_scan(results, study, network), DEMANDS)["signal_efficiency"]))


def efficiency_gain_at_largest_significance(
    results: Results, study: str, network: str, other: str
) -> Measured:
    """Signal efficiency where the significance is largest, minus that of another network."""
    first, second = (efficiency_at_largest_significance(results, study, name) for name in (network, other))
    return Measured(first.value - second.value)


def signal_at_background(
    results: Results, study: str, network: str, background: str, efficiency: float
) -> Measured:
    """Signal efficiency at a background efficiency, of events alike (generated) or by cross-section."""
    scan = _scan(results, study, network)
    return Measured(
        _interpolated(scan, efficiency, f"background_efficiency_{background}", "signal_efficiency")
    )


def significance_at_efficiency(results: Results, study: str, network: str, efficiency: float) -> Measured:
    """Significance at a signal efficiency."""
    return Measured(
        _interpolated(_scan(results, study, network), efficiency, "signal_efficiency", "significance")
    )


def smallest_signal_gain(
    results: Results, study: str, network: str, other: str, background: str, between: list[float]
) -> Measured:
    """Smallest signal efficiency over that of another network, at all background efficiencies in a range."""
    column = f"background_efficiency_{background}"
    low, high = between
    at = np.geomspace(low, high, 60)
    first, second = (
        np.array([_interpolated(scan, x, column, "signal_efficiency") for x in at])
        for scan in (_scan(results, study, network), _scan(results, study, other))
    )
    return Measured(float((first - second).min()))


def landscape_bend(results: Results, error: str, cross_sections: list[float]) -> Measured:
    """Smallest bend of the loss of two events between neighbours of a grid, not negative if convex."""
    table = landscape(error, {"cross_sections": cross_sections, "luminosity": 1.0, "epsilon": 1.0})
    loss = table.pivot(index="y", columns="x", values="loss").to_numpy()
    bends = [
        (loss[2:] + loss[:-2]) / 2 - loss[1:-1],
        (loss[:, 2:] + loss[:, :-2]) / 2 - loss[:, 1:-1],
        (loss[2:, 2:] + loss[:-2, :-2]) / 2 - loss[1:-1, 1:-1],
        (loss[2:, :-2] + loss[:-2, 2:]) / 2 - loss[1:-1, 1:-1],
    ]
    return Measured(float(min(bend.min() for bend in bends)))


MEASURES = (
    significance_without_cuts,
    efficiency_beyond_line,
    significance_along,
    signal_along,
    boundary_slope,
    slope_above,
    weight_norm,
    least_history,
    process_efficiency,
    process_efficiency_above,
    largest_significance,
    efficiency_at_largest_significance,
    efficiency_gain_at_largest_significance,
    signal_at_background,
    significance_at_efficiency,
    smallest_signal_gain,
    landscape_bend,
)
