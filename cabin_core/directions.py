"""Directions of cuts, found from events: above the cut, below it, or a window. Needs numpy alone.

Cuts act together, so a direction is judged beside the cuts on all other features. All cuts start open and are
closed step by step, each time where a little signal costs most background: this gives the background left
against the signal kept, for one set of directions. The steps are found with some of the events and counted
with the others, so that a window gains nothing from a second edge to fit to fluctuations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .cut_closing import N_LEVELS, BinnedSample, Floats, Integers, bins_of, close_cuts
from .roc import roc_area_with_error

AUTO, WINDOW = "auto", "window"
OPPOSITE = {">": "<", "<": ">"}
#: Whether a direction cuts at the low side of a feature, and at its high side.
_SIDES = {">": (False,), "<": (True,), WINDOW: (False, True)}

#: Signal efficiencies of all cuts together at which the background is compared.
TARGETS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
#: Largest number of events of a class that are looked at, evenly spread over those given.
MOST_EVENTS = 20_000
#: Fewest events of a class from which directions can be told.
FEWEST_EVENTS = 20
#: The side on which the signal is in a feature alone is left where the other is better by so many errors.
CLEAR = 1.0
#: A feature that separates this much alone [distance of its AUC from 0.5] keeps its side unless the other
#: leaves less of the background by the same share, beyond the errors.
CLEAR_ALONE = 0.1
#: One that separates this much, beyond the errors, keeps its side unless the other is better by more errors.
SEEN_ALONE = 0.05
#: What is told is better by so many errors, a window likewise.
CLEARER = 3.0
#: A window is taken where it leaves less of the background by this share, beyond the errors: two edges have
#: their price.
WINDOW_GAIN = 0.15
#: Gain that is told, beyond the errors [share of the background].
TOLD_GAIN = 0.02

#: Parts of the events, each judged by cuts found with the others, and groups of events for errors.
_N_FOLDS, _N_GROUPS = 4, 20
#: How often the events are divided anew.
_N_DIVISIONS = 3
#: Less background than of so many events counts as being so much: its fluctuations are no gain.
_FEW = 25.0
#: Most changes of single directions; they end earlier where none helps.
_MOST_CHANGES = 100


class TooFewEvents(ValueError):
    """A class has too few events, or weights that cancel, to tell directions."""


@dataclass(frozen=True)
class Gain:
    """Share of the background by which one choice leaves less than another, at equal signal efficiencies.

    Parameters
    ----------
    value, uncertainty : float
        The mean over :data:`TARGETS` and its statistical error, one standard deviation.
    """

    value: float
    uncertainty: float

    def exceeds(self, errors: float, least: float = 0.0) -> bool:
        """Return whether it is more than a share of the background by more than so many errors."""
        return self.value - errors * self.uncertainty > least


@dataclass(frozen=True)
class FoundDirection:
    """What the events say of the direction of one feature.

    Parameters
    ----------
    direction : str
        ``>``, ``<`` or ``window``: the one given, or else the one found.
    best : str
        The best one beside the cuts on the other features; ``direction`` unless another is clearly better.
    auc, auc_uncertainty : float
        Probability that the feature is larger for a signal event than for one of background, all other cuts
        left out; 0.5 also where the signal is in the middle.
    cut : Gain
        Of the cut in its direction over no cut on the feature.
    opposite : Gain or None
        Of the opposite direction over ``direction``; None for a window.
    window : Gain or None
        Of a window over ``direction``; None for a window.
    """

    direction: str
    best: str
    auc: float
    auc_uncertainty: float
    cut: Gain
    opposite: Gain | None
    window: Gain | None

    @property
    def separates(self) -> bool:
        """Whether signal and background differ in the feature, beyond the errors."""
        return self.differs_alone or self.helps

    @property
    def differs_alone(self) -> bool:
        """Whether the feature is larger, or smaller, for the signal, beyond the error."""
        return abs(self.auc - 0.5) > CLEARER * self.auc_uncertainty

    @property
    def helps(self) -> bool:
        """Whether a cut on it, in any direction, leaves less background beside the other cuts."""
        gains = (self.cut, self.opposite, self.window)
        return any(gain is not None and gain.exceeds(CLEARER) for gain in gains)


def find_directions(
    features: NDArray[np.floating],
    is_signal: NDArray[np.bool_],
    weights: NDArray[np.floating],
    given: Sequence[str] | None = None,
    seed: int = 0,
) -> list[FoundDirection]:
    """Find the direction of the cut on each feature, and check those given.

    Parameters
    ----------
    features : ndarray, shape (n_events, n_features)
        Of the training sample, finite, in any units: only their order matters.
    is_signal : ndarray of bool, shape (n_events,)
    weights : ndarray, shape (n_events,)
        Signed weights too; of each class only their ratios matter.
    given : sequence of str, length n_features, optional
        ``>``, ``<``, ``window`` or ``auto`` for each feature; ``auto`` for all where absent.
    seed : int
        Of the choice of halves and groups of the events.

    Returns
    -------
    list of FoundDirection

    Raises
    ------
    TooFewEvents
        If a class has too few events, or weights that add up to nothing or less in a part of them.
    ValueError
        If a given direction is unknown.
    """
    given = [AUTO] * features.shape[1] if given is None else list(given)
    for direction in given:
        if direction not in (AUTO, *_SIDES):
            raise ValueError(f"unknown direction {direction!r} of a cut: '>', '<', 'window' or 'auto'")
    rows = np.sort(
        np.concatenate([_thinned(np.flatnonzero(of_class)) for of_class in (is_signal, ~is_signal)])
    )
    features, is_signal = features[rows], is_signal[rows]
    of_events = np.asarray(weights, dtype=np.float64)[rows]
    of_events = of_events / np.abs(of_events).max(initial=1e-300)
    judge = _Judge(features, is_signal, of_events, seed)
    areas = [roc_area_with_error(is_signal, column, of_events) for column in features.T]
    chosen = _exchange(judge, given, areas)
    return [
        FoundDirection(
            direction,
            direction if given[at] == AUTO else _best(judge, chosen, at, direction, areas[at]),
            *areas[at],
            cut=judge.gain(_with(chosen, at, None), chosen),
            opposite=None
            if direction == WINDOW
            else judge.gain(chosen, _with(chosen, at, OPPOSITE[direction])),
            window=None if direction == WINDOW else judge.gain(chosen, _with(chosen, at, WINDOW)),
        )
        for at, direction in enumerate(chosen)
    ]


def _exchange(judge: _Judge, given: list[str], areas: Sequence[tuple[float, float]]) -> list[str]:
    """Return all directions, each the best beside the others; those given stay.

    ``areas`` are the probabilities that each feature is larger for the signal, with their errors.
    """
    needed = {at: _needed(*areas[at]) for at, direction in enumerate(given) if direction == AUTO}
    if not needed:
        return given
    alone = [">" if area >= 0.5 else "<" for area, _ in areas]
    # Of correlated features a cut can need the side on which the signal is not, once the others are applied.
    sides = judge.free_sides(alone)
    found: list[list[str]] = []
    for first in (
        alone,
        [sides[at] if needed.get(at) == (CLEAR, 0.0) else side for at, side in enumerate(alone)],
    ):
        chosen = [first[at] if at in needed else direction for at, direction in enumerate(given)]
        for _ in range(_MOST_CHANGES):
            changed = _best_change(judge, chosen, needed)
            if changed is None:
                break
            chosen = changed
        found.append(chosen)
    return found[1] if judge.gain(*found).exceeds(CLEAR) else found[0]


def _best_change(
    judge: _Judge, chosen: list[str], needed: Mapping[int, tuple[float, float]]
) -> list[str] | None:
    """Return the directions with the most helpful single change; None if none helps.

    ``needed`` has for each feature without given direction by how many errors, and by what share of the
    background, a side must be better than the other.
    """
    one_sided = [at for at in needed if chosen[at] != WINDOW]
    # A window is never worse but for its price, so it comes last.
    for new in (OPPOSITE, dict.fromkeys("<>", WINDOW)):
        least = needed if new is OPPOSITE else dict.fromkeys(needed, (CLEARER, WINDOW_GAIN))
        changes = {at: _with(chosen, at, new[chosen[at]]) for at in one_sided}
        gains = {at: judge.gain(chosen, changed) for at, changed in changes.items()}
        helpful = [at for at in one_sided if gains[at].exceeds(*least[at])]
        if helpful:
            return changes[max(helpful, key=lambda at: gains[at].value)]
    return None


def _needed(area: float, error: float) -> tuple[float, float]:
    """Return by how many errors, and by what share of the background, the other side must be better.

    The side is that on which the signal is in the feature alone.
    """
    if abs(area - 0.5) > CLEAR_ALONE:
        return CLEARER, CLEAR_ALONE
    return (CLEARER if abs(area - 0.5) > max(SEEN_ALONE, CLEARER * error) else CLEAR), 0.0


def _best(
    judge: _Judge, chosen: Sequence[str | None], at: int, direction: str, area: tuple[float, float]
) -> str:
    """Return the opposite of a given direction where it is clearly better, else the direction itself."""
    if direction == WINDOW:
        return direction
    other = OPPOSITE[direction]
    # Less is enough where the signal is on the other side in the feature alone.
    distance = 0.5 - area[0] if direction == ">" else area[0] - 0.5
    needed = (CLEARER, TOLD_GAIN)
    if distance > max(SEEN_ALONE, CLEARER * area[1]):
        needed = (0.0, 0.0)
    return other if judge.gain(chosen, _with(chosen, at, other)).exceeds(*needed) else direction


def _with(directions: Sequence[str | None], at: int, direction: str | None) -> list:
    changed = list(directions)
    changed[at] = direction
    return changed


def _sides(directions: Sequence[str | None]) -> list[tuple[int, bool]]:
    """Return the sides of features that are cut, each with its feature and whether it is the high one."""
    return [(at, high) for at, name in enumerate(directions) if name for high in _SIDES[name]]


def _thinned(rows: Integers) -> Integers:
    if len(rows) <= MOST_EVENTS:
        return rows
    return rows[np.linspace(0, len(rows) - 1, MOST_EVENTS).astype(np.intp)]


class _Judge:
    """Compares sets of directions by the background that cuts leave; arguments as in `find_directions`."""

    def __init__(
        self, features: NDArray[np.floating], is_signal: NDArray[np.bool_], weights: Floats, seed: int
    ) -> None:
        bins = np.array([bins_of(column, is_signal) for column in features.T])
        random = np.random.default_rng(seed)
        # Several divisions, since which events find a cut matters as much as which of them it is judged by.
        self._divisions = [_Division(bins, is_signal, weights, random) for _ in range(_N_DIVISIONS)]

    def gain(self, old: Sequence[str | None], new: Sequence[str | None]) -> Gain:
        """Return the gain of a set of directions over another; None is no cut on the feature."""
        gains = [division.gain(old, new) for division in self._divisions]
        # All divisions have the same events.
        return Gain(*np.mean([(gain.value, gain.uncertainty) for gain in gains], axis=0).tolist())

    def free_sides(self, otherwise: Sequence[str]) -> list[str]:
        """Return for each feature the side that removes more background where all may have windows."""
        sides = _sides([WINDOW] * len(otherwise))
        folds = self._divisions[0].folds
        low, high = np.sum([close_cuts(own, other, sides)[1] for own, other, _ in folds], axis=0)
        return [
            known if one == two else ">" if one > two else "<"
            for one, two, known in zip(low, high, otherwise, strict=True)
        ]


class _Division:
    """The events divided into folds: each is judged by cuts that are found with the others.

    Parameters
    ----------
    bins : ndarray of int, shape (n_features, n_events)
    is_signal : ndarray of bool, shape (n_events,)
    weights : ndarray, shape (n_events,)
    random : Generator
    """

    def __init__(
        self,
        bins: NDArray[np.uint8],
        is_signal: NDArray[np.bool_],
        weights: Floats,
        random: np.random.Generator,
    ) -> None:
        #: Group of each event; a fold is some groups. Both have like numbers of each class and sign.
        self._groups = np.zeros(len(weights), dtype=np.intp)
        for of_class in (is_signal, ~is_signal):
            for of_sign in (weights >= 0, weights < 0):
                events = np.flatnonzero(of_class & of_sign)
                self._groups[events] = random.permutation(len(events)) % _N_GROUPS
        self._weights = np.where([is_signal, ~is_signal], weights, 0.0)
        self.folds: list[tuple[BinnedSample, BinnedSample, Integers]] = []
        for fold in range(_N_FOLDS):
            inside = self._groups % _N_FOLDS == fold
            own, other = (BinnedSample(bins[:, of], self._weights[:, of]) for of in (~inside, inside))
            for name, of_own in zip(("signal", "background"), own.weights, strict=True):
                if np.count_nonzero(of_own) < FEWEST_EVENTS or not of_own.sum() > 0:
                    raise TooFewEvents(
                        f"too few training events of {name} to find directions of cuts: give the directions"
                    )
            self.folds.append((own, other, np.flatnonzero(inside)))
        self._few = _FEW * float((self._weights[1] ** 2).sum()) / float(self._weights[1].sum()) ** 2
        self._known: dict[tuple[str | None, ...], Floats] = {}

    def gain(self, old: Sequence[str | None], new: Sequence[str | None]) -> Gain:
        """Return the gain of a set of directions over another, as :meth:`_Judge.gain`."""
        before, after = self._left(old), self._left(new)
        logs = np.log(before + self._few) - np.log(after + self._few)  # (n_groups + 1, n_targets)
        most = np.maximum(before[-1], after[-1])
        # Where nothing is left with either there is nothing to compare.
        shares = most / (most + self._few)
        *without, of_all = logs @ shares / shares.sum()
        ratio = float(np.exp(-of_all))
        return Gain(1 - ratio, ratio * float(np.sqrt((_N_GROUPS - 1) * np.var(without))))

    def _left(self, directions: Sequence[str | None]) -> Floats:
        """Return the background efficiency at the targets, without each group and with all events at last."""
        key = tuple(directions)
        if key not in self._known:
            levels, sides = np.empty(len(self._groups), dtype=np.intp), _sides(directions)
            for own, other, events in self.folds:
                levels[events] = close_cuts(own, other, sides)[0]
            self._known[key] = self._read_off(levels)
        return self._known[key]

    def _read_off(self, levels: Integers) -> Floats:
        of_classes = []
        for weights in self._weights:
            counts = np.bincount(self._groups * (N_LEVELS + 1) + levels, weights, _N_GROUPS * (N_LEVELS + 1))
            counts = counts.reshape(_N_GROUPS, -1)
            counts = np.vstack([counts.sum(axis=0) - counts, counts.sum(axis=0)])
            passing = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
            of_classes.append(np.maximum(passing / passing[:, :1], 0.0))
        signal, background = of_classes
        # Negative weights can make it grow.
        signal = np.minimum.accumulate(np.maximum(signal, 1e-9), axis=1)
        at, logs = np.log(TARGETS), np.log(background + self._few)
        found = [np.interp(at, x[::-1], y[::-1]) for x, y in zip(np.log(signal), logs, strict=True)]
        # No cut at all, or one that ends early, keeps a random choice of the events.
        beyond = np.array(TARGETS) < signal[:, -1:]
        random = background[:, -1:] * np.array(TARGETS) / signal[:, -1:]
        left: Floats = np.where(beyond, random, np.exp(found) - self._few)
        return left
