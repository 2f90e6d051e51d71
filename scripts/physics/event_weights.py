"""Weights of the events of a Delphes file, and their sums after each step of the preselection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .delphes import Chunk

#: Of next-to-leading order it has a sign, and of some generators the cross-section as a factor.
WEIGHT_BRANCH = "Event.Weight"


def weights_of(chunk: Chunk, path: Path | str) -> NDArray[np.float64] | None:
    """Return the weight of each event, the first where there are several; None without the branch.

    Raises
    ------
    ValueError
        If an event has none.
    """
    if "Event" not in chunk.collections:
        return None
    events = chunk["Event"]
    n_without = int((np.diff(events.bounds) == 0).sum())
    if n_without:
        raise ValueError(
            f"{path}: {n_without} events have no {WEIGHT_BRANCH}: is this the output of Delphes?"
        )
    weights: NDArray[np.float64] = events["Weight"][events.bounds[:-1]].astype(np.float64)
    return weights


@dataclass
class WeightSums:
    """Sums over the events left after a step; those of two parts of a file can be added.

    Parameters
    ----------
    weighted, squared, absolute : float
        Sums of the weights, of their squares and of their absolute values.
    lowest, highest : float
        The extreme weights.
    """

    weighted: float = 0.0
    squared: float = 0.0
    absolute: float = 0.0
    lowest: float = np.inf
    highest: float = -np.inf

    @classmethod
    def of(cls, weights: NDArray[np.float64]) -> WeightSums:
        """Return the sums over events."""
        if not len(weights):
            return cls()
        return cls(
            float(weights.sum()),
            float(np.square(weights).sum()),
            float(np.abs(weights).sum()),
            float(weights.min()),
            float(weights.max()),
        )

    def __add__(self, other: WeightSums) -> WeightSums:
        return WeightSums(
            self.weighted + other.weighted,
            self.squared + other.squared,
            self.absolute + other.absolute,
            min(self.lowest, other.lowest),
            max(self.highest, other.highest),
        )

    @property
    def differ(self) -> bool:
        """Whether not all weights are the same."""
        return self.lowest < self.highest


def sums_after_steps(
    weights: NDArray[np.float64], left: Mapping[str, NDArray[np.intp]]
) -> dict[str, WeightSums]:
    """Return the sums of weights by step, of the positions of the events left after each."""
    return {step: WeightSums.of(weights[positions]) for step, positions in left.items()}
