"""Search for boxes: the two best edges at a time, the others as they are, until no pair finds better ones.

For two edges the best pair of ranks is found exactly. The first edge goes down through the ranks, from the
tightest to the loosest; sums over the ranks of the second edge, of the events that pass so far, stand in
Fenwick trees. They give the tightest second edge that keeps the signal, and the background that is left with
it: n log n steps for n events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .box_ranks import MOST_EDGES, RankedEvents
from .compilation import on_any_processor

#: Starts of a search in turn: anywhere, then from the best box with this many edges drawn anew.
_REDRAWN = (2, 3, 4)
#: How unequal the shares of the edges are in the signal that a start may lose; Dirichlet's parameter.
_SHARES = 0.5


#: One factor for all ranks of each edge: it is the background alone that counts.
NO_FACTORS = np.ones((MOST_EDGES, 1))


class Box(NamedTuple):
    """A box by its ranks.

    Attributes
    ----------
    ranks : ndarray of int64, shape (n_edges,)
    signal, background : float
        Sums of whole weights inside.
    """

    ranks: NDArray[np.int64]
    signal: float
    background: float

    def better_than(self, other: Box) -> bool:
        """Whether it has less background, or as little with more signal."""
        return self.value() < other.value()

    def value(self, factors: NDArray[np.float64] = NO_FACTORS) -> tuple[float, float]:
        """Return what is to be small: the background times the factor of each edge, then lost signal."""
        of_edges = factors[np.arange(len(self.ranks)), np.minimum(self.ranks, factors.shape[1] - 1)]
        return self.background * float(of_edges.prod()), -self.signal


class ExchangeSearch:
    """The search on a sample.

    Parameters
    ----------
    events : RankedEvents
    """

    def __init__(self, events: RankedEvents) -> None:
        self._events = events
        # Events of each edge from the tightest rank to the loosest, (n_edges, n_events).
        self._orders = tuple(
            np.ascontiguousarray(np.argsort(-ranks, axis=0, kind="stable").T.astype(np.int32))
            for ranks in (events.signal_ranks, events.background_ranks)
        )
        n_edges = len(events.n_ranks)
        self._pairs = np.array(
            [(first, second) for second in range(n_edges) for first in range(second)] or [(0, 0)],
            dtype=np.int64,
        )

    def improve(
        self,
        ranks: NDArray[np.integer],
        needed: float,
        random: np.random.Generator | None = None,
        factors: NDArray[np.float64] = NO_FACTORS,
        least: float = -np.inf,
    ) -> Box:
        """Return the box that exchanges of pairs of edges lead to.

        Parameters
        ----------
        ranks : ndarray of int, shape (n_edges,)
            Box to start from; it is made looser until it keeps the signal.
        needed : float
            Signal that a box must keep.
        random : numpy.random.Generator, optional
            Shuffles the pairs.
        factors : ndarray, shape (n_edges, n_ranks)
            Positive numbers, one for each rank of each edge. The background times those of all edges is made
            small. The last one of an edge is that of all further ranks.
        least : float
            Background that an exchange must leave.
        """
        start = self._keeping(np.asarray(ranks, dtype=np.int64), needed)
        pairs = self._pairs if random is None else self._pairs[random.permutation(len(self._pairs))]
        signal, background = _exchange(self._events, *self._orders, start, pairs, needed, factors, least)
        return Box(start, signal, background)

    def search(
        self, needed: float, starts: Iterable[NDArray[np.integer]], n_starts: int, seed: int
    ) -> Iterator[Box]:
        """Yield boxes, each the best so far: from every given start, then from others that are drawn.

        Negative weights may keep starts from the signal; then boxes that have it are better.
        """

        def value(box: Box) -> tuple[bool, tuple[float, float]]:
            return box.signal < needed, box.value()

        random = np.random.default_rng(seed)
        best: Box | None = None
        for given in starts:
            box = self.improve(given, needed)
            best = box if best is None else min(best, box, key=value)
            yield best
        for number in range(n_starts):
            if best is None or number % (len(_REDRAWN) + 1) == 0:
                start = self._drawn(np.zeros(len(self._events.n_ranks), dtype=np.int64), needed, random, None)
            else:
                start = self._drawn(best.ranks, needed, random, _REDRAWN[number % (len(_REDRAWN) + 1) - 1])
            box = self.improve(start, needed, random)
            best = box if best is None else min(best, box, key=value)
            yield best

    def refine(
        self,
        needed: float,
        starts: Iterable[NDArray[np.integer]],
        n_starts: int,
        random: np.random.Generator,
        factors: NDArray[np.float64] = NO_FACTORS,
        least: float = -np.inf,
    ) -> Box:
        """Return the best box near given ones: from each, then from the best with some edges drawn anew.

        Parameters
        ----------
        needed, factors, least
            See :meth:`improve`. A box with less background than ``least`` is taken only if there is no other.
        starts : iterable of ndarray of int, shape (n_edges,)
        n_starts : int
            Number of times that edges are drawn anew.
        random : numpy.random.Generator

        Raises
        ------
        ValueError
            If there is no start.
        """

        def value(box: Box) -> tuple[bool, tuple[float, float]]:
            return box.background < least, box.value(factors)

        found = [self.improve(given, needed, factors=factors, least=least) for given in starts]
        if not found:
            raise ValueError("a search needs a start")
        best = min(found, key=value)
        for number in range(n_starts):
            start = self._drawn(best.ranks, needed, random, _REDRAWN[number % len(_REDRAWN)])
            box = self.improve(start, needed, random, factors, least)
            best = min(best, box, key=value)
        return best

    def signal(self, ranks: NDArray[np.integer]) -> float:
        """Return the signal that a box keeps."""
        inside = (self._events.signal_ranks >= ranks).all(axis=1)
        return float(self._events.signal_weights[inside].sum())

    def measure(self, ranks: NDArray[np.integer]) -> Box:
        """Return a box with what it keeps."""
        inside = (self._events.background_ranks >= ranks).all(axis=1)
        left = float(self._events.background_weights[inside].sum())
        return Box(np.asarray(ranks, dtype=np.int64), self.signal(ranks), left)

    def _keeping(self, ranks: NDArray[np.int64], needed: float) -> NDArray[np.int64]:
        """Return a box with ranks lowered by a common factor, until it keeps the signal."""
        ranks = np.clip(ranks, 0, self._events.n_ranks - 1)
        if self.signal(ranks) >= needed:
            return ranks.copy()
        enough, too_tight = 0.0, 1.0
        for _ in range(20):
            factor = (enough + too_tight) / 2
            if self.signal((ranks * factor).astype(np.int64)) >= needed:
                enough = factor
            else:
                too_tight = factor
        return (ranks * enough).astype(np.int64)

    def _drawn(
        self, ranks: NDArray[np.int64], needed: float, random: np.random.Generator, n_edges: int | None
    ) -> NDArray[np.int64]:
        """Return a box with some edges drawn, all if None, which share the signal that it may lose."""
        drawn = random.permutation(len(ranks))[:n_edges]
        ranks = ranks.copy()
        ranks[drawn] = 0
        inside = (self._events.signal_ranks >= ranks).all(axis=1)
        weights = self._events.signal_weights[inside]
        may_lose = weights.sum() - needed
        for edge, share in zip(drawn, random.dirichlet(np.full(len(drawn), _SHARES)), strict=True):
            of_edge = self._events.signal_ranks[inside, edge]
            lost = np.bincount(of_edge, weights, minlength=self._events.n_ranks[edge]).cumsum()
            ranks[edge] = min(np.searchsorted(lost, share * may_lose, side="right"), len(lost) - 1)
        return ranks


@on_any_processor
def _exchange(
    events: RankedEvents,
    signal_order: NDArray[np.int32],
    background_order: NDArray[np.int32],
    box: NDArray[np.int64],
    pairs: NDArray[np.int64],
    needed: float,
    factors: NDArray[np.float64],
    least: float,
) -> tuple[float, float]:
    """Improve a box in place; return its signal and background."""
    signal_failures = _failures(events.signal_ranks, box)
    background_failures = _failures(events.background_ranks, box)
    trees = np.zeros((2, events.n_ranks.max() + 1))
    signal = events.signal_weights[signal_failures == 0].sum()
    background = events.background_weights[background_failures == 0].sum()
    unchanged, at = 0, 0
    while unchanged < len(pairs):
        first, second = pairs[at, 0], pairs[at, 1]
        rank, other, kept, left = _best_pair(
            events,
            signal_order[first],
            background_order[first],
            signal_failures,
            background_failures,
            box,
            first,
            second,
            needed,
            trees,
            factors,
            least,
        )
        now = background * _factor(factors, first, second, box[first], box[second])
        new = left * _factor(factors, first, second, rank, other)
        better = new < now or (new == now and kept > signal)
        if rank >= 0 and (better or signal < needed or background < least):
            for edge, after in ((first, rank), (second, other)):
                _move(events.signal_ranks, signal_failures, edge, box[edge], after)
                _move(events.background_ranks, background_failures, edge, box[edge], after)
                box[edge] = after
            signal, background, unchanged = kept, left, 0
        else:
            unchanged += 1
        at = (at + 1) % len(pairs)
    return signal, background


@on_any_processor
def _failures(ranks: NDArray[np.int32], box: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return how many edges each event fails."""
    failures = np.zeros(len(ranks), dtype=np.int32)
    for event in range(len(ranks)):
        for edge in range(len(box)):
            failures[event] += ranks[event, edge] < box[edge]
    return failures


