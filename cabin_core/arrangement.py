"""Events arranged for sums over cuts: each feature in one piece, events of a class and bin side by side."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

#: Largest number of events that are summed or arranged at once. Sums of such pieces are added in their order,
#: so the result does not depend on the number of threads.
PIECE = 16_384


@dataclass(frozen=True)
class Part:
    """Neighbouring events of one class and bin: the first, the one after the last, and what they are."""

    start: int
    stop: int
    of_signal: bool
    bin: int

    def pieces(self) -> Iterator[slice]:
        """Yield the events in pieces."""
        for start in range(self.start, self.stop, PIECE):
            yield slice(start, min(start + PIECE, self.stop))


@dataclass(frozen=True)
class ArrangedEvents:
    """Events of a sample, ordered by class and bin.

    Parameters
    ----------
    features : array, shape (n_features, n_events)
    weights : array, shape (n_events,)
    parts : tuple of Part
        Those with events.
    class_weights : array, shape (2, n_bins)
        Sums of weights, of signal and background.

    Attributes
    ----------
    pieces : list
        Views of the pieces as :mod:`cabin_core.cut_sums` sums them, made by the first sum.
    """

    features: NDArray[Any]
    weights: NDArray[Any]
    parts: tuple[Part, ...]
    class_weights: NDArray[np.float64]
    pieces: list[Any] = field(default_factory=list, init=False, repr=False, compare=False)

    @classmethod
    def of(
        cls, features: Tensor, is_signal: Tensor, weights: Tensor, bins: Tensor | None, n_bins: int
    ) -> ArrangedEvents:
        """Arrange events.

        Parameters
        ----------
        features : Tensor, shape (n_events, n_features)
        is_signal : Tensor of bool, shape (n_events,)
        weights : Tensor, shape (n_events,)
        bins : Tensor of int, shape (n_events,), optional
        n_bins : int
        """
        rows, all_weights, signal = features.numpy(), weights.numpy(), is_signal.numpy()
        blocks = [slice(start, start + PIECE) for start in range(0, len(rows), PIECE)]

        def places_of(block: slice) -> NDArray[np.intp]:
            of_class = np.where(signal[block], 0, n_bins)
            return of_class if bins is None else of_class + bins.numpy()[block]

        # Block by block: a place or an order of all events would need as much memory as features.
        counts = [np.bincount(places_of(block), minlength=2 * n_bins) for block in blocks]
        edges = np.concatenate([[0], np.cumsum(sum(counts, start=np.zeros(2 * n_bins, np.intp)))])
        arranged = np.empty(rows.shape[::-1], rows.dtype)
        sorted_weights = np.empty_like(all_weights)
        filled = edges[:-1].copy()
        for block, sizes in zip(blocks, counts, strict=True):
            order = np.argsort(places_of(block), kind="stable")
            columns, ordered_weights = rows[block][order].T, all_weights[block][order]
            first = 0
            for number in np.flatnonzero(sizes):
                source = slice(first, first + sizes[number])
                target = slice(filled[number], filled[number] + sizes[number])
                arranged[:, target] = columns[:, source]
                sorted_weights[target] = ordered_weights[source]
                first, filled[number] = source.stop, target.stop
        bounds = [(int(start), int(stop)) for start, stop in itertools.pairwise(edges)]
        return cls(
            arranged,
            sorted_weights,
            tuple(
                Part(start, stop, number < n_bins, number % n_bins)
                for number, (start, stop) in enumerate(bounds)
                if stop > start
            ),
            np.array([sorted_weights[start:stop].sum(dtype=np.float64) for start, stop in bounds]).reshape(
                2, n_bins
            ),
        )
