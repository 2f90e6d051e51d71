"""How cuts that follow a property compare with the best ones of a toy, which are known in every bin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from ..results import Has, Measured, NotRun, Results

if TYPE_CHECKING:
    import pandas as pd

Cuts = Annotated[str, Has({"cuts"})]


def cut_distance(results: Results, study: str, network: Cuts) -> Measured:
    """Root mean square distance of the cuts of the study's own sample to the best ones [signal widths]."""
    from ...sources.property_optimum import compare_bins

    table = compare_bins(
        results.cuts(study, network),
        results.analysis(study, "bin_optimum"),
        results.study(study),
        results.features(study),
    )
    return Measured(float(np.sqrt((table["distance"] ** 2).mean())))


def cut_distance_ratio(results: Results, study: str, network: Cuts, other: Cuts) -> Measured:
    """Mean distance of a network over that of another on the same samples, with the error of pairs."""
    first, second = _distances(results, study, network), _distances(results, study, other)
    ratio = first.mean() / second.mean()
    spread = (first - ratio * second).std() / np.sqrt(len(first)) / second.mean()
    return Measured(float(ratio), float(spread))


def bin_pull_rms(results: Results, study: str, network: Cuts) -> Measured:
    """Root mean square, over samples, bins and targets, of the pull of the signal efficiency.

    The distance of the exact efficiency in a bin from the target, over the binomial uncertainty of the
    training signal in that bin.
    """
    pulls = _repeats(results, study, network)["pull"]
    return Measured(float(np.sqrt((pulls**2).mean())))


def mean_bin_pull(results: Results, study: str, network: Cuts) -> Measured:
    """Mean, over samples, bins and targets, of the pull of the signal efficiency; its error over samples."""
    of_seeds = _repeats(results, study, network).groupby("seed")["pull"].mean()
    return Measured(float(of_seeds.mean()), float(of_seeds.std() / np.sqrt(len(of_seeds))))


def largest_bin_pull(results: Results, study: str, network: Cuts) -> Measured:
    """Largest pull, over samples, bins and targets, of the signal efficiency."""
    return Measured(float(_repeats(results, study, network)["pull"].abs().max()))


def background_difference(results: Results, study: str, network: Cuts, other: Cuts) -> Measured:
    """Background over the best one, mean over samples, bins and targets, minus that of another network.

    Both see the same samples, so the error is that of the pairs.
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
