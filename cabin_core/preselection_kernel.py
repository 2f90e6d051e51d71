r"""The logarithm of a product of sigmoids, and its gradient, in float32 over blocks of events.

numba compiles this module; it contains no torch. With :math:`e_f=\exp(-|z_f|)` the logarithm is
:math:`\sum_f\min(z_f,0)-\ln\prod_f(1+e_f)`, where each factor of the product lies between 1 and 2. So
nothing underflows, and a logarithm is needed once an event.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compilation import exact, in_any_order
from .kernel_numbers import numbers_of

Array = NDArray[np.floating[Any]]

#: Number of events in a block.
BLOCK = 512

_ONE, _HALF, _ZERO = np.float32(1.0), np.float32(0.5), np.float32(0.0)
#: Below it the exponential counts as that of this number, 1.6e-38.
_LOWEST = np.float32(-87.0)
_NUMBERS = numbers_of(np.dtype(np.float32), of_signal=True)
_LOG2_E, _LN2_HIGH, _LN2_LOW = _NUMBERS.log2e, _NUMBERS.ln2_high, _NUMBERS.ln2_low
_SERIES = _NUMBERS.exponential


@exact
def exp_of_negative(value: np.float32) -> np.float32:
    """Return the exponential of a number that is not positive, by what becomes vector instructions."""
    x = max(value, _LOWEST)
    n = np.floor(x * _LOG2_E + _HALF)
    x = x - n * _LN2_HIGH - n * _LN2_LOW
    series = _SERIES[-1]
    for power_of in range(len(_SERIES) - 2, -1, -1):
        series = _SERIES[power_of] + x * series
    # 2^n by its bits.
    power = np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)
    result: np.float32 = (series * x * x + x + _ONE) * power
    return result


@in_any_order
def log_scores(features: Array, weights: Array, biases: Array, scale: np.float32) -> Array:
    """Return the logarithms of the scores, shape (n_rows, n_events).

    Parameters
    ----------
    features : ndarray, shape (n_features, n_events)
    weights : ndarray, shape (n_edges,)
        Edge ``i`` is that of feature ``i % n_features``.
    biases : ndarray, shape (n_rows, n_edges)
    scale : float
        Sharpness of the sigmoids.
    """
    n_rows, n_edges = biases.shape
    n_features, n_events = features.shape
    result = np.empty((n_rows, n_events), np.float32)
    lowest, product = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    for first in range(0, n_events, BLOCK):
        size = min(BLOCK, n_events - first)
        for row in range(n_rows):
            lowest[:] = _ZERO
            product[:] = _ONE
            for edge in range(n_edges):
                values = features[edge % n_features, first : first + size]
                weight, bias = weights[edge], biases[row, edge]
                for e in range(size):
                    margin = scale * (values[e] * weight + bias)
                    lowest[e] += min(margin, _ZERO)
                    product[e] *= _ONE + exp_of_negative(-abs(margin))
            out = result[row, first : first + size]
            for e in range(size):
                out[e] = lowest[e] - np.log(product[e])
    return result


@in_any_order
def gradient(features: Array, weights: Array, biases: Array, scale: np.float32, slopes: Array) -> Array:
    """Return the gradient with respect to the biases, shape (n_rows, n_edges), summed in float64.

    Parameters
    ----------
    features, weights, biases, scale
        As in :func:`log_scores`.
    slopes : ndarray, shape (n_rows, n_events)
        Gradient with respect to the logarithms.
    """
    n_rows, n_edges = biases.shape
    n_features, n_events = features.shape
    sums = np.zeros((n_rows, n_edges), np.float64)
    for first in range(0, n_events, BLOCK):
        size = min(BLOCK, n_events - first)
        for row in range(n_rows):
            slope = slopes[row, first : first + size]
            for edge in range(n_edges):
                values = features[edge % n_features, first : first + size]
                weight, bias = weights[edge], biases[row, edge]
                total = _ZERO
                for e in range(size):
                    margin = scale * (values[e] * weight + bias)
                    small = exp_of_negative(-abs(margin))
                    # The derivative of the logarithm of a sigmoid is the sigmoid of the other sign.
                    total += slope[e] * ((small if margin > _ZERO else _ONE) / (_ONE + small))
                sums[row, edge] += total
    return (sums * scale).astype(np.float32)
