"""Counting of events inside many boxes at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

#: Range of the edges, in standard deviations of a normal distribution with the same number of events.
_REACH = 4.0
#: Number of boxes that are counted at once, so small that their events stay in the processor's cache.
_AT_ONCE = 64
#: Memory of the edges that are made at once [bytes], one for each event: bits take an eighth of that.
_BYTES = 2**26
#: Largest number of different weights in a class; more are put into this many groups with mean weights.
_MOST_WEIGHTS = 64


class BoxCounter:
    """The efficiencies of boxes, with two edges in each feature, on a sample of events.

    The possible edges lie between the values of the events, at the quantiles of even steps of a normal
    distribution, so that the tails of a feature have as many edges as its core. For each edge and event one
    bit says whether the event is above the edge, so a box needs only a few operations on words of 64 events.

    Parameters
    ----------
    features : ndarray, shape (n_events, n_features)
        In physical units.
    is_signal : ndarray of bool, shape (n_events,)
    weights : ndarray, shape (n_events,)
        If a class has more than 64 different weights, they are rounded to 64 values.
    n_edges : int
        Number of edges of each feature; fewer if the feature has fewer values.

    Attributes
    ----------
    edges : list of ndarray
        Edges of each feature in increasing order, with -infinity and infinity, which cut nothing.
    """

    def __init__(
        self,
        features: NDArray[np.floating],
        is_signal: NDArray[np.bool_],
        weights: NDArray[np.floating],
        n_edges: int,
    ) -> None:
        self.edges = [_edges_between(values, n_edges) for values in features.T]
        places, self._word_weights = _place_events(is_signal, np.asarray(weights, dtype=float))
        n_words = len(self._word_weights)
        self._above = [
            _pack(values, edges, places, n_words)
            for values, edges in zip(features.T, self.edges, strict=True)
        ]
        self._totals = np.array([weights[is_signal].sum(dtype=float), weights[~is_signal].sum(dtype=float)])

    def efficiencies(
        self, low: NDArray[np.integer], high: NDArray[np.integer]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return signal and background efficiency of boxes, each of shape (n_boxes,).

        An efficiency below zero, a fluctuation of negative weights, counts as zero.

        Parameters
        ----------
        low, high : ndarray of int, shape (n_boxes, n_features)
            Indices of the edges in :attr:`edges`; the lower edge must not lie above the upper one.
        """
        parts = [
            self._count(low[start : start + _AT_ONCE], high[start : start + _AT_ONCE])
            for start in range(0, len(low), _AT_ONCE)
        ]
        signal, background = np.maximum(np.concatenate(parts) / self._totals, 0.0).T
        return signal, background

    def _count(self, low: NDArray[np.integer], high: NDArray[np.integer]) -> NDArray[np.float64]:
        inside: NDArray[np.uint64] = np.full((len(low), len(self._word_weights)), ~np.uint64(0))
        for column, above in enumerate(self._above):
            # Above the lower edge, but not above the upper one.
            between = above[low[:, column]]
            between ^= above[high[:, column]]
            inside &= between
        counted: NDArray[np.float64] = np.bitwise_count(inside) @ self._word_weights
        return counted


def _edges_between(values: NDArray[np.floating], n_edges: int) -> NDArray[np.float64]:
    """Return edges halfway between values, between -infinity and infinity."""
    distinct, counts = np.unique(np.asarray(values, dtype=float), return_counts=True)
    below = counts.cumsum()[:-1] / counts.sum()  # fraction of the events below each gap
    gaps = distinct[:-1] + np.diff(distinct) / 2
    if len(gaps) > n_edges:
        wanted = ndtr(np.linspace(-_REACH, _REACH, n_edges))
        gaps = np.unique(gaps[np.searchsorted(below, wanted).clip(0, len(gaps) - 1)])
    return np.concatenate([[-np.inf], gaps, [np.inf]])


def _place_events(
    is_signal: NDArray[np.bool_], weights: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the bit of each event, and the weights of signal and background of each word of 64 bits.

    The events of a class with the same weight share words of 64 bits; remaining bits stay empty.
    """
    places = np.empty(len(weights), dtype=np.intp)
    word_weights: list[list[float]] = []
    for column, of_class in enumerate((is_signal, ~is_signal)):
        for events in _of_one_weight(np.flatnonzero(of_class), weights):
            places[events] = 64 * len(word_weights) + np.arange(len(events))
            row = [0.0, 0.0]
            row[column] = float(weights[events].mean())
            word_weights += [row] * -(-len(events) // 64)
    return places, np.array(word_weights)


def _of_one_weight(events: NDArray[np.intp], weights: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    distinct, inverse = np.unique(weights[events], return_inverse=True)
    if len(distinct) <= _MOST_WEIGHTS:
        return [events[inverse == position] for position in range(len(distinct))]
    ordered = events[np.argsort(weights[events], kind="stable")]
    return list(np.array_split(ordered, _MOST_WEIGHTS))


def _pack(
    values: NDArray[np.floating], edges: NDArray[np.float64], places: NDArray[np.intp], n_words: int
) -> NDArray[np.uint64]:
    """Return whether events are above each edge, shape (n_edges, n_words)."""
    above = np.empty((len(edges), n_words), dtype=np.uint64)
    step = max(1, _BYTES // (64 * n_words))
    for start in range(0, len(edges), step):
        some = edges[start : start + step]
        bits = np.zeros((len(some), 64 * n_words), dtype=bool)
        bits[:, places] = values[None, :] > some[:, None]
        above[start : start + step] = np.packbits(bits, axis=1).view(np.uint64)
    return above
