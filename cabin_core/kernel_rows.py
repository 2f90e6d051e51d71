"""Rows of cuts as the kernel takes them, and the sums over pieces of a sample for them."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compilation import exact
from .kernel import BEHIND, CACHE, LARGEST_BLOCK, SMALLEST_BLOCK, add_events
from .kernel_numbers import numbers_of

Array = NDArray[Any]

#: Most memory of the exponentials that a sample keeps for its next sum [bytes]. With more events memory
#: matters more than the time that it saves, a fifth to a third.
KEPT_MEMORY = 2**24
#: Bytes of a line of the cache.
LINE = 64


@dataclass(frozen=True)
class Edges:
    """The edges of all rows of cuts.

    Parameters
    ----------
    features : array of int, shape (n_edges,)
        Feature of each edge.
    weights : array, shape (n_edges,)
    sharpness : float
    """

    features: NDArray[np.intp]
    weights: NDArray[Any]
    sharpness: float

    @cached_property
    def key(self) -> tuple[bytes, bytes, float]:
        """What tells edges apart."""
        return self.features.tobytes(), self.weights.tobytes(), self.sharpness


@dataclass(frozen=True)
class RowGroups:
    """Rows of cuts that share exponentials of events.

    Parameters
    ----------
    first_rows : array of int, shape (n_groups + 1,)
        First row of each group; at the end the number of rows.
    shifts : array, shape (n_groups, n_edges)
        Bias in the exponentials of a group.
    factors : array, shape (n_rows, n_padded)
        Factor of a row in the odds, padded with zeros to an even number of edges.
    """

    first_rows: NDArray[np.intp]
    shifts: NDArray[Any]
    factors: NDArray[Any]

    def memory(self, n_events: int) -> int:
        """Return the memory that the exponentials of events take [bytes]."""
        n_groups, n_padded = len(self.shifts), self.factors.shape[1]
        return int(n_groups * (n_padded + BEHIND) * n_events * self.factors.dtype.itemsize)

    @classmethod
    def of(cls, bias: NDArray[Any], sharpness: float) -> RowGroups:
        """Group neighbouring rows so that no exponent of a row is too far from zero.

        The shifts lie on a coarse grid. So they, and the exponentials of the events, stay the same over many
        steps of a training.

        Parameters
        ----------
        bias : array, shape (n_rows, n_edges)
        sharpness : float
        """
        reach = float(numbers_of(bias.dtype, of_signal=True).reach)  # of both classes
        return cls(*_group(bias, sharpness, reach / sharpness))


@exact
def _group(bias: Array, sharpness: float, reach: float) -> tuple[Array, Array, Array]:
    n_rows, n_edges = bias.shape
    step = reach / 4
    widest = 2 * reach - step  # the grid takes up to half a step at each end
    first_rows, shifts = np.zeros(n_rows + 1, np.intp), np.empty_like(bias)
    factors = np.zeros((n_rows, n_edges + n_edges % 2), bias.dtype)
    low, high = bias[0].astype(np.float64), bias[0].astype(np.float64)
    n_groups, first = 0, 0
    for row in range(1, n_rows + 1):
        together = row < n_rows
        if together:
            for f in range(n_edges):
                reaches = max(high[f], bias[row, f]) - min(low[f], bias[row, f])
                together = together and reaches <= widest
        if together:
            for f in range(n_edges):
                low[f], high[f] = min(low[f], bias[row, f]), max(high[f], bias[row, f])
            continue
        for f in range(n_edges):
            middle = (low[f] + high[f]) / 2
            shifts[n_groups, f] = np.rint(middle / step) * step
            if not abs(shifts[n_groups, f] - middle) <= step:  # too large for the grid
                shifts[n_groups, f] = middle
            shift = np.float64(shifts[n_groups, f])
            for member in range(first, row):
                factors[member, f] = np.exp(-sharpness * (bias[member, f] - shift))
        n_groups, first = n_groups + 1, row
        first_rows[n_groups] = row
        if row < n_rows:
            low[:], high[:] = bias[row], bias[row]
    return first_rows[: n_groups + 1], shifts[:n_groups], factors


def _room(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return an array that begins with a line of the cache, which makes its vectors quick to move."""
    size = math.prod(shape) * dtype.itemsize
    room = np.empty(size + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    return room[start : start + size].view(dtype).reshape(shape)


class Room:
    """Memory for the sums over a piece of a sample, with its exponentials if they are kept.

    Parameters
    ----------
    keep : bool
        Whether to keep the exponentials of all events until the shifts of the rows change, which take
        :meth:`RowGroups.memory`.
    """

    def __init__(self, *, keep: bool) -> None:
        self._keep = keep
        self._sizes: tuple[int, ...] = ()
        self._filled_for: tuple[Any, ...] | None = None
        self._odds = self._products = self._work = np.empty(0)

    def take(self, edges: Edges, rows: RowGroups, n_events: int) -> tuple[bool, Array, Array, Array]:
        """Return whether exponentials must be computed, and arrays of exponentials, products and others.

        Parameters
        ----------
        edges : Edges
        rows : RowGroups
        n_events : int
        """
        dtype, n_padded, n_edges = rows.factors.dtype, rows.factors.shape[1], len(edges.features)
        block = min(LARGEST_BLOCK, max(SMALLEST_BLOCK, CACHE // (2 * n_edges * dtype.itemsize) // 16 * 16))
        n_groups, width = (len(rows.shifts), max(n_events, block)) if self._keep else (1, block)
        if self._keep:
            # No power of two: rows of such a width would share a few lines of the cache.
            width = width // 16 * 16 + 48
        sizes = (n_groups, n_padded, width, block, dtype.num)
        if sizes != self._sizes:
            self._filled_for = None
            self._odds = _room((n_groups, n_padded + BEHIND, width), dtype)
            self._products = _room((n_padded + 1, block), dtype)
            self._work = _room((3, block), dtype)
            self._sizes = sizes
        fill = not self._keep or self._filled_for != (edges.key, rows.shifts.tobytes())
        if fill:
            self._filled_for = None  # until they are there: a sum can be interrupted
        return fill, self._odds, self._products, self._work

    def filled(self, edges: Edges, rows: RowGroups) -> None:
        """Say that the exponentials for these rows are there."""
        if self._keep:
            self._filled_for = edges.key, rows.shifts.tobytes()


class Rooms:
    """Rooms for the pieces of a sample, kept from its second sum on: many samples are summed only once.

    One thread at a time has them; another one that sums over the same sample meanwhile gets none.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_sums = 0
        self._rooms: list[Room] = []

    def __reduce__(self) -> tuple[type[Rooms], tuple[()]]:
        # A copy of a sample keeps what it needs of its own.
        return Rooms, ()

    @contextmanager
    def taken(self, n_pieces: int, memory: int) -> Iterator[list[Room]]:
        """Give a room for each piece.

        Parameters
        ----------
        n_pieces : int
        memory : int
            That of all exponentials [bytes]; they are not kept above :data:`KEPT_MEMORY`.
        """
        if not self._lock.acquire(blocking=False):
            yield [Room(keep=False) for _ in range(n_pieces)]
            return
        try:
            self._n_sums += 1
            if self._n_sums == 1 or memory > KEPT_MEMORY:
                self._rooms = []
                yield [Room(keep=False) for _ in range(n_pieces)]
                return
            if len(self._rooms) != n_pieces:
                self._rooms = [Room(keep=True) for _ in range(n_pieces)]
            yield self._rooms
        finally:
            self._lock.release()


def sum_events(
    features: NDArray[Any],
    weights: NDArray[Any],
    edges: Edges,
    rows: RowGroups,
    *,
    of_signal: bool,
    entropy: bool,
    gradient: bool,
    room: Room,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum over events of one class that have the same rows of cuts.

    Parameters
    ----------
    features : array, shape (n_features, n_events)
        Of float32 or float64, which is the precision of all arrays and of the computation.
    weights : array, shape (n_events,)
    edges : Edges
    rows : RowGroups
        Grouped for the same precision.
    of_signal : bool
    entropy, gradient : bool
        What is wanted beside the sum of scores; zero otherwise.
    room : Room
        For these events.

    Returns
    -------
    sums : array, shape (2, n_rows)
        Sum of weight times score, and of weight times cross-entropy.
    gradients : array, shape (2, n_rows, n_edges)
        Their derivatives by the biases.
    """
    numbers = numbers_of(features.dtype, of_signal=of_signal)
    n_rows, n_padded = rows.factors.shape
    fill, odds, products, work = room.take(edges, rows, features.shape[1])
    sums, gradients = np.zeros((2, n_rows)), np.zeros((2, n_rows, n_padded))
    add_events(
        features,
        weights,
        edges.features,
        edges.weights,
        features.dtype.type(edges.sharpness),
        rows.first_rows,
        rows.shifts,
        rows.factors,
        of_signal,
        entropy,
        gradient,
        fill,
        numbers,
        odds,
        products,
        work,
        sums,
        gradients,
    )
    room.filled(edges, rows)
    return sums, gradients[..., : len(edges.features)]
