"""Samples of the core from feature tables in memory."""

from __future__ import annotations

import pandas as pd
import torch

from cabin_core import EventSample, FeatureScaling
from cabin_core.weight_unit import weight_unit

from ..counting_experiment import CountingExperiment
from ..data.feature_table import equal_weights
from ..data.yields import expected_weights, with_yields_of

DTYPES = {"float32": torch.float32, "float64": torch.float64}


def make_sample(
    table: pd.DataFrame,
    scaling: FeatureScaling,
    split: str,
    dtype: torch.dtype,
    *,
    equal_class_weights: bool = False,
    experiment: CountingExperiment | None = None,
    exact_unit: bool = False,
) -> EventSample:
    """Return the training or test events of a feature table, scaled.

    Parameters
    ----------
    table : DataFrame
        A feature table.
    scaling : FeatureScaling
    split : str
        ``train`` or ``test``.
    dtype : torch.dtype
        Floating type of features and weights.
    equal_class_weights : bool
        Whether to give both classes the same weight, see :func:`scripts.data.feature_table.equal_weights`.
        Only the binary cross-entropy in the loss depends on the ratio of the classes.
    experiment : CountingExperiment, optional
        If given, the weights are its expected yields.
    exact_unit : bool
        Whether other weights are in units of their mean absolute value, see
        :func:`cabin_core.weight_unit.weight_unit`.

    Returns
    -------
    EventSample
    """
    events = table[table["split"] == split]
    values = torch.from_numpy(events[list(scaling.features)].to_numpy(dtype="float64", copy=True))
    weights = events["weight"]
    if experiment is not None:
        weights = pd.Series(expected_weights(events, with_yields_of(table, experiment)), index=events.index)
    elif equal_class_weights:
        weights = equal_weights(events)
    else:
        weights = weights / weight_unit(float(weights.abs().sum()), len(weights), exact=exact_unit)
    return EventSample.from_arrays(
        scaling.scale(values),
        torch.from_numpy(events["label"].to_numpy(copy=True)),
        torch.from_numpy(weights.to_numpy(copy=True)),
        dtype,
    )
