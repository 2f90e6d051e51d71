"""Measures for arXiv:2412.09500: lines through its toy, and the convexity of its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...results import Measured, Results
from ..significance import interpolated

if TYPE_CHECKING:
    import pandas as pd


def efficiency_beyond_line(
    results: Results, study: str, process: str, slope: float, intercept: float
) -> Measured:
    """Share of the events of a process beyond the line x1 = slope x2 + intercept."""
    from ....data.yields import process_names

    distance = _distances(results, study, slope, intercept)
    beyond = (distance > 0)[process_names(results.features(study)) == process]
    share = float(beyond.mean())
    return Measured(share, float(np.sqrt(share * (1 - share) / len(beyond))))


def significance_along(results: Results, study: str, slope: float, efficiency: float) -> Measured:
    """Significance at a signal efficiency, for lines of one slope through all events."""
    scan = _scan_along(results, study, slope)
    left = interpolated(scan, efficiency, "signal_efficiency", "background_events")
    value = interpolated(scan, efficiency, "signal_efficiency", "significance")
    return Measured(value, float(value / 2 / np.sqrt(left)))


def signal_along(results: Results, study: str, slope: float, background: str, efficiency: float) -> Measured:
    """Signal efficiency at a background efficiency, for lines of one slope through all events."""
    scan = _scan_along(results, study, slope)
    return Measured(
        interpolated(scan, efficiency, f"background_efficiency_{background}", "signal_efficiency")
    )


def landscape_bend(results: Results, error: str, cross_sections: list[float]) -> Measured:
    """Smallest second difference of the loss of two events on a grid; not negative if it is convex."""
    from ....evaluation.loss_landscape import landscape

    table = landscape(error, cross_sections, luminosity=1.0, epsilon=1.0)
    loss = table.pivot(index="y", columns="x", values="loss").to_numpy()
    bends = [
        (loss[2:] + loss[:-2]) / 2 - loss[1:-1],
        (loss[:, 2:] + loss[:, :-2]) / 2 - loss[:, 1:-1],
        (loss[2:, 2:] + loss[:-2, :-2]) / 2 - loss[1:-1, 1:-1],
        (loss[2:, :-2] + loss[:-2, 2:]) / 2 - loss[1:-1, 1:-1],
    ]
    return Measured(float(min(bend.min() for bend in bends)))


def _distances(results: Results, study: str, slope: float, intercept: float = 0.0) -> pd.Series:
    """Return the distance of events beyond the line x1 = slope x2 + intercept, in the first feature."""
    first, second = results.study(study).feature_names
    events = results.features(study)
    return events[first] - slope * events[second] - intercept


def _scan_along(results: Results, study: str, slope: float) -> pd.DataFrame:
    from ....evaluation.threshold_scan import scan_thresholds

    distance = _distances(results, study, slope)
    # Any increasing function is possible; this one lies in [0, 1] as a score.
    rank = distance.rank(method="first") / len(distance)
    return scan_thresholds(results.features(study).assign(score=rank), results.experiment(study))
