"""The best cuts on sets of features that keep a given signal of a sample.

Cuts on some features are cuts on more of them, too. So the background that cuts on a set leave, and a bound
on it, are a lower limit for all smaller sets that are part of it: most sets need no search.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cabin_core.box import BoxSample, Edge, ProofLimits, reaches

#: Of so many features all sets are looked at, of more only those that are left as one after the other goes.
MOST_ENUMERATED = 7
#: Of the nodes, the share of the proofs without one feature and with all.
_PRICES = 0.75

FeatureSet = frozenset[int]


class SetOptions(Protocol):
    """Settings of the search on sets of features."""

    within: float
    starts: int
    nodes: int
    gap: float
    seed: int


@dataclass(frozen=True)
class SetCuts:
    """The best cuts found on a set of features.

    Attributes
    ----------
    cuts : ndarray, shape (n_edges,)
        Of all features; infinite where nothing is cut.
    signal, background : float
        Sums of weights.
    bound : float
        No cuts on these features leave less background; NaN if some weight is negative.
    nodes : int
        Of the proof.
    ended : str
        How it ended, see :class:`cabin_core.box.BoxCertificate`.
    """

    cuts: NDArray[np.float64]
    signal: float
    background: float
    bound: float
    nodes: int
    ended: str


class FeatureSets:
    """The best cuts on sets of the features of a sample, at one signal.

    Parameters
    ----------
    features : ndarray, shape (n_events, n_features)
    is_signal : ndarray of bool, shape (n_events,)
    weights : ndarray, shape (n_events,)
    edges : sequence of tuple
        Of all features, as :class:`cabin_core.box.BoxSample` takes them.
    options : SetOptions
    on_step : callable
        Called with a text after each of the :meth:`steps` of a search.
    """

    def __init__(
        self,
        features: NDArray[np.floating],
        is_signal: NDArray[np.bool_],
        weights: NDArray[np.floating],
        edges: Sequence[Edge],
        options: SetOptions,
        on_step: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._events, self._edges, self._options = (features, is_signal, weights), edges, options
        self._on_step = on_step
        self._columns = np.array([column for column, _ in edges])
        self.all: FeatureSet = frozenset(int(column) for column in self._columns)
        self._signal, self._nodes = 0.0, 0
        self._signed = bool((np.asarray(weights) < 0.0).any())
        #: What was found, by the set.
        self.found: dict[FeatureSet, SetCuts] = {}
        #: The set of each size whose cuts leave least background.
        self.best: dict[int, FeatureSet] = {}

    @property
    def without_one(self) -> list[FeatureSet]:
        """The sets without one feature, in the order of the features."""
        return [self.all - {feature} for feature in sorted(self.all)]

    @staticmethod
    def steps(n_features: int) -> int:
        """Return the number of steps of a search."""
        return 3 * n_features + 2

    def search(self, signal: float, nodes: int) -> int:
        """Search and prove at a signal; return the number of nodes left.

        Parameters
        ----------
        signal : float
            Sum of weights that all cuts must keep.
        nodes : int
            Largest number of nodes of all proofs together.
        """
        self._signal, self._nodes = signal, nodes
        self.found, self.best = {}, {}
        for chosen in (self.all, *self.without_one):
            self._search(chosen)
            self._on_step("search")
        self._prove_prices(int(_PRICES * nodes))
        self.best[len(self.all)] = self.all
        candidates = {}
        for size in range(len(self.all) - 1, 0, -1):
            candidates[size] = self._candidates(size)
            self._search_best(candidates[size])
            self.best[size] = self._best_of(candidates[size])
            self._on_step(f"{size} features")
            limit = (1.0 + self._options.within) * self.found[self.all].background
            if not self._enumerated and self.found[self.best[size]].background > limit:
                break
        # The proofs of small sets are short.
        for left, size in zip(range(len(candidates), 0, -1), sorted(candidates), strict=True):
            self._prove_best(candidates[size], self._nodes // left)
            self.best[size] = self._best_of(candidates[size])
        self._on_step("all sets")
        return self._nodes

    def bound(self, chosen: FeatureSet) -> float:
        """Return the largest known bound on the background of cuts on a set."""
        # A bound may be NaN.
        return max((self.found[known].bound for known in self.found if known >= chosen), key=np.nan_to_num)

    def bound_of_size(self, size: int) -> float:
        """Return the bound on the background of cuts on any so many features."""
        if self._enumerated:
            sets = itertools.combinations(sorted(self.all), size)
            return min((self.bound(frozenset(chosen)) for chosen in sets), key=np.nan_to_num)
        # Without some features, the background is at least that without the dearest of them.
        without = sorted((self.bound(chosen) for chosen in self.without_one), key=np.nan_to_num)
        return without[len(self.all) - size - 1] if size < len(self.all) else self.bound(self.all)

    @property
    def _enumerated(self) -> bool:
        return len(self.all) <= MOST_ENUMERATED

    def _candidates(self, size: int) -> list[FeatureSet]:
        if self._enumerated:
            return [frozenset(chosen) for chosen in itertools.combinations(sorted(self.all), size)]
        before = self.best[size + 1]
        return [before - {feature} for feature in sorted(before)]

    def _least(self, chosen: FeatureSet) -> float:
        """Return the background that cuts on a set leave at least, as far as found."""
        return max(self.found[known].background for known in self.found if known >= chosen)

    def _prove_prices(self, nodes: int) -> None:
        """Prove cuts on all features, with which others are compared, then the cheapest prices first."""
        kept_back = self._nodes - nodes
        self._prove(self.all, nodes // 2)
        self._on_step("proof")
        in_turn = sorted(self.without_one, key=lambda one: (self.found[one].background, sorted(one)))
        for left, chosen in zip(range(len(in_turn), 0, -1), in_turn, strict=True):
            if not self._is_proven(chosen):
                # Some need many nodes, others few.
                self._prove(chosen, (self._nodes - kept_back) // (left // 2 + 1))
            self._on_step("proof")

    def _best_of(self, candidates: Sequence[FeatureSet]) -> FeatureSet:
        known = (chosen for chosen in candidates if chosen in self.found)
        return min(known, key=lambda one: (self.found[one].background, sorted(one)))

    def _search_best(self, candidates: Sequence[FeatureSet]) -> None:
        """Search on sets of one size, but for those that cannot be the best as far as larger ones tell."""
        least = math.inf
        for chosen in sorted(candidates, key=lambda one: (self._least(one), sorted(one))):
            if self._least(chosen) < least:
                if chosen not in self.found:
                    self._search(chosen)
                least = min(least, self.found[chosen].background)

    def _prove_best(self, candidates: Sequence[FeatureSet], nodes: int) -> None:
        """Prove how good the best of some sets is, and that the others are not better."""
        kept_back = self._nodes - nodes
        in_turn = sorted(candidates, key=lambda one: (self.bound(one), sorted(one)))
        for chosen in (self._best_of(candidates), *in_turn):
            least = self.found[self._best_of(candidates)].background
            if self._signed or self._nodes <= kept_back or reaches(self.bound(chosen), least):
                continue
            if chosen not in self.found:
                self._search(chosen)
            self._prove(chosen, self._nodes - kept_back, least)

    def _is_proven(self, chosen: FeatureSet) -> bool:
        return reaches(self.bound(chosen), self.found[chosen].background)

    def _sample(self, chosen: FeatureSet) -> tuple[BoxSample, NDArray[np.intp]]:
        """Return a sample with the edges of some features, and the positions of these edges."""
        of_set = np.flatnonzero(np.isin(self._columns, sorted(chosen)))
        return BoxSample(*self._events, [self._edges[int(edge)] for edge in of_set]), of_set

    def _search(self, chosen: FeatureSet) -> None:
        """Search from the best cuts on the next larger sets, and from others."""
        sample, of_set = self._sample(chosen)
        larger = [known for known in self.found if known > chosen]
        nearest = min(map(len, larger), default=0)
        box = sample.certify(
            self._signal,
            starts=[self.found[known].cuts[of_set] for known in larger if len(known) == nearest],
            n_starts=self._options.starts,
            seed=self._options.seed,
        )
        cuts = self._widened(box.cuts, of_set)
        bound = math.nan if self._signed else 0.0
        self._store(chosen, SetCuts(cuts, box.signal, box.background, bound, 0, box.ended))

    def _widened(self, cuts: NDArray[np.float64], of_set: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return cuts with the edges of all features."""
        widened = np.array([-np.inf if side == ">" else np.inf for _, side in self._edges])
        widened[of_set] = cuts
        return widened

    def _prove(self, chosen: FeatureSet, nodes: int, enough: float | None = None) -> None:
        """Prove how good the cuts on a set are, or only that they leave this much background."""
        known = self.found[chosen]
        sample, of_set = self._sample(chosen)
        gap = self._options.gap
        if enough is not None and known.background > enough:
            gap = max(gap, 1.0 - enough / known.background)
        box = sample.certify(
            self._signal,
            starts=[known.cuts[of_set]],
            n_starts=0,
            seed=self._options.seed,
            limits=ProofLimits(nodes, gap),
        )
        self._nodes -= box.nodes
        # A proof with fewer nodes than an earlier one may say less.
        bound = max(known.bound, box.background if box.ended == "proven" else box.bound)
        cuts = self._widened(box.cuts, of_set)
        self._store(chosen, SetCuts(cuts, box.signal, box.background, bound, box.nodes, box.ended))

    def _store(self, chosen: FeatureSet, cuts: SetCuts) -> None:
        """Remember cuts, which are cuts on larger sets, too; of equal ones those on fewer features."""
        smaller = [known for known in self.found if known < chosen]
        least = min(smaller, key=lambda one: (self.found[one].background, len(one)), default=None)
        self.found[chosen] = _with_cuts_of(cuts, self.found[least]) if least else cuts
        for known, others in self.found.items():
            if known > chosen:
                self.found[known] = _with_cuts_of(others, cuts)


def _with_cuts_of(cuts: SetCuts, others: SetCuts) -> SetCuts:
    """Return what is known of a set, with the cuts on a smaller one if they are as good."""
    if others.background > cuts.background:
        return cuts
    return replace(cuts, cuts=others.cuts, signal=others.signal, background=others.background)
