"""Sums over the events of a sample that selections pass, and the same sums of resampled events."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cabin_core.metrics import effective_events, weighted_efficiencies

from .selection_sums import PassedSquares

#: Events of larger samples are resampled in so many groups, to which they are dealt at random.
MOST_GROUPS = 2**14
#: Samples that are drawn at a time, so that their counts take a few megabytes.
AT_A_TIME = 32


class SampleSums(PassedSquares):
    """What selections pass of the events of one class in one sample.

    Parameters
    ----------
    n_events, n_selections : int
    random : Generator
        Deals the events to groups, and draws the samples.
    """

    def __init__(self, n_events: int, n_selections: int, random: np.random.Generator) -> None:
        super().__init__(n_selections)
        self._n_events, self._random, self._seen = n_events, random, 0
        # The last column is the sum of all weights.
        self._groups = np.zeros((min(n_events, MOST_GROUPS), n_selections + 1))

    def add(self, weights: NDArray[np.float64], passed: NDArray[np.bool_]) -> None:
        """Add events, as :meth:`PassedSquares.add` takes them."""
        super().add(weights, passed)
        n_groups = len(self._groups)
        if self._n_events <= MOST_GROUPS:
            rows = slice(self._seen, self._seen + len(weights))
            self._groups[rows, :-1] = weights[:, None] * passed
            self._groups[rows, -1] = weights
        else:
            groups = self._random.integers(n_groups, size=len(weights))
            self._groups[:, -1] += np.bincount(groups, weights, n_groups)
            for number, chosen in enumerate(passed.T):
                self._groups[:, number] += np.bincount(groups[chosen], weights[chosen], n_groups)
        self._seen += len(weights)

    @property
    def total(self) -> float:
        """Sum of all weights."""
        return float(self._groups[:, -1].sum())

    @property
    def effective_events(self) -> float:
        """Number of events of equal weights with the same relative uncertainty; NaN without events."""
        squares = self.passing_squares + self.failing_squares
        some = len(squares) and squares[0] > 0
        return float(effective_events(self.total, squares[0])) if some else math.nan

    @property
    def passing_share(self) -> NDArray[np.float64]:
        """Of the sum of squares of the weights, the share of passing events, shape (n_selections,)."""
        squares = self.passing_squares + self.failing_squares
        return self.passing_squares / np.where(squares > 0, squares, np.nan)

    def efficiencies(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the efficiencies and their uncertainties, see :func:`cabin_core.metrics`."""
        found, uncertainties = weighted_efficiencies(
            self._groups[:, :-1].sum(axis=0)[None],
            np.array([self.total]),
            self.passing_squares[None],
            self.failing_squares[None],
        )
        return found[0], uncertainties[0]

    def resampled(self, n_samples: int) -> NDArray[np.float64]:
        """Return the efficiencies in samples that have each event a Poisson number of times, 1 on average.

        Returns
        -------
        ndarray, shape (n_samples, n_selections)
            All selections see the same samples. NaN where the weights of a sample have no positive sum.
        """
        parts = []
        for first in range(0, n_samples, AT_A_TIME):
            size = (min(AT_A_TIME, n_samples - first), len(self._groups))
            sums = self._random.poisson(1.0, size).astype(np.float64) @ self._groups
            parts.append(sums[:, :-1] / np.where(sums[:, -1:] > 0, sums[:, -1:], np.nan))
        return np.concatenate(parts)
