"""Weights of the events of a sample, joined from those of its files."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .feature_table import weights_not_positive

log = logging.getLogger("cabin.merge_features")


@dataclass(frozen=True)
class SampleWeights:
    """Weights of a sample in units of the mean absolute weight of all events in its files.

    Parameters
    ----------
    events : array, shape (n_events,)
        Of each selected event.
    sums, squares : Series
        Sums of the weights and of their squares over the events left after each step of the preselection.
    """

    events: NDArray[np.float64]
    sums: pd.Series
    squares: pd.Series


def join_weights(
    name: str, parts: Sequence[pd.DataFrame], flows: Sequence[pd.DataFrame], files: Sequence[str]
) -> SampleWeights | None:
    """Return the weights of a sample; None if the files have none, or all weights are the same.

    A generator writes the cross-section into the weights, so without a luminosity only their ratios count.

    Parameters
    ----------
    name : str
        ``signal`` or ``background``.
    parts, flows : sequence of DataFrame
        Output of :mod:`scripts.read_delphes` for each file.
    files : sequence of str
        The ROOT files, for messages.

    Raises
    ------
    ValueError
        If some files have weights and others not, unless all weights are 1, or no weight is positive.
    """
    having = [flow for flow in flows if "weighted" in flow]
    lowest = min((flow["lowest"].iloc[0] for flow in having), default=1.0)
    highest = max((flow["highest"].iloc[0] for flow in having), default=1.0)
    if lowest == highest == 1:
        return None
    for flow, file in zip(flows, files, strict=True):
        if "weighted" not in flow and flow["events"].iloc[0]:
            raise ValueError(
                f"{file}: no branch Event.Weight, which other {name} files have, from {lowest:g} to "
                f"{highest:g}: give all files of a sample weights, or none"
            )
    if lowest == highest:
        if not lowest > 0:
            total = lowest * sum(int(flow["events"].iloc[0]) for flow in having)
            raise ValueError(weights_not_positive(f"the {name} events in the files", total))
        log.info("%s: all weights are %g, so each event counts as 1", name, lowest)
        return None
    totals = having[0][["events", "weighted", "squared", "absolute"]].copy()
    for flow in having[1:]:
        totals += flow[totals.columns]
    unit = totals["absolute"].iloc[0] / totals["events"].iloc[0]
    zeros = pd.Series([0.0])  # of a file without events
    weights = [
        part["weight"] if "weight" in part else np.full(len(part), flow.get("lowest", zeros).iloc[0])
        for part, flow in zip(parts, flows, strict=True)
    ]
    scaled = SampleWeights(
        np.concatenate(weights) / unit, totals["weighted"] / unit, totals["squared"] / unit**2
    )
    log.info(
        "%s: weights of Event.Weight from %g to %g, in units of %g, their mean absolute value: %d events "
        "count as %.6g, of %d selected ones %d have a negative weight",
        *(name, lowest, highest, unit, totals["events"].iloc[0], scaled.sums.iloc[0]),
        *(len(scaled.events), int((scaled.events < 0).sum())),
    )
    return scaled


def sums_of(counts: pd.Series, weights: SampleWeights | None) -> tuple[pd.Series, pd.Series]:
    """Return the sum of weights after each step and its uncertainty; every event counts as 1 without them."""
    if weights is None:
        return counts, np.sqrt(counts)
    return weights.sums, np.sqrt(weights.squares)
