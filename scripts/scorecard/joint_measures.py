"""Measures of cuts and a network trained together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.scorecard.results import Measured, Results


def largest_joint_deficit(results: Results, study: str, quantity: str) -> Measured:
    """Largest deficit, over kept fractions, of training together against cuts first, then network.

    The difference of the means over the seeds, in units of the spread of the seeds (of both in quadrature,
    over the square root of two).
    """
    scan = results.kept_fractions(study)
    return Measured(float(_deficits(scan, quantity).max()))


def kept_background_percent(results: Results, study: str, network: str) -> Measured:
    """Fraction of the test background that a preselection keeps [%]."""
    (row,) = results.metrics(study, network).to_dict("records")
    return Measured(100 * row["background_efficiency"], 100 * row["background_efficiency_uncertainty"])


def _deficits(scan: pd.DataFrame, quantity: str) -> pd.Series:
    grouped = scan.groupby(["strategy", "fraction"])[quantity]
    means, variances = grouped.mean(), grouped.var()
    spread = np.sqrt((variances["together"] + variances["cuts first"]) / 2)
    sign = -1.0 if quantity == "cross_entropy" else 1.0
    deficits: pd.Series = sign * (means["cuts first"] - means["together"]) / spread
    return deficits


MEASURES = (largest_joint_deficit, kept_background_percent)