@on_any_processor
def _move(ranks: NDArray[np.int32], failures: NDArray[np.int32], edge: int, before: int, after: int) -> None:
    """Count the failures anew after an edge has moved."""
    for event in range(len(ranks)):
        rank = ranks[event, edge]
        failures[event] += np.int32(rank < after) - np.int32(rank < before)


@on_any_processor
def _best_pair(
    events: RankedEvents,
    signal_order: NDArray[np.int32],
    background_order: NDArray[np.int32],
    signal_failures: NDArray[np.int32],
    background_failures: NDArray[np.int32],
    box: NDArray[np.int64],
    first: int,
    second: int,
    needed: float,
    trees: NDArray[np.float64],
    factors: NDArray[np.float64],
    least: float,
) -> tuple[int, int, float, float]:
    """Return the best ranks of two edges, the signal kept and the background left; ranks of -1 if none."""
    n_ranks = events.n_ranks[second]
    trees[:, : n_ranks + 1] = 0.0
    longest = 1
    while 2 * longest <= n_ranks:
        longest *= 2
    best_rank, best_other, best_kept, best_left, best_value = -1, -1, 0.0, np.inf, np.inf
    total, at, background_at = 0.0, 0, 0
    while at < len(signal_order):
        rank = events.signal_ranks[signal_order[at], first]
        added = False
        while at < len(signal_order) and events.signal_ranks[signal_order[at], first] == rank:
            event = signal_order[at]
            of_second = events.signal_ranks[event, second]
            if _fails_others(signal_failures[event], rank, of_second, box, first, second) == 0:
                added = True
                total += events.signal_weights[event]
                _add(trees[0], n_ranks - of_second, n_ranks, events.signal_weights[event])
            at += 1
        if not added or total < needed:
            continue
        while background_at < len(background_order):
            event = background_order[background_at]
            of_first, of_second = (
                events.background_ranks[event, first],
                events.background_ranks[event, second],
            )
            if of_first < rank:
                break
            if _fails_others(background_failures[event], of_first, of_second, box, first, second) == 0:
                _add(trees[1], n_ranks - of_second, n_ranks, events.background_weights[event])
            background_at += 1
        # The tightest ranks of the second edge whose signal does not suffice, then one more.
        before, kept, left, step = 0, 0.0, 0.0, longest
        while step > 0:
            if before + step <= n_ranks and kept + trees[0, before + step] < needed:
                before += step
                kept += trees[0, before]
                left += trees[1, before]
            step //= 2
        position, kept, left = before + 1, 0.0, 0.0
        if first == second:  # a single edge
            position = n_ranks - rank
        other = n_ranks - position
        while position > 0:
            kept += trees[0, position]
            left += trees[1, position]
            position -= position & -position
        if left < least:
            continue
        value = left * _factor(factors, first, second, rank, other)
        if value < best_value or (value == best_value and kept > best_kept):
            best_rank, best_other, best_kept, best_left, best_value = rank, other, kept, left, value
    return best_rank, best_other, best_kept, best_left


@on_any_processor
def _factor(factors: NDArray[np.float64], first: int, second: int, rank: int, other: int) -> float:
    """Return the factor of the ranks of two edges, or of one."""
    last = factors.shape[1] - 1
    factor: float = factors[first, min(rank, last)]
    return factor if first == second else factor * factors[second, min(other, last)]


@on_any_processor
def _fails_others(
    failures: int, of_first: int, of_second: int, box: NDArray[np.int64], first: int, second: int
) -> int:
    """Return how many edges an event fails beside the two."""
    failures -= of_first < box[first]
    if second != first:
        failures -= of_second < box[second]
    return failures


@on_any_processor
def _add(tree: NDArray[np.float64], position: int, n_positions: int, weight: float) -> None:
    """Add a weight to a Fenwick tree, whose positions count from 1."""
    while position <= n_positions:
        tree[position] += weight
        position += position & -position
