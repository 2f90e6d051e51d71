"""Measures of cuts and a network trained together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.scorecard.results import Measured, NotRun, Results


def largest_joint_deficit(results: Results, study: str, quantity: str) -> Measured:
    """Largest deficit, over kept fractions, of training together against cuts first, then network.

    The difference of the means over the seeds, in units of the spread of the seeds (of both in quadrature,
    over the square root of two).
    """
    scan = _seeds_of(results, study)
    return Measured(float(_deficits(scan, quantity).max()))


def kept_background_percent(results: Results, study: str, network: str) -> Measured:
    """Fraction of the test background that a preselection keeps [%]."""
    (row,) = results.metrics(study, network).to_dict("records")
    return Measured(100 * row["background_efficiency"], 100 * row["background_efficiency_uncertainty"])


def mean_joint_difference(results: Results, study: str, quantity: str) -> Measured:
    """Trained together minus cuts first, mean over kept fractions and seeds.

    A seed is the same split of the events for both, so its error is that of the pairs.
    """
    scan = _seeds_of(results, study)
    means = scan.groupby(["strategy", "seed"])[quantity].mean()
    pairs = means["together"] - means["cuts first"]
    return Measured(float(pairs.mean()), float(pairs.std() / np.sqrt(len(pairs))))


def _seeds_of(results: Results, study: str) -> pd.DataFrame:
    scan = results.kept_fractions(study)
    if scan["seed"].nunique() < 2:
        raise NotRun(f"study {study} has one seed of kept fractions, which has no spread")
    return scan


def _deficits(scan: pd.DataFrame, quantity: str) -> pd.Series:
    grouped = scan.groupby(["strategy", "fraction"])[quantity]
    means, variances = grouped.mean(), grouped.var()
    spread = np.sqrt((variances["together"] + variances["cuts first"]) / 2)
    deficits: pd.Series = (means["cuts first"] - means["together"]) / spread
    return deficits


MEASURES = (largest_joint_deficit, mean_joint_difference, kept_background_percent)
