"""Cuts that are closed step by step, each time where a little signal costs most background."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

#: Levels of the signal efficiency at which events are counted.
N_LEVELS = 1000

#: A step takes this share of the signal lost so far, between these two shares of the signal left.
_STEP_OF_LOST, _SMALLEST_STEP, _LARGEST_STEP = 0.1, 0.003, 0.02
#: Multiples of it that are tried, up to a third of the signal left.
_STEPS = (1, 2, 4, 8, 16)
#: By so much more background for the signal must a larger step remove.
_PATIENCE = 1.5
#: Signal efficiency at which the steps end, and their largest number.
_LAST_EFFICIENCY, _MOST_STEPS = 0.45, 300
#: Bins of like numbers of events of a feature. Odd, so that no bin edge is in the middle of the events.
_N_BINS = 255
#: Share of a bin by which values are drawn to the middle, so that rounding treats both sides alike.
_ROUNDING = 1e-9


def bins_of(values: NDArray[np.floating], is_signal: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the bin of each event by the order of the values, with both classes counting alike."""
    place = np.zeros(len(values))
    for of_class in (is_signal, ~is_signal):
        ordered = np.sort(values[of_class])
        below = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
        place += below / (4 * len(ordered))
    place = 0.5 + (place - 0.5) * (1 - _ROUNDING)
    return (place * _N_BINS).astype(np.uint8)


class BinnedSample:
    """Some of the events, by bins.

    Parameters
    ----------
    bins : ndarray of int, shape (n_features, n_events)
    weights : ndarray, shape (2, n_events)
        Of signal and of background; zero for events of the other class.
    """

    def __init__(self, bins: NDArray[np.uint8], weights: Floats) -> None:
        self.bins, self.weights = bins, weights
        self._places = bins + (np.arange(len(bins)) * _N_BINS)[:, None]
        self.histograms = self.fill(np.arange(bins.shape[1]))

    def fill(self, events: Integers) -> Floats:
        """Return the histograms of some events, shape (2, n_features, n_bins)."""
        n_features, places = len(self.bins), self._places[:, events].ravel()
        filled: Floats = np.array(
            [
                np.bincount(places, np.tile(of_class[events], n_features), n_features * _N_BINS)
                for of_class in self.weights
            ],
            dtype=np.float64,
        )
        return filled.reshape(2, n_features, _N_BINS)


def close_cuts(
    own: BinnedSample, other: BinnedSample, sides: Sequence[tuple[int, bool]]
) -> tuple[Integers, Floats]:
    """Close the cuts step by step for a sample, and judge other events by them.

    Parameters
    ----------
    own, other : BinnedSample
    sides : sequence of tuple
        Feature of each cut, and whether it cuts at the high side.

    Returns
    -------
    tuple of ndarray
        For each of the other events in how small a share of the signal of the sample it last is, as a level
        between 0 and :data:`N_LEVELS`, which is passing all steps; and the background that each side
        removed, in logarithms, of shape (2, n_features).
    """
    n_features, removed = len(own.bins), np.zeros((2, len(own.bins)))
    levels = np.full(other.bins.shape[1], N_LEVELS, dtype=np.intp)
    left, judged = np.arange(own.bins.shape[1]), np.arange(len(levels))
    histograms = own.histograms.copy()
    all_signal = signal = histograms[0, 0].sum()
    which = np.array([at + n_features * high for at, high in sides], dtype=np.intp)
    for _ in range(_MOST_STEPS if sides else 0):
        background = histograms[1, 0].sum()
        if signal <= _LAST_EFFICIENCY * all_signal or not background > 0:
            break
        size = min(max(_STEP_OF_LOST * (1 - signal / all_signal), _SMALLEST_STEP), _LARGEST_STEP)
        # Counted from the open end of each side; (2, n_sides, n_bins).
        from_ends = np.concatenate([histograms, histograms[:, :, ::-1]], axis=1)[:, which].cumsum(axis=-1)
        from_ends /= np.array([signal, background])[:, None, None]
        side, depth, of_background = _best_step(from_ends[0], from_ends[1], size)
        if side < 0:
            break
        at, high = sides[side]
        fails, judged_fails = (
            sample.bins[at, events] >= _N_BINS - 1 - depth if high else sample.bins[at, events] <= depth
            for sample, events in ((own, left), (other, judged))
        )
        removed[int(high), at] += of_background
        histograms -= own.fill(left[fails])
        signal = histograms[0, 0].sum()
        kept = min(max(signal / all_signal, 0.0), 1.0)
        levels[judged[judged_fails]] = int((1 - kept) * (N_LEVELS - 1))
        left, judged = left[~fails], judged[~judged_fails]
    return levels, removed


def _best_step(signal: Floats, background: Floats, size: float) -> tuple[int, int, float]:
    """Return the side to close, the last bin that then fails, and what it removes; a side of -1 for none.

    Parameters
    ----------
    signal, background : ndarray, shape (n_sides, n_bins)
        Shares of the events in the bins up to each, from the open end on.
    size : float
        Share of the signal of a small step.
    """
    sides = np.arange(len(signal))
    # Larger steps see over signal behind which there is background. One bin less is almost free of signal.
    full = np.array([(signal >= size * factor).argmax(axis=1) for factor in _STEPS])
    depths = np.concatenate([full, np.maximum(full - 1, 0)])
    of_signal, of_background = (
        -np.log(np.maximum(1 - one[sides, depths], 1e-9)) for one in (signal, background)
    )
    # The least price: a single event of background is not worth any number of steps.
    rates = of_background / np.maximum(of_signal, 0.1 * size)
    rates /= np.tile([1.0, *[_PATIENCE] * (len(_STEPS) - 1)], 2)[:, None]
    # Nor may a step take all signal, or a bin that is not there.
    rates[signal[sides, depths] >= 1 - 1e-9] = -np.inf
    rates[len(full) :][full == 0] = -np.inf
    best = int(rates.argmax())
    if not rates.flat[best] > 1e-9:
        # Nothing removes background: go on to less signal, all the same.
        best = int(rates[0].argmax())
        if not np.isfinite(rates[0, best]):
            return -1, 0, 0.0
    row, side = divmod(best, len(sides))
    return side, int(depths[row, side]), float(of_background[row, side])
