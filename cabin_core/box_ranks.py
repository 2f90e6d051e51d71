"""Events as ranks: what a search for boxes, and a proof that none is better, know of a sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Direction = Literal[">", "<"]
#: An edge of a box: column of its feature, and the side that passes. A window is two edges of a column.
Edge = tuple[int, Direction]

#: Weights that are not whole are rounded to this fraction of their sum, so that sums in float64 have no
#: error.
_FINEST = 2.0**-51
#: Sums that differ by less than this fraction are called equal, where weights are rounded.
_ROUNDING = 1e-9
MOST_EDGES = 60


class RankedEvents(NamedTuple):
    """Events of both classes by their ranks at every edge; a box keeps those with no rank below its own.

    The ranks of an edge number the values that signal events have, from the side that a cut removes first,
    since a best box has each of its edges at a signal event. Background below all signal is left out.

    Attributes
    ----------
    signal_ranks, background_ranks : ndarray of int32, shape (n_events, n_edges)
    signal_weights, background_weights : ndarray, shape (n_events,)
        Whole numbers, in units of their own.
    n_ranks : ndarray of int64, shape (n_edges,)
    feature : ndarray of int32, shape (n_edges,)
        Number of the feature of each edge, from zero.
    """

    signal_ranks: NDArray[np.int32]
    background_ranks: NDArray[np.int32]
    signal_weights: NDArray[np.float64]
    background_weights: NDArray[np.float64]
    n_ranks: NDArray[np.int64]
    feature: NDArray[np.int32]


class WholeWeights(NamedTuple):
    """Weights as whole numbers.

    Attributes
    ----------
    numbers : ndarray of float64, shape (n_events,)
    unit : float
    exact : bool
        Whether number times unit is the weight; otherwise they differ by up to one unit.
    """

    numbers: NDArray[np.float64]
    unit: float
    exact: bool

    @classmethod
    def of(cls, weights: NDArray[np.float64], *, floor: bool) -> WholeWeights:
        """Return equal or whole weights as they are, others rounded, down if asked for."""
        total = float(np.abs(weights).sum())
        if not total:
            return cls(np.zeros(len(weights)), 1.0, exact=True)
        if (weights == weights[0]).all():
            return cls(np.sign(weights), float(abs(weights[0])), exact=True)
        if (weights == np.rint(weights)).all() and total * _FINEST < 1.0:
            return cls(weights, 1.0, exact=True)
        unit = total * _FINEST
        return cls(np.floor(weights / unit) if floor else np.rint(weights / unit), unit, exact=False)

    def at_least(self, total: float) -> float:
        """Return the whole number that every sum of weights reaches which is at least ``total``."""
        if self.exact:
            whole = total / self.unit
            return float(np.ceil(whole - min(_ROUNDING * max(1.0, whole), 0.5)))
        return float(np.floor(total / self.unit) - len(self.numbers))

    @property
    def resolution(self) -> float:
        """The difference of two sums that counts as one, as a fraction of them; 0 if every unit does."""
        return 0.0 if self.exact else _ROUNDING


def oriented(features: NDArray[np.float64], edges: Sequence[Edge]) -> NDArray[np.float64]:
    """Return the values that edges cut so that large ones pass, shape (n_edges, n_events)."""
    return np.stack([features[:, column] if side == ">" else -features[:, column] for column, side in edges])


def rank_events(
    values: NDArray[np.float64],
    edges: Sequence[Edge],
    signal: NDArray[np.bool_],
    numbers: NDArray[np.float64],
) -> tuple[RankedEvents, list[NDArray[np.float64]]]:
    """Return the ranks of events, and the value of each rank of each edge.

    Parameters
    ----------
    values : ndarray, shape (n_edges, n_events)
        See :func:`oriented`.
    edges : sequence of tuple
    signal : ndarray of bool, shape (n_events,)
    numbers : ndarray, shape (n_events,)
        Whole weights; events without weight are left out.
    """
    kept, rejected = signal & (numbers != 0.0), ~signal & (numbers != 0.0)
    steps = [np.unique(of_edge[kept]) for of_edge in values]
    ranks = np.stack(
        [
            np.searchsorted(of_rank, of_edge, side="right") - 1
            for of_rank, of_edge in zip(steps, values, strict=True)
        ],
        axis=1,
    ).astype(np.int32)
    rejected &= (ranks >= 0).all(axis=1)
    _, feature = np.unique([column for column, _ in edges], return_inverse=True)
    events = RankedEvents(
        np.ascontiguousarray(ranks[kept]),
        np.ascontiguousarray(ranks[rejected]),
        numbers[kept],
        numbers[rejected],
        np.array([len(of_rank) for of_rank in steps], dtype=np.int64),
        feature.astype(np.int32),
    )
    return events, steps


class Workspace(NamedTuple):
    """Memory of a proof, used again for each node.

    Attributes
    ----------
    signal, background : ndarray of int32, shape (n_events,)
        Undecided events of a node come first.
    signal_ends, background_ends : ndarray of int64
        Where the entries of each undecided event end; an entry is an edge that can fail it.
    signal_places, background_places : ndarray of int32
        Place of each entry among the ranks of all edges.
    signal_slots : ndarray of int32
        Slot of each entry among the shares.
    slot_ends : ndarray of int64
        Where the slots of each undecided signal event end; a slot is a feature that can fail it.
    shares, steps : ndarray
        Share of each slot, and its subgradient.
    free, times : ndarray
        Of each undecided background event: how far it fails anyway, and how many edges fail it.
    cost, gain : ndarray
        Signal lost and background gained at each place.
    fails : ndarray of bool
        Whether an event at a place fails.
    offsets, minima : ndarray of int64
        First place of each edge, and that of its minimum.
    limits : ndarray of int64, shape (2, n_edges)
        The lowest and highest ranks that a better box can have.
    """

    signal: NDArray[np.int32]
    background: NDArray[np.int32]
    signal_ends: NDArray[np.int64]
    signal_places: NDArray[np.int32]
    signal_slots: NDArray[np.int32]
    slot_ends: NDArray[np.int64]
    shares: NDArray[np.float64]
    steps: NDArray[np.float64]
    background_ends: NDArray[np.int64]
    background_places: NDArray[np.int32]
    free: NDArray[np.float64]
    times: NDArray[np.int32]
    cost: NDArray[np.float64]
    gain: NDArray[np.float64]
    fails: NDArray[np.bool_]
    offsets: NDArray[np.int64]
    minima: NDArray[np.int64]
    limits: NDArray[np.int64]


def new_workspace(events: RankedEvents) -> Workspace:
    """Return memory for the nodes of a proof."""
    (n_signal, n_edges), n_background = events.signal_ranks.shape, len(events.background_weights)
    n_places = int(events.n_ranks.sum()) + 1
    return Workspace(
        signal=np.empty(n_signal, dtype=np.int32),
        background=np.empty(n_background, dtype=np.int32),
        signal_ends=np.zeros(n_signal + 1, dtype=np.int64),
        signal_places=np.empty(n_signal * n_edges, dtype=np.int32),
        signal_slots=np.empty(n_signal * n_edges, dtype=np.int32),
        slot_ends=np.zeros(n_signal + 1, dtype=np.int64),
        shares=np.empty(n_signal * n_edges),
        steps=np.empty(n_signal * n_edges),
        background_ends=np.zeros(n_background + 1, dtype=np.int64),
        background_places=np.empty(n_background * n_edges, dtype=np.int32),
        free=np.empty(n_background),
        times=np.empty(n_background, dtype=np.int32),
        cost=np.empty(n_places),
        gain=np.empty(n_places),
        fails=np.zeros(n_places, dtype=np.bool_),
        offsets=np.zeros(n_edges + 1, dtype=np.int64),
        minima=np.zeros(n_edges, dtype=np.int64),
        limits=np.zeros((2, n_edges), dtype=np.int64),
    )
