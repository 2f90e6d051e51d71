"""Sums over events that selections pass, added up block by block: efficiencies follow from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class SelectionSums:
    """What selections pass of some events.

    Parameters
    ----------
    n_selections : int

    Attributes
    ----------
    counts : ndarray of int, shape (n_selections,)
        Passing events.
    weighted, passing_squares, failing_squares : ndarray, shape (n_selections,)
        Sums of the weights of passing events, and of the squares of those that pass and that fail.
    total, squares : float
        Sums of the weights of all events, and of their squares.
    """

    def __init__(self, n_selections: int) -> None:
        self.counts = np.zeros(n_selections, dtype=np.int64)
        self.weighted, self.passing_squares, self.failing_squares = np.zeros((3, n_selections))
        self.total = self.squares = 0.0

    def add(self, weights: NDArray[np.float64], passed: NDArray[np.bool_]) -> None:
        """Add events.

        Parameters
        ----------
        weights : ndarray, shape (n_events,)
        passed : ndarray of bool, shape (n_events, n_selections)
        """
        squares = np.square(weights)
        self.counts += passed.sum(axis=0)
        self.weighted += weights @ passed
        self.passing_squares += squares @ passed
        self.failing_squares += squares @ ~passed
        self.total += float(weights.sum())
        self.squares += float(squares.sum())


def stacked(
    samples: Sequence[SelectionSums], n_selections: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the arguments of :func:`cabin_core.metrics.weighted_efficiencies` for samples, if any."""
    weighted, passing, failing = np.reshape(
        [(one.weighted, one.passing_squares, one.failing_squares) for one in samples], (-1, 3, n_selections)
    ).transpose(1, 0, 2)
    return weighted, np.array([one.total for one in samples]), passing, failing
