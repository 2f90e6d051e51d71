"""Events arranged for sums over cuts: each feature in one piece, events of a class and bin side by side."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

if TYPE_CHECKING:
    from .kernel_rows import Rooms

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
    weight_unit : float
        Unit of ``weights``, a power of two near the largest, so that sums of any weights are normal numbers.
    """

    features: NDArray[Any]
    weights: NDArray[Any]
    parts: tuple[Part, ...]
    class_weights: NDArray[np.float64]
    weight_unit: float = 1.0

    @cached_property
    def rooms(self) -> Rooms:
        """Memory for sums over the same events again, made when it is asked for."""
        from .kernel_rows import Rooms

        return Rooms()

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
        of_classes = [sorted_weights[start:stop].sum(dtype=np.float64) for start, stop in bounds]
        unit = _unit_of(sorted_weights)
        sorted_weights /= sorted_weights.dtype.type(unit)
        return cls(
            arranged,
            sorted_weights,
            tuple(
                Part(start, stop, number < n_bins, number % n_bins)
                for number, (start, stop) in enumerate(bounds)
                if stop > start
            ),
            np.array(of_classes).reshape(2, n_bins),
            unit,
        )


def _unit_of(weights: NDArray[Any]) -> float:
    """Return the power of two at or below the largest absolute weight; 1 where there is none."""
    largest = max(float(weights.max(initial=0)), -float(weights.min(initial=0)))
    return 2.0 ** math.floor(math.log2(largest)) if 0 < largest < math.inf else 1.0
