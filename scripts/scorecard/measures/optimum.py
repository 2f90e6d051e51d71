"""Comparison of cuts with the best ones, by exact efficiencies if the distributions are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ..results import Has, Measured, NotRun, Results, row_at

if TYPE_CHECKING:
    import pandas as pd

    from ...sources.gaussian_optimum import GaussianClasses

Cuts = Annotated[str, Has({"cuts", "one_bin"})]


def optimum_background(results: Results, study: str, efficiency: float, windows: bool) -> Measured:
    """Least background efficiency of cuts at a signal efficiency, one-sided or with windows."""
    return Measured(_classes(results, study).best_cuts(efficiency, windows=windows)[2])


def background_over_optimum(
    results: Results, study: str, network: Cuts, windows: bool, target: float | None = None
) -> Measured:
    """Exact background efficiency of cuts divided by that of the best cuts at the same signal efficiency."""
    at = _exact(results, study, network, target)
    best = _classes(results, study).best_cuts(at["signal_efficiency"], windows=windows)[2]
    return Measured(at["background_efficiency"] / best)


def counted_background_over_optimum(
    results: Results, study: str, network: Cuts, windows: bool, target: float | None = None
) -> Measured:
    """Background of cuts divided by that of the best cuts, from the efficiencies of the test sample."""
    at = row_at(results.metrics(study, network), target)
    best = _classes(results, study).best_cuts(at["signal_efficiency"], windows=windows)[2]
    return Measured(at["background_efficiency"] / best, at["background_efficiency_uncertainty"] / best)


def exact_target_error(results: Results, study: str, network: Cuts, target: float) -> Measured:
    """Distance of the exact signal efficiency of cuts from their target."""
    return Measured(abs(_exact(results, study, network, target)["signal_efficiency"] - target))


def optimum_significance(results: Results, study: str) -> Measured:
    """Largest significance of the points of the one-sided optimum that keep the minimum signal."""
    import torch

    from ...data.yields import expected_yields

    optimum = results.analysis(study, "optimum")
    yields = expected_yields(results.features(study), results.experiment(study))
    enough = optimum["signal_efficiency"] * yields.signal >= yields.minimum_signal
    efficiencies = torch.tensor(optimum.loc[enough, ["signal_efficiency", "one_sided"]].to_numpy().T)
    return Measured(float(yields.significance(*efficiencies).max()))


def _classes(results: Results, study: str) -> GaussianClasses:
    from ...sources.gaussian_optimum import GaussianClasses

    if "optimum" not in results.study(study).source.has:
        raise NotRun(f"study {study} has no exact optimum in this config")
    return GaussianClasses.from_study(results.study(study))


def _exact(results: Results, study: str, network: str, target: float | None) -> pd.Series:
    """Return the exact efficiencies of the cuts of one target, or of the only working point."""
    points = _classes(results, study).efficiencies(results.cuts(study, network))
    if target is None and len(points) != 1:
        raise NotRun(f"{network} has not one working point in this config")
    return row_at(points, target)
