"""Sums over events that selections pass, added up block by block: efficiencies follow from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class PassedSquares:
    """Numbers and squared weights of the events that selections pass and fail.

    Parameters
    ----------
    n_selections : int

    Attributes
    ----------
    counts : ndarray of int, shape (n_selections,)
        Passing events.
    passing_squares, failing_squares : ndarray, shape (n_selections,)
        Sums of the squares of the weights of events that pass and that fail.
    """

    def __init__(self, n_selections: int) -> None:
        self.counts = np.zeros(n_selections, dtype=np.int64)
        self.passing_squares, self.failing_squares = np.zeros((2, n_selections))

    def add(self, weights: NDArray[np.float64], passed: NDArray[np.bool_]) -> None:
        """Add events.

        Parameters
        ----------
        weights : ndarray, shape (n_events,)
        passed : ndarray of bool, shape (n_events, n_selections)
        """
        squares = np.square(weights)
        self.counts += passed.sum(axis=0)
        self.passing_squares += squares @ passed
        self.failing_squares += squares @ ~passed


class SelectionSums(PassedSquares):
    """What selections pass of some events.

    Attributes
    ----------
    weighted : ndarray, shape (n_selections,)
        Sums of the weights of passing events.
    total, squares : float
        Sums of the weights of all events, and of their squares.
    """

    def __init__(self, n_selections: int) -> None:
        super().__init__(n_selections)
        self.weighted = np.zeros(n_selections)
        self.total = self.squares = 0.0

    def add(self, weights: NDArray[np.float64], passed: NDArray[np.bool_]) -> None:
        """Add events, as :meth:`PassedSquares.add` takes them."""
        super().add(weights, passed)
        self.weighted += weights @ passed
        self.total += float(weights.sum())
        self.squares += float(np.square(weights).sum())


def stacked(
    samples: Sequence[SelectionSums], n_selections: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the arguments of :func:`cabin_core.metrics.weighted_efficiencies` for samples, if any."""
    weighted, passing, failing = np.reshape(
        [(one.weighted, one.passing_squares, one.failing_squares) for one in samples], (-1, 3, n_selections)
    ).transpose(1, 0, 2)
    return weighted, np.array([one.total for one in samples]), passing, failing
