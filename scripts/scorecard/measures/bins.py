"""Measures that compare cuts that follow a property with the best cuts of a toy in every bin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from ..results import Has, Measured, NotRun, Results

if TYPE_CHECKING:
    import pandas as pd

Cuts = Annotated[str, Has({"cuts"})]


def cut_distance(results: Results, study: str, network: Cuts) -> Measured:
    """Root mean square distance of the cuts to the best ones, for the sample of the study [signal widths]."""
    from ...sources.property_optimum import compare_bins

    table = compare_bins(
        results.cuts(study, network),
        results.analysis(study, "bin_optimum"),
        results.study(study),
        results.features(study),
    )
    return Measured(float(np.sqrt((table["distance"] ** 2).mean())))


def cut_distance_ratio(results: Results, study: str, network: Cuts, other: Cuts) -> Measured:
    """Mean distance of a network divided by that of another, with the uncertainty from pairs of samples."""
    first, second = _distances(results, study, network), _distances(results, study, other)
    ratio = first.mean() / second.mean()
    spread = (first - ratio * second).std() / np.sqrt(len(first)) / second.mean()
    return Measured(float(ratio), float(spread))


def bin_pull_rms(results: Results, study: str, network: Cuts) -> Measured:
    """Root mean square, over samples, bins and targets, of the pull of the signal efficiency.

    The pull is the distance of the exact efficiency in a bin from the target, divided by the binomial
    uncertainty from the training signal in that bin.
    """
    pulls = _repeats(results, study, network)["pull"]
    return Measured(float(np.sqrt((pulls**2).mean())))


def mean_bin_pull(results: Results, study: str, network: Cuts) -> Measured:
    """Mean pull of the signal efficiency over samples, bins and targets; uncertainty from the samples."""
    of_seeds = _repeats(results, study, network).groupby("seed")["pull"].mean()
    return Measured(float(of_seeds.mean()), float(of_seeds.std() / np.sqrt(len(of_seeds))))


def largest_bin_pull(results: Results, study: str, network: Cuts) -> Measured:
    """Largest pull of the signal efficiency over samples, bins and targets."""
    return Measured(float(_repeats(results, study, network)["pull"].abs().max()))


def background_difference(results: Results, study: str, network: Cuts, other: Cuts) -> Measured:
    """Mean ratio of background to the best one, over samples, bins and targets, minus another network's.

    Both networks use the same samples, so the uncertainty is that of pairs.
    """
    first, second = (
        _repeats(results, study, name).groupby("seed")["over_optimum"].mean() for name in (network, other)
    )
    difference = first - second
    return Measured(float(difference.mean()), float(difference.std() / np.sqrt(len(difference))))


def _repeats(results: Results, study: str, network: str) -> pd.DataFrame:
    table = results.analysis(study, "repeats")
    rows = table[table["network"] == network]
    if rows.empty:
        raise NotRun(f"{network} is not repeated in this config")
    return rows


def _distances(results: Results, study: str, network: str) -> pd.Series:
    """Return the root mean square distance of each sample, by seed."""
    rows = _repeats(results, study, network)
    squares: pd.Series = (rows["distance"] ** 2).groupby(rows["seed"]).mean()
    return np.sqrt(squares)
