"""Efficiencies of the hard cuts on both classes, with uncertainties."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .numbers import SIGN_OF_DIRECTION

#: Relative rounding difference of sums that are added in different orders.
ROUNDING = 1e-9


@dataclass(frozen=True)
class CutEfficiencies:
    """Efficiencies of selections; a selection is a row.

    Parameters
    ----------
    signal, background : ndarray, shape (n_rows,)
        In [0, 1]; with negative weights they can fluctuate beyond.
    signal_uncertainty, background_uncertainty : ndarray, shape (n_rows,)
        One standard deviation; binomial for equal weights.
    """

    signal: NDArray[np.float64]
    signal_uncertainty: NDArray[np.float64]
    background: NDArray[np.float64]
    background_uncertainty: NDArray[np.float64]


def passes_cuts(
    features: NDArray[np.floating], cuts: NDArray[np.floating], directions: Sequence[str]
) -> NDArray[np.bool_]:
    """Apply hard cuts.

    Parameters
    ----------
    features : ndarray, shape (n_events, n_features)
    cuts : ndarray, shape (n_rows, n_features)
        In the units of the features.
    directions : sequence of str, length n_features
        ``>`` keeps events above the cut, ``<`` events below it.

    Returns
    -------
    ndarray of bool, shape (n_events, n_rows)
        True where an event passes every cut of a row.

    Raises
    ------
    ValueError
        If a direction is unknown or a length differs.
    """
    unknown = [direction for direction in directions if direction not in SIGN_OF_DIRECTION]
    if unknown:
        raise ValueError(f"unknown direction {unknown[0]!r} of a cut: '>' or '<'")
    if not features.shape[1] == cuts.shape[1] == len(directions):
        raise ValueError(
            f"{features.shape[1]} features, {cuts.shape[1]} cuts and {len(directions)} directions do not fit"
        )
    passed = np.ones((len(features), len(cuts)), dtype=bool)
    for column, direction in enumerate(directions):
        values, thresholds = features[:, column, None], cuts[None, :, column]
        passed &= values > thresholds if direction == ">" else values < thresholds
    return passed


def effective_events(
    total: float | NDArray[np.float64], squares: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the number of events of equal weights that have the statistical error of others; 0 of none.

    Parameters
    ----------
    total, squares : float or ndarray
        Sum of the weights of the others, and of their squares.
    """
    none = np.zeros(np.shape(squares))
    return np.asarray(np.divide(total**2, squares, out=none, where=np.asarray(squares) > 0))


def efficiency_error(efficiency: float, events: float) -> float:
    """Return the standard deviation of an efficiency that a number of events would have.

    Parameters
    ----------
    efficiency : float
        Values beyond [0, 1] count as 0 or 1.
    events : float
        The number, as :func:`effective_events` returns it; the error of none is infinite.
    """
    inside = min(max(efficiency, 0.0), 1.0)
    return math.sqrt(inside * (1 - inside) / events) if events else math.inf


def hard_cut_efficiencies(
    passed: NDArray[np.bool_], is_signal: NDArray[np.bool_], weights: NDArray[np.floating]
) -> CutEfficiencies:
    """Return the efficiencies of selections.

    Parameters
    ----------
    passed : ndarray of bool, shape (n_events, n_rows)
    is_signal : ndarray of bool, shape (n_events,)
    weights : ndarray, shape (n_events,)

    Returns
    -------
    CutEfficiencies

    Raises
    ------
    ValueError
        If the sum of the weights of a class is not positive.
    """
    sums, totals, passing_squares, failing_squares = [], [], [], []
    for of_class in (is_signal, ~is_signal):
        of_events, passing = weights[of_class], passed[of_class]
        squares = np.square(of_events, dtype=np.float64)[:, None]
        sums.append((of_events[:, None] * passing).sum(axis=0, dtype=np.float64))
        totals.append(of_events.sum(dtype=np.float64))
        passing_squares.append((squares * passing).sum(axis=0))
        failing_squares.append((squares * ~passing).sum(axis=0))
    return efficiencies_of_sums(
        np.array(sums), np.array(totals), np.array(passing_squares), np.array(failing_squares)
    )


def efficiencies_of_sums(
    passing: NDArray[np.float64],
    totals: NDArray[np.float64],
    passing_squares: NDArray[np.float64],
    failing_squares: NDArray[np.float64],
) -> CutEfficiencies:
    """Return the efficiencies of selections from sums over the events of signal and background.

    Parameters
    ----------
    passing : ndarray, shape (2, n_rows)
        Sums of the weights of passing events.
    totals : ndarray, shape (2,)
        Sums of all weights.
    passing_squares, failing_squares : ndarray, shape (2, n_rows)
        Sums of the squares of the weights of the events that pass and that fail.

    Raises
    ------
    ValueError
        If the sum of the weights of a class is not positive.
    """
    for name, total in zip(("signal", "background"), totals, strict=True):
        if total < 0:
            raise ValueError(
                f"the weights of the {name} events sum to {total:g}: their efficiency is undefined, give more"
            )
        if not total > 0:
            raise ValueError(f"no {name} event with a positive weight: its efficiency is undefined")
    efficiencies, uncertainties = weighted_efficiencies(passing, totals, passing_squares, failing_squares)
    return CutEfficiencies(efficiencies[0], uncertainties[0], efficiencies[1], uncertainties[1])


def weighted_efficiencies(
    passing: NDArray[np.float64],
    totals: NDArray[np.float64],
    passing_squares: NDArray[np.float64],
    failing_squares: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Return the efficiencies of selections on any number of samples, and their standard deviations.

    An efficiency :math:`e` with the sum :math:`W` of all weights has the variance

    .. math:: \left[(1-e)^2\sum_\mathrm{pass}w^2+e^2\sum_\mathrm{fail}w^2\right]/W^2

    which is the binomial one if all weights are equal.

    Parameters
    ----------
    passing : ndarray, shape (n_samples, n_rows)
        Sums of the weights of passing events.
    totals : ndarray, shape (n_samples,)
        Sums of all weights.
    passing_squares, failing_squares : ndarray, shape (n_samples, n_rows)
        Sums of the squares of the weights of the events that pass and that fail.

    Returns
    -------
    tuple of ndarray, each of shape (n_samples, n_rows)
        NaN for a sample whose weights have no positive sum.
    """
    wholes = np.where(totals > 0, totals, np.nan)[:, None]
    efficiencies = passing / wholes
    # The sums are added in different orders: if all events pass, rounding can make their ratio exceed 1.
    efficiencies[(efficiencies > 1) & (efficiencies < 1 + ROUNDING)] = 1.0
    squares = passing_squares + failing_squares
    variances = ((1 - efficiencies) ** 2 * passing_squares + efficiencies**2 * failing_squares) / wholes**2
    # The same number for equal weights, without the rounding of two terms.
    equal = passing_squares * wholes == passing * squares
    binomial = efficiencies * (1 - efficiencies) / (wholes**2 / squares)
    return efficiencies, np.sqrt(np.where(equal & (binomial >= 0), binomial, variances))
