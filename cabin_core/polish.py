"""Exchange steps after a training: trained cuts give way to better ones near them, at the signal asked for.

A training sees events through smooth functions. What that leaves is found by moving two edges at a time to
the best places that they have on the training sample (:mod:`cabin_core.box_exchange`), which never loses
signal below what is asked: from the trained cuts, from those of the neighbouring targets, and from the best
ones with a few edges drawn anew. Where few background events are left, this would only follow their
fluctuations: cuts then stay as the training left them.

Rows that depend on each other take turns. Monotone cuts move between those of their neighbours. Smooth ones
pay for each bend what the loss has them pay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from .box_exchange import NO_FACTORS, ExchangeSearch
from .box_ranks import MOST_EDGES, Edge, RankedEvents, WholeWeights, oriented
from .metrics import effective_events
from .roughness import bends

#: Effective background events that cuts must leave, by default.
LEAST_EVENTS = 50.0
#: Distance of a cut that every event passes from the nearest one [scaled units].
BEYOND = 0.1
#: Events closer than this are on the same side of all cuts, which float32 could not separate: in units of the
#: last digit.
_CLOSE = 8
#: Rounds over the rows, at most. After the first a row has a turn if it or a neighbour has gained more than
#: this, in the logarithm of its background.
MOST_ROUNDS, LEAST_GAIN = 10, 1e-3
#: The largest exponent of a factor.
_LARGEST = 500.0


@dataclass(frozen=True)
class Places:
    """The places that an edge can have; its values are such that large ones pass.

    Attributes
    ----------
    groups : ndarray of int32, shape (n_events,)
        An event passes an edge at place ``p`` if its group is not below ``p``.
    cuts : ndarray, shape (n_places,)
        Cut of each place, increasing.
    ends : ndarray, shape (n_places - 1 - first,)
        Any other cut below ``ends[p]`` belongs to the place ``first + p`` or a looser one.
    first : int
        The loosest place that is allowed.
    """

    groups: NDArray[np.int32]
    cuts: NDArray[np.float64]
    ends: NDArray[np.float64]
    first: int = 0

    @classmethod
    def anywhere(cls, values: NDArray[np.float64]) -> Self:
        """Return the places between neighbouring values, and one below all."""
        steps, starts = _groups(values)
        groups = np.cumsum(starts)[np.searchsorted(steps, values)] - 1
        return cls(groups.astype(np.int32), between_events(values), steps[starts][:-1])

    @classmethod
    def at(cls, cuts: NDArray[np.float64], values: NDArray[np.float64]) -> Self:
        """Return given places: cuts in increasing order; an event on a cut fails."""
        groups = np.searchsorted(cuts, values, side="left").astype(np.int32)
        return cls(groups, np.append(cuts[0], cuts), _ends(cuts, values), first=1)

    def of(self, cut: float) -> int:
        """Return the place of a cut: the one where the same events pass, else the nearest."""
        return self.first + int(np.searchsorted(self.ends, cut, side="right"))


def between_events(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return cuts halfway between neighbouring values, and one below all, in increasing order."""
    steps, starts = _groups(values)
    lows, highs = steps[starts], steps[np.append(starts[1:], True)]
    return np.append(lows[0] - BEYOND, (highs[:-1] + lows[1:]) / 2)


