"""Measures of the events of a study before any training."""

from __future__ import annotations

import numpy as np

from ...study import RESERVED_COLUMNS
from ..results import Measured, Results


def events(results: Results, study: str, label: int | None = None, split: str | None = None) -> Measured:
    """Number of events of a study, of one class if a label is given, of one sample if a split is given."""
    table = results.features(study)
    chosen = np.ones(len(table), dtype=bool)
    for column, value in (("label", label), ("split", split)):
        if value is not None:
            chosen &= (table[column] == value).to_numpy()
    return Measured(int(chosen.sum()))


def feature_count(results: Results, study: str) -> Measured:
    """Number of features of a study."""
    return Measured(len(results.features(study).columns.difference(RESERVED_COLUMNS)))


def largest_correlation(results: Results, study: str) -> Measured:
    """Largest absolute correlation between two features within a class."""
    table = results.features(study)
    names = list(table.columns.difference(RESERVED_COLUMNS))
    largest = 0.0
    for _, of_class in table.groupby("label"):
        correlations = of_class[names].corr().abs().to_numpy()
        largest = max(largest, float(correlations[~np.eye(len(names), dtype=bool)].max()))
    return Measured(largest)
