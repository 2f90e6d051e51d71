"""Comparison of training cuts and network together with training cuts first, by kept fraction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..results import Measured, NotRun, Results

if TYPE_CHECKING:
    import pandas as pd


def largest_joint_deficit(results: Results, study: str, quantity: str) -> Measured:
    """Largest deficit of training together compared with cuts first, over kept fractions.

    It is the difference of the means over the seeds, in units of the spread of the seeds (the root mean
    square of both spreads).
    """
    grouped = _seeds_of(results, study).groupby(["strategy", "fraction"])[quantity]
    means, variances = grouped.mean(), grouped.var()
    spread = np.sqrt((variances["together"] + variances["cuts first"]) / 2)
    return Measured(float(((means["cuts first"] - means["together"]) / spread).max()))


def mean_joint_difference(results: Results, study: str, quantity: str) -> Measured:
    """Mean difference of training together minus cuts first, over kept fractions and seeds.

    A seed is the same split of the events for both, so the uncertainty is that of pairs.
    """
    means = _seeds_of(results, study).groupby(["strategy", "seed"])[quantity].mean()
    pairs = means["together"] - means["cuts first"]
    return Measured(float(pairs.mean()), float(pairs.std() / np.sqrt(len(pairs))))


def _seeds_of(results: Results, study: str) -> pd.DataFrame:
    scan = results.analysis(study, "kept_fractions")
    if scan["seed"].nunique() < 2:
        raise NotRun(f"study {study} has one seed of kept fractions, which has no spread")
    return scan