def _ends(cuts: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where the range of other cuts ends that belong to each of given ones but the last.

    A cut belongs to the one with the same events, if there is one, else to the nearest. One that is close to
    a given one, but for rounding, belongs to it, also where an event is on it.
    """
    ordered, (low, high) = np.sort(values), (cuts[:-1], cuts[1:])
    first = np.minimum(np.searchsorted(ordered, low, side="right"), len(ordered) - 1)
    last = np.maximum(np.searchsorted(ordered, high, side="right") - 1, 0)
    middle, some = (low + high) / 2, (ordered[first] > low) & (ordered[last] > low)
    ends = np.where(some, np.clip(middle, ordered[first], np.maximum(ordered[last], ordered[first])), middle)
    close = np.minimum(np.maximum(_close(low), _close(high)), middle - low)
    return np.asarray(np.clip(ends, low + close, high - close))


def _close(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance from values that float32 could not resolve."""
    return _CLOSE * np.spacing(np.abs(values).astype(np.float32)).astype(float)


def _groups(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the different values in increasing order, and which are not close to the one before."""
    steps = np.unique(values)
    close = _close(steps)
    return steps, np.append(True, np.diff(steps) > np.maximum(close[1:], close[:-1]))


class Polish:
    """The exchange steps on a sample.

    Parameters
    ----------
    features : ndarray, shape (n_events, n_features)
        Scaled, as the network sees them.
    is_signal : ndarray of bool, shape (n_events,)
    weights : ndarray, shape (n_events,)
    edges : sequence of tuple
        Column and side that passes, ``>`` or ``<``, of each edge.
    allowed : sequence of ndarray or None, optional
        Cuts that each edge may have, in increasing order; anywhere between events where None.

    Raises
    ------
    ValueError
        If an edge may have no cut, or there are too many.
    """

    def __init__(
        self,
        features: NDArray[np.floating],
        is_signal: NDArray[np.bool_],
        weights: NDArray[np.floating],
        edges: Sequence[Edge],
        allowed: Sequence[NDArray[np.floating] | None] | None = None,
    ) -> None:
        if len(edges) > MOST_EDGES:
            raise ValueError(f"{len(edges)} edges: a search takes {MOST_EDGES} at most")
        self._signs = np.array([1.0 if side == ">" else -1.0 for _, side in edges])
        values = oriented(np.asarray(features, dtype=float), edges)
        self._places = []
        for of_edge, sign, cuts in zip(values, self._signs, allowed or [None] * len(edges), strict=True):
            if cuts is not None and not len(cuts):
                raise ValueError("an edge may have no cut at all")
            self._places.append(
                Places.anywhere(of_edge)
                if cuts is None
                else Places.at(np.sort(sign * np.asarray(cuts, dtype=float)), of_edge)
            )
        self._groups = np.stack([places.groups for places in self._places], axis=1)
        self._is_signal = np.asarray(is_signal, dtype=bool)
        self._weights: NDArray[np.float64] = np.asarray(weights, dtype=float)
        self._needs = WholeWeights.of(self._weights[self._is_signal], floor=False)
        self._numbers = np.empty(len(self._weights))
        self._numbers[self._is_signal] = self._needs.numbers
        self._numbers[~self._is_signal] = WholeWeights.of(self._weights[~self._is_signal], floor=True).numbers
        of_background = np.abs(self._numbers[~self._is_signal])
        # Sum of whole weights of an effective event of the background.
        self._event = float((of_background**2).sum() / max(of_background.sum(), 1.0))
        _, self._columns = np.unique([column for column, _ in edges], return_inverse=True)

    def improve(
        self,
        cuts: NDArray[np.floating],
        signals: Sequence[float | None],
        *,
        starts: int,
        seed: int,
        least_events: float = LEAST_EVENTS,
        monotone: bool = False,
        bends_cost: float | Sequence[float] = 0.0,
        main_edges: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.float64]:
        """Return better cuts.

        Parameters
        ----------
        cuts : ndarray, shape (n_rows, n_edges)
            Trained cuts, of rows in increasing order of their targets.
        signals : sequence of float or None
            Sum of signal weights that each row must keep; that of its trained cuts where None, which stay
            where they keep none.
        starts : int
            Number of times that edges of a row are drawn anew in a round.
        seed : int
        least_events : float
            Background events (the square of the sum of weights over the sum of their squares) that the cuts
            of a row must leave; where trained cuts leave fewer, they stay as they are.
        monotone : bool
            Whether no cut may be tighter at a higher target. The trained cuts must be so.
        bends_cost : float or sequence of float
            By how much the logarithm of the background of each row may rise for a roughness
            (:func:`cabin_core.roughness.roughness`) lower by one.
        main_edges : ndarray of bool, shape (n_edges,), optional
            Edges of which alone better cuts are looked for first, as a further start; the others are open.

        Returns
        -------
        ndarray, shape (n_rows, n_edges)
            An edge that did not move has its trained cut.

        Raises
        ------
        ValueError
            If a row is asked for more signal than there is.
        """
        work = _Rows(self, cuts, signals, least_events, monotone, bends_cost)
        random = np.random.default_rng(seed)
        turns = set(range(len(cuts)))
        for _ in range(MOST_ROUNDS):
            # From the loosest row: the next one then has room between it and the tighter one.
            gained = [
                row
                for row in sorted(turns, reverse=True)
                if work.improve(row, starts, random, main_edges) > LEAST_GAIN
            ]
            turns = {near for row in gained for near in (row - 1, row, row + 1) if 0 <= near < len(cuts)}
            main_edges = None
        return np.asarray(self._signs * work.cuts)

    def count(self, cuts: NDArray[np.floating]) -> tuple[float, float, float]:
        """Return sums of weights of signal and background that pass cuts, and effective background events."""
        return self._count(self._of(self._signs * np.asarray(cuts, dtype=float)))

    def _of(self, cuts: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the places of oriented cuts, shape (n_edges,)."""
        return np.array([places.of(cut) for places, cut in zip(self._places, cuts, strict=True)])

    def _count(self, at: NDArray[np.int64]) -> tuple[float, float, float]:
        inside = (self._groups >= at).all(axis=1)
        left = self._weights[inside & ~self._is_signal]
        total = max(float(left.sum()), 0.0)
        effective = float(effective_events(total, float((left**2).sum())))
        return float(self._weights[inside & self._is_signal].sum()), total, effective

    def _between(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> RankedEvents:
        """Return the events that places from ``low`` to ``high`` can tell from each other."""
        groups = np.minimum(self._groups, high)
        inside = (groups >= low).all(axis=1) & (self._numbers != 0.0)
        signal, background = inside & self._is_signal, inside & ~self._is_signal
        return RankedEvents(
            np.ascontiguousarray(groups[signal], dtype=np.int32),
            np.ascontiguousarray(groups[background], dtype=np.int32),
            self._numbers[signal],
            self._numbers[background],
            np.asarray(high + 1, dtype=np.int64),
            self._columns.astype(np.int32),
        )


class _Rows:
    """The cuts of all rows while they move; oriented, as all cuts here.

    Parameters are those of :meth:`Polish.improve`.
    """

    def __init__(
        self,
        sample: Polish,
        cuts: NDArray[np.floating],
        signals: Sequence[float | None],
        least_events: float,
        monotone: bool,
        bends_cost: float | Sequence[float],
    ) -> None:
        self._sample, self._least, self._monotone = sample, least_events, monotone
        self.cuts = sample._signs * np.asarray(cuts, dtype=float)
        self._at = np.array([sample._of(of_row) for of_row in self.cuts])
        self._price = np.broadcast_to(np.asarray(bends_cost, dtype=float), (len(self.cuts),))
        self._asked = [
            sample._count(at)[0] if signal is None else float(signal)
            for at, signal in zip(self._at, signals, strict=True)
        ]
        total = float(sample._weights[sample._is_signal].sum())
        for asked in signals:
            if asked is not None and not 0.0 < asked <= total:
                raise ValueError(
                    f"cuts cannot keep a signal of {asked:g}: all events together have {total:g}"
                )

    def improve(
        self, row: int, starts: int, random: np.random.Generator, main_edges: NDArray[np.bool_] | None
    ) -> float:
        """Move the cuts of a row; return by how much the logarithm of its background, with bends, falls."""
        if not self._asked[row] > 0.0 or self._sample._count(self._at[row])[2] < self._least:
            return 0.0
        low_cuts, high_cuts, low, high = self._limits(row)
        factors = self._factors(row, low_cuts, high_cuts)
        needed = self._sample._needs.at_least(self._asked[row])
        least = self._least * self._sample._event
        given = [self._at[row], *(np.clip(self._at[near], low, high) for near in self._near(row))]
        if main_edges is not None:
            narrow = np.where(main_edges, high, low)
            search = ExchangeSearch(self._sample._between(low, narrow))
            given.append(
                search.refine(needed, [np.minimum(self._at[row], narrow)], starts, random, least=least).ranks
            )
        search = ExchangeSearch(self._sample._between(low, high))
        before = search.measure(self._at[row])
        best = search.refine(needed, given, starts, random, factors, least)
        at = np.clip(best.ranks, low, high)
        enough = before.signal >= needed
        worse = best.signal < needed or (enough and best.value(factors) >= before.value(factors))
        if worse or self._sample._count(at)[2] < self._least:
            return 0.0
        moved = at != self._at[row]
        cuts = np.array([places.cuts[place] for places, place in zip(self._sample._places, at, strict=True)])
        self.cuts[row] = np.where(moved, np.clip(cuts, low_cuts, high_cuts), self.cuts[row])
        self._at[row] = at
        if not enough:
            return np.inf
        ours, theirs = best.value(factors)[0], before.value(factors)[0]
        return float(np.log(theirs / ours)) if ours > 0.0 else 0.0

    def _near(self, row: int) -> Iterator[int]:
        return (near for near in (row - 1, row + 1) if 0 <= near < len(self.cuts))

    def _limits(
        self, row: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the loosest and the tightest cuts of a row, then their places."""
        places, n_edges = self._sample._places, self.cuts.shape[1]
        low_cuts, high_cuts = np.full(n_edges, -np.inf), np.full(n_edges, np.inf)
        low = np.array([of_edge.first for of_edge in places])
        high = np.array([len(of_edge.cuts) - 1 for of_edge in places])
        if self._monotone and row + 1 < len(self.cuts):
            low_cuts, low = self.cuts[row + 1], self._at[row + 1]
        if self._monotone and row > 0:
            high_cuts, high = self.cuts[row - 1], self._at[row - 1]
        return low_cuts, high_cuts, low, high

    def _factors(
        self, row: int, low_cuts: NDArray[np.float64], high_cuts: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the factors of each place of each edge, of the bends of the cuts."""
        n_rows, n_edges = self.cuts.shape
        if not self._price[row] or n_rows < 3:
            return NO_FACTORS
        price = self._price[row] / ((n_rows - 2) * n_edges)
        rows = slice(max(0, row - 2), row + 3)
        factors = np.ones((n_edges, max(len(places.cuts) for places in self._sample._places)))
        for edge, places in enumerate(self._sample._places):
            cuts = np.clip(places.cuts, low_cuts[edge], high_cuts[edge])
            cuts[self._at[row, edge]] = self.cuts[row, edge]
            near = np.repeat(self.cuts[rows, edge, None], len(cuts), axis=1)
            near[row - rows.start] = cuts
            roughness = bends(torch.from_numpy(near)).sum(dim=0).numpy()
            exponents = price * (roughness - roughness[self._at[row, edge]])
            factors[edge, : len(cuts)] = np.exp(np.clip(exponents, -_LARGEST, _LARGEST))
            factors[edge, len(cuts) :] = factors[edge, len(cuts) - 1]
        return factors
