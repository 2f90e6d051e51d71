"""The ROC curve of a score or a feature, and the area under it with its statistical error.

The area is the probability that the value of a signal event is larger than that of a background event.

References
----------
J. A. Hanley, B. J. McNeil, The meaning and use of the area under a receiver operating characteristic (ROC)
curve, Radiology 143 (1982) 29.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def roc_curve(
    is_signal: NDArray[np.bool_], scores: NDArray[np.floating], weights: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ROC curve of a score, as scikit-learn's ``roc_curve`` does, whose import takes a second.

    Parameters
    ----------
    is_signal : ndarray of bool, shape (n_events,)
    scores, weights : ndarray, shape (n_events,)
        The sum of the weights of each class is positive.

    Returns
    -------
    tuple of ndarray, each of shape (n_points,)
        Efficiencies of background and signal, from (0, 0) to (1, 1), without points between two others on a
        vertical or horizontal line. The area under the straight lines through them is :func:`roc_area`. With
        negative weights the curve can go back or leave the unit square; the area stays the weighted share of
        the pairs of signal and background in which the signal has the larger score.

    Raises
    ------
    ValueError
        If a score is NaN or infinite.
    """
    if not np.isfinite(scores).all():
        raise ValueError("a score is NaN or infinite: train the model again, with a lower learning rate")
    weighted = weights != 0
    is_signal, scores, weights = is_signal[weighted], scores[weighted], weights[weighted].astype(np.float64)
    order = np.argsort(-scores, kind="stable")
    # One point for all events of the same score.
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    signal, background = (
        np.cumsum(of_class[order] * weights[order], dtype=np.float64)[last]
        for of_class in (is_signal, ~is_signal)
    )
    if len(last) > 2:
        corner = (np.diff(signal, 2) != 0) | (np.diff(background, 2) != 0)
        kept = np.concatenate([[True], corner, [True]])
        signal, background = signal[kept], background[kept]
    return (
        np.concatenate([[0.0], background]) / background[-1],
        np.concatenate([[0.0], signal]) / signal[-1],
    )


def roc_area(
    is_signal: NDArray[np.bool_], scores: NDArray[np.floating], weights: NDArray[np.floating]
) -> float:
    """Return the area under the ROC curve of a score; arguments as in :func:`roc_curve`."""
    background, signal = roc_curve(is_signal, scores, weights)
    return float(np.trapezoid(signal, background))


def roc_area_with_error(
    is_signal: NDArray[np.bool_], values: NDArray[np.floating], weights: NDArray[np.floating]
) -> tuple[float, float]:
    """Return the area and its standard deviation, from the share of the other class below each event.

    Parameters
    ----------
    is_signal : ndarray of bool, shape (n_events,)
    values : ndarray, shape (n_events,)
        Equal values of both classes count half.
    weights : ndarray, shape (n_events,)
        Signed weights too.
    """
    shares, of_classes = [], [values[of_class] for of_class in (is_signal, ~is_signal)]
    own = [weights[of_class] / weights[of_class].sum() for of_class in (is_signal, ~is_signal)]
    for one, other, share in zip(of_classes, of_classes[::-1], own[::-1], strict=True):
        order = np.argsort(other, kind="stable")
        below = np.concatenate([[0.0], share[order].cumsum()])
        low, high = (np.searchsorted(other[order], one, side=side) for side in ("left", "right"))
        shares.append((below[low] + below[high]) / 2)
    area = float(own[0] @ shares[0])
    variance = own[0] ** 2 @ (shares[0] - area) ** 2 + own[1] ** 2 @ (1 - shares[1] - area) ** 2
    return area, float(np.sqrt(variance))


def expected_error(area: float, n_signal: int, n_background: int) -> float:
    """Return the standard deviation of an area that so many unweighted events would have.

    After Hanley and McNeil (1982), for exponential distributions; exact without separation, where it is 0.5.
    """
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (area * (1 - area) + (n_signal - 1) * (q1 - area**2) + (n_background - 1) * (q2 - area**2)) / (
        n_signal * n_background
    )
    return math.sqrt(max(variance, 0.0))
