"""The best box of cuts at a fixed signal efficiency, and a proof of how good any box can be.

A box keeps the events that pass all of its edges: one edge in a feature, or two edges of a window. Asked is
the box that keeps a given sum of signal weights and the least background. The search
(:mod:`cabin_core.box_exchange`) finds good boxes, the proof (:mod:`cabin_core.box_proof`) bounds the
background of all boxes from below. Boxes that maximise a weighted difference of the classes have been found
by branch and bound before, none at a fixed signal.

References
----------
J. Eckstein, P. L. Hammer, Y. Liu, M. Nediak, B. Simeone, The maximum box problem and its application to data
analysis, Computational Optimization and Applications 23 (2002) 285.

J. Eckstein, N. Goldberg, An improved branch-and-bound method for maximum monomial agreement, INFORMS Journal
on Computing 24 (2012) 328.

J. Eckstein, N. Goldberg, A. Kagawa, Rule-enhanced penalized regression by column generation using rectangular
maximum agreement, Proceedings of Machine Learning Research 70 (2017) 1059.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .box_exchange import Box, ExchangeSearch
from .box_proof import ProofLimits, prove
from .box_ranks import MOST_EDGES, Edge, WholeWeights, oriented, rank_events

__all__ = ["BoxCertificate", "BoxSample", "Edge", "ProofLimits", "reaches"]

#: What may be missing of the background in a bound, as a fraction, by the rounding of weights.
_ROUNDING = 1e-8


def reaches(bound: float, background: float, gap: float = 0.0) -> bool:
    """Whether a bound proves that there is no background less than this by more than a fraction of it.

    Weights that are not whole are compared to a part in 10^9; NaN proves nothing.
    """
    return bound >= background * (1.0 - gap) * (1.0 - _ROUNDING)


@dataclass(frozen=True)
class BoxCertificate:
    """A box of cuts and what is known of all others.

    Attributes
    ----------
    cuts : ndarray, shape (n_edges,)
        Cut of each edge; infinite for an edge that cuts nothing. Events on a cut fail.
    signal, background : float
        Sums of weights inside, counted with these cuts.
    bound : float
        No box that keeps the signal asked for has less background; NaN if some weight is negative or no proof
        was asked for.
    nodes : int
        Nodes of the proof.
    ended : str
        ``proven`` if no box is better, else what ended the proof: ``gap``, ``nodes``, ``seconds``,
        ``rounding`` (of weights so unequal that those of a box are lost in their sum), ``negative weights``,
        or ``search`` if there is none.
    seconds : float
        That the proof took.
    """

    cuts: NDArray[np.float64]
    signal: float
    background: float
    bound: float
    nodes: int
    ended: Literal["proven", "gap", "nodes", "seconds", "rounding", "negative weights", "search"]
    seconds: float = 0.0

    @property
    def gap(self) -> float:
        """Difference of background and bound as a fraction of the background; NaN without a bound."""
        if math.isnan(self.bound):
            return math.nan
        return 0.0 if self.background == self.bound else 1.0 - self.bound / self.background


class BoxSample:
    """A sample on which boxes are searched.

    Parameters
    ----------
    features : ndarray, shape (n_events, n_features)
    is_signal : ndarray of bool, shape (n_events,)
    weights : ndarray, shape (n_events,)
        Sums of weights that are neither equal nor whole are compared to a part in 10^9 of themselves.
    edges : sequence of tuple
        Column and side that passes, ``>`` or ``<``; the two edges of a window follow each other.

    Raises
    ------
    ValueError
        If a number is not finite, a class has no weight, or the edges are none, too many, or name a side of a
        feature twice.
    """

    def __init__(
        self,
        features: NDArray[np.floating],
        is_signal: NDArray[np.bool_],
        weights: NDArray[np.floating],
        edges: Sequence[Edge],
    ) -> None:
        self.edges = list(edges)
        _check_edges(self.edges, features.shape[1])
        self._is_signal, self._weights = np.asarray(is_signal, dtype=bool), np.asarray(weights, dtype=float)
        if not (np.isfinite(features).all() and np.isfinite(self._weights).all()):
            raise ValueError("features and weights must be finite")
        self._values = oriented(np.asarray(features, dtype=float), self.edges)
        of_class = self._weights[self._is_signal], self._weights[~self._is_signal]
        for name, of_one in zip(("signal", "background"), of_class, strict=True):
            if not of_one.sum() > 0.0:
                raise ValueError(f"the sum of the weights of the {name} must be above zero")
        #: Sums of the weights of signal and background.
        self.totals = tuple(math.fsum(of_one) for of_one in of_class)
        #: Whether some weight is negative, so that there is no proof.
        self.signed = bool((self._weights < 0.0).any())
        self._signal, self._background = (
            WholeWeights.of(of_one, floor=name == "background")
            for name, of_one in zip(("signal", "background"), of_class, strict=True)
        )
        numbers = np.empty(len(self._weights))
        numbers[self._is_signal], numbers[~self._is_signal] = self._signal.numbers, self._background.numbers
        self._events, self._steps = rank_events(self._values, self.edges, self._is_signal, numbers)
        self._search = ExchangeSearch(self._events)

    def certify(
        self,
        signal: float,
        *,
        starts: Iterable[NDArray[np.floating]] = (),
        n_starts: int,
        seed: int,
        limits: ProofLimits | None = None,
        on_progress: Callable[[int, str], None] = lambda nodes, text: None,
        on_bound: Callable[[int, float, float], None] = lambda nodes, background, bound: None,
    ) -> BoxCertificate:
        """Search for the best box, and prove how good it is.

        Parameters
        ----------
        signal : float
            Sum of signal weights that the box must keep, above zero.
        starts : iterable of ndarray, shape (n_edges,)
            Cuts to start from, infinite where nothing is cut; they are made looser if they keep too little.
        n_starts : int
            Number of other starts.
        seed : int
            Of these starts.
        limits : ProofLimits, optional
            When the proof stops; without them there is none.
        on_progress : callable
            Called with the number of nodes and a text.
        on_bound : callable
            Called before each node of the proof with the number of nodes, the least background found and the
            bound on that of any box, as sums of weights.

        Raises
        ------
        ValueError
            If no box keeps the signal, or none is found where weights are negative, or there is no start.
        """
        if not signal > 0.0:
            raise ValueError(f"the signal to keep must be above zero, not {signal:g}")
        needed = self._signal.at_least(signal)
        of_all = f"all events together have {self.totals[0]:g}"
        # Cuts that remove negative weights can keep more than there is.
        if not self.signed and needed > self._signal.numbers.sum():
            raise ValueError(f"no cuts keep a signal of {signal:g}: {of_all}")
        box: Box | None = None
        for number, best in enumerate(
            self._search.search(needed, (self._ranks(cuts) for cuts in starts), n_starts, seed), start=1
        ):
            box = best
            on_progress(0, f"start {number}, background {box.background * self._background.unit:.6g}")
        if box is None:
            raise ValueError("a search needs a start")
        if box.signal < needed:
            raise ValueError(f"no cuts are found that keep a signal of {signal:g}: {of_all}")
        if limits is None or self.signed:
            return self._certificate(box, math.nan, 0, "negative weights" if self.signed else "search")
        started, unit = time.perf_counter(), self._background.unit

        def report(nodes: int, background: float, bound: float) -> None:
            on_progress(nodes, f"background {background * unit:.6g}, gap {1.0 - bound / background:.2%}")
            on_bound(nodes, background * unit, bound * unit)

        proof = prove(self._events, self._search, box, needed, self._background.resolution, limits, report)
        bound, seconds = proof.bound * unit, time.perf_counter() - started
        return self._certificate(proof.box, bound, proof.nodes, proof.ended, seconds)

    def count(self, cuts: NDArray[np.floating]) -> tuple[float, float]:
        """Return the sums of signal and background weights that pass cuts of shape (n_edges,)."""
        inside = (self._values > self._flip(cuts)[:, None]).all(axis=0)
        return (
            math.fsum(self._weights[inside & self._is_signal]),
            math.fsum(self._weights[inside & ~self._is_signal]),
        )

    def _certificate(
        self, box: Box, bound: float, nodes: int, ended: Any, seconds: float = 0.0
    ) -> BoxCertificate:
        cuts = self._cuts(box.ranks)
        signal, background = self.count(cuts)
        # The unit of the weights is not exact.
        bound = min(bound, background)
        if ended == "proven" and not reaches(bound, background):
            ended = "rounding"
        return BoxCertificate(cuts, signal, background, bound, nodes, ended, seconds)

    def _flip(self, cuts: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return cuts on the oriented values, or back."""
        sides = np.array([1.0 if side == ">" else -1.0 for _, side in self.edges])
        flipped: NDArray[np.float64] = sides * np.asarray(cuts, dtype=float)
        return flipped

    def _ranks(self, cuts: NDArray[np.floating]) -> NDArray[np.int64]:
        """Return the ranks of the loosest signal events that pass cuts."""
        return np.array(
            [
                np.searchsorted(of_rank, cut, side="right")
                for of_rank, cut in zip(self._steps, self._flip(cuts), strict=True)
            ],
            dtype=np.int64,
        )

    def _cuts(self, ranks: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the cuts of a box, as loose as its background allows, halfway to the next event that passes.

        An edge that removes no background, given the others, cuts nothing.
        """
        thresholds = np.array([of_rank[rank] for of_rank, rank in zip(self._steps, ranks, strict=True)])
        passes = self._values >= thresholds[:, None]
        # Where weights are negative, the box stays as it is.
        removed = np.ones(len(self._weights), dtype=bool) if self.signed else ~self._is_signal
        removed &= self._weights != 0.0
        cuts = np.full(len(ranks), -np.inf)
        for edge, values in enumerate(self._values):
            by_others = passes[np.arange(len(passes)) != edge].all(axis=0)
            failing = values[by_others & ~passes[edge] & removed]
            if len(failing):
                highest = failing.max()
                above = values[by_others & (values > highest)]
                middle = highest + (above.min() - highest) / 2
                cuts[edge] = middle if middle < above.min() else highest
            passes[edge] = values > cuts[edge]
        return self._flip(cuts)


def _check_edges(edges: Sequence[Edge], n_features: int) -> None:
    if not 1 <= len(edges) <= MOST_EDGES:
        raise ValueError(f"a box must have between 1 and {MOST_EDGES} edges, not {len(edges)}")
    columns = [column for column, _ in edges]
    if any(side not in ("<", ">") for _, side in edges) or not all(0 <= at < n_features for at in columns):
        raise ValueError("an edge is a column of the features and > or <")
    if len(set(edges)) < len(edges):
        raise ValueError("an edge is given twice")
    if len({*columns}) < sum(now != before for now, before in zip(columns, [None, *columns], strict=False)):
        raise ValueError("the two edges of a window must follow each other")
