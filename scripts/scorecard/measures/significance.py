"""Significances of a counting experiment, over thresholds on a score or over working points of cuts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from ..results import Has, Measured, Results

if TYPE_CHECKING:
    import pandas as pd

Network = Annotated[str, Has()]
Scored = Annotated[str, Has({"one_score"})]

#: Requirements of arXiv:2412.09500 on a threshold, and enough events for a meaningful number.
DEMANDS = {"signal_efficiency": 0.05, "background_yield": 5.0, "background_events": 100.0}


def significance_without_cuts(results: Results, study: str) -> Measured:
    """Signal yield over the root of the background yield, for all events."""
    from ...data.yields import with_yields_of
    from ...evaluation.threshold_scan import scan_thresholds

    events = results.features(study)
    experiment = with_yields_of(events, results.experiment(study))
    scan = scan_thresholds(events.assign(score=1.0), experiment)
    return Measured(scan["significance"].iloc[0])


def largest_significance(results: Results, study: str, network: Scored) -> Measured:
    """Largest significance over thresholds on the score that leave at least 100 background events."""
    from ...evaluation.threshold_scan import best_threshold

    best = best_threshold(_scan(results, study, network), DEMANDS)
    value = float(best["significance"])
    return Measured(value, value / 2 / float(np.sqrt(best["background_events"])))


def efficiency_at_largest_significance(results: Results, study: str, network: Scored) -> Measured:
    """Signal efficiency at the largest significance, with at least 100 background events left."""
    from ...evaluation.threshold_scan import best_threshold

    return Measured(float(best_threshold(_scan(results, study, network), DEMANDS)["signal_efficiency"]))


def significance_at_efficiency(results: Results, study: str, network: Scored, efficiency: float) -> Measured:
    """Significance of the threshold at a given signal efficiency."""
    scan = _scan(results, study, network)
    return Measured(interpolated(scan, efficiency, "signal_efficiency", "significance"))


def signal_at_background(
    results: Results, study: str, network: Scored, background: str, efficiency: float
) -> Measured:
    """Signal efficiency at a background efficiency, with equal weights (``generated``) or ``expected``."""
    scan = _scan(results, study, network)
    return Measured(
        interpolated(scan, efficiency, f"background_efficiency_{background}", "signal_efficiency")
    )


def smallest_signal_gain(
    results: Results, study: str, network: Scored, other: Scored, background: str, between: list[float]
) -> Measured:
    """Smallest gain of signal efficiency over another network, at all background efficiencies in a range."""
    column = f"background_efficiency_{background}"
    low, high = between
    at = np.geomspace(low, high, 60)
    first, second = (
        np.array([interpolated(scan, x, column, "signal_efficiency") for x in at])
        for scan in (_scan(results, study, network), _scan(results, study, other))
    )
    return Measured(float((first - second).min()))


def best_point_significance(results: Results, study: str, network: Network) -> Measured:
    """Largest significance of the working points of a network that keep the minimum signal.

    Efficiencies are exact if known, else those of the test sample.
    """
    from ...evaluation.expected_yields import keeps_minimum, known, tabulate_yields

    experiment = results.experiment(study)
    table = tabulate_yields(
        results.study(study),
        results.features(study),
        results.cuts(study, network),
        results.metrics(study, network),
        results.scores(study, network),
    )
    return Measured(float(known(table, "significance")[keeps_minimum(table, experiment)].max()))


def interpolated(scan: pd.DataFrame, at: float, x: str, y: str) -> float:
    """Interpolate a column of a scan of thresholds at a value of another, with background left."""
    # A stable sort: thresholds without an event between them are equal, and their order matters.
    known = scan[scan["background_events"] > 0].sort_values(x, kind="stable")
    return float(np.interp(at, known[x], known[y]))


def _scan(results: Results, study: str, network: str) -> pd.DataFrame:
    from ...evaluation.threshold_scan import scan_network

    return scan_network(results.features(study), results.scores(study, network), results.experiment(study))
