"""Efficiencies of the hard cuts on both classes, with binomial uncertainties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .numbers import SIGN_OF_DIRECTION


@dataclass(frozen=True)
class CutEfficiencies:
    """Efficiencies of selections, each in [0, 1]; a selection is a row.

    Parameters
    ----------
    signal, background : ndarray, shape (n_rows,)
    signal_uncertainty, background_uncertainty : ndarray, shape (n_rows,)
        Binomial uncertainties, one standard deviation, from the effective number of weighted events.
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
        If a class has no event with a positive weight.
    """
    sums, totals, squares = [], [], []
    for of_class in (is_signal, ~is_signal):
        of_events = weights[of_class]
        sums.append((of_events[:, None] * passed[of_class]).sum(axis=0, dtype=np.float64))
        totals.append(of_events.sum(dtype=np.float64))
        squares.append(np.square(of_events, dtype=np.float64).sum())
    return efficiencies_of_sums(np.array(sums), np.array(totals), np.array(squares))


def efficiencies_of_sums(
    passing: NDArray[np.float64], totals: NDArray[np.float64], squares: NDArray[np.float64]
) -> CutEfficiencies:
    """Return the efficiencies of selections from sums over the events of signal and background.

    Parameters
    ----------
    passing : ndarray, shape (2, n_rows)
        Sums of the weights of passing events.
    totals, squares : ndarray, shape (2,)
        Sums of all weights and of their squares.

    Raises
    ------
    ValueError
        If a class has no event with a positive weight.
    """
    for name, total in zip(("signal", "background"), totals, strict=True):
        if not total > 0:
            raise ValueError(f"no {name} event with a positive weight: its efficiency is undefined")
    # The sums are added in different orders: if all events pass, rounding can make their ratio exceed 1.
    efficiencies = np.minimum(passing / totals[:, None], 1.0)
    effective_events = totals**2 / squares
    uncertainties = np.sqrt(efficiencies * (1 - efficiencies) / effective_events[:, None])
    return CutEfficiencies(efficiencies[0], uncertainties[0], efficiencies[1], uncertainties[1])
