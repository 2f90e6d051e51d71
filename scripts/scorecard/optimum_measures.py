"""How close cuts come to the best there are, with exact efficiencies on Gaussian features."""

from __future__ import annotations

import pandas as pd
import torch

from scripts.gaussian_optimum import GaussianClasses
from scripts.scorecard.results import Measured, NotRun, Results, row_at
from scripts.searches import keeps_minimum, known, tabulate_search
from scripts.yields import expected_yields


def _classes(results: Results, study: str) -> GaussianClasses:
    if results.source_of(study)["kind"] != "gaussian":
        raise NotRun(f"study {study} has no exact optimum in this config")
    return GaussianClasses.of_study(results.studies[study])


def _exact(results: Results, study: str, network: str, target: float | None) -> pd.Series:
    """Return the exact efficiencies of the cuts of one target, or of the only working point."""
    points = _classes(results, study).efficiencies(results.cuts(study, network))
    if target is None and len(points) != 1:
        raise NotRun(f"{network} has not one working point in this config")
    return row_at(points, target)


def optimum_background(results: Results, study: str, efficiency: float, windows: bool) -> Measured:
    """Least background efficiency of cuts at a signal efficiency, one-sided or with windows."""
    return Measured(_classes(results, study).best_cuts(efficiency, windows=windows)[2])


def background_over_optimum(
    results: Results, study: str, network: str, windows: bool, target: float | None = None
) -> Measured:
    """Exact background efficiency of cuts over that of the best ones at the same signal efficiency."""
    at = _exact(results, study, network, target)
    best = _classes(results, study).best_cuts(at["signal_efficiency"], windows=windows)[2]
    return Measured(at["background_efficiency"] / best)


def counted_background_over_optimum(
    results: Results, study: str, network: str, windows: bool, target: float | None = None
) -> Measured:
    """Return the same with the efficiencies of the test sample."""
    at = row_at(results.metrics(study, network), target)
    best = _classes(results, study).best_cuts(at["signal_efficiency"], windows=windows)[2]
    return Measured(at["background_efficiency"] / best, at["background_efficiency_uncertainty"] / best)


def largest_background_over_optimum(
    results: Results, study: str, network: str, windows: bool, between: list[float]
) -> Measured:
    """Largest :func:`background_over_optimum` of all targets in a range."""
    targets = results.cuts(study, network)["target_efficiency"].unique()
    inside = [float(target) for target in targets if between[0] - 1e-9 <= target <= between[1] + 1e-9]
    if not inside:
        raise NotRun(f"{network} has no target between {between[0]} and {between[1]} in this config")
    ratios = [background_over_optimum(results, study, network, windows, target).value for target in inside]
    return Measured(max(ratios))


def exact_target_error(results: Results, study: str, network: str, target: float) -> Measured:
    """Distance of the exact signal efficiency of cuts from their target."""
    return Measured(abs(_exact(results, study, network, target)["signal_efficiency"] - target))


def largest_exact_target_error(results: Results, study: str, network: str) -> Measured:
    """Largest distance of the exact signal efficiency from the target, over all targets."""
    points = _classes(results, study).efficiencies(results.cuts(study, network))
    return Measured(float((points["signal_efficiency"] - points["target_efficiency"]).abs().max()))


def exact_significance(results: Results, study: str, network: str, target: float | None = None) -> Measured:
    """Significance of the search of a study, with the exact efficiencies of cuts."""
    at = _exact(results, study, network, target)
    yields = expected_yields(results.features(study), results.search_of(study))
    efficiencies = torch.tensor(at[["signal_efficiency", "background_efficiency"]].to_numpy(dtype=float))
    return Measured(float(yields.significance(*efficiencies)))


def share_of_best_significance(results: Results, study: str, network: str) -> Measured:
    """Exact significance of cuts over the largest of the points of the one-sided optimum."""
    optimum = results.optimum(study)
    yields = expected_yields(results.features(study), results.search_of(study))
    enough = optimum["signal_efficiency"] * yields.signal >= yields.minimum_signal
    efficiencies = torch.tensor(optimum.loc[enough, ["signal_efficiency", "one_sided"]].to_numpy().T)
    best = float(yields.significance(*efficiencies).max())
    return Measured(exact_significance(results, study, network).value / best)


def significance_over_best_point(results: Results, study: str, network: str, scan: str) -> Measured:
    """Significance of a working point over the largest of a scan's targets that keep the minimum signal.

    With exact efficiencies where they are known, with those of the test sample otherwise.
    """
    search = results.search_of(study)
    tables = (
        tabulate_search(
            results.studies[study],
            results.features(study),
            results.cuts(study, name),
            results.metrics(study, name),
            results.scores(study, name),
        )
        for name in (network, scan)
    )
    own, of_scan = (known(table, "significance")[keeps_minimum(table, search)].max() for table in tables)
    return Measured(float(own / of_scan))


MEASURES = (
    optimum_background,
    background_over_optimum,
    counted_background_over_optimum,
    largest_background_over_optimum,
    exact_target_error,
    largest_exact_target_error,
    exact_significance,
    share_of_best_significance,
    significance_over_best_point,
)
