r"""One pass over a block of events: sums over the events and their derivatives with respect to the cuts.

With :math:`t_f=e^{-a(w_f x_f+b_f)}` the score is :math:`p=1/\prod_f(1+t_f)`. Its derivative by a bias is
:math:`a\,p\,t_f/(1+t_f)`. A block of events is small enough to stay in the cache:

1. :math:`t_f` is a product of a factor of the event, one exponential for many rows, and one of the row.
2. Forwards over the edges, :math:`M\leftarrow M+t_f(1+M)` ends at :math:`1/p-1`. This keeps its digits for
   events deep inside the cuts, as :math:`1+t_f` would not. All :math:`M` on the way are kept.
3. Backwards, with the product of the remaining edges, a derivative costs a few multiplications.

Every number in between is a normal one, in float32 too, see :class:`~cabin_core.kernel_numbers.Numbers`.

A feature contributes only :math:`t_f`, its odds to fail. One with another factor than one or two sigmoids
needs another expression there, and its derivative: outside a window the factor is
:math:`1-(1-s_1)(1-s_2)`, with the odds :math:`t_1 t_2/(1+t_1+t_2)`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compilation import exact, in_any_order, of_bits, to_bits
from .kernel_numbers import Numbers

Array = NDArray[Any]

#: Memory of a block, which stays in the second cache of a core [bytes], and bounds of its number of events.
CACHE, SMALLEST_BLOCK, LARGEST_BLOCK = 2**18, 64, 512
#: Rows of the exponentials of a block behind those of the edges: the factor of the score that is cut off
#: from the exponentials, its negative logarithm, and the least inverse of a product that is not zero.
FAINT, BEYOND, LEAST = -3, -2, -1
#: Number of these rows.
BEHIND = 3


@exact
def _exponential(value: Any, k: Numbers) -> Any:
    """Return the exponential of a value between ``lowest`` and ``highest``; the lowest gives 0."""
    c = k.exponential
    shifted = value * k.log2e + k.magic
    whole = shifted - k.magic
    rest = (value - whole * k.ln2_high) - whole * k.ln2_low
    h = c[-1]
    for power_of in range(len(c) - 2, -1, -1):
        h = c[power_of] + rest * h
    h = k.one + rest * (k.one + rest * h)
    power = of_bits(to_bits(h) + (to_bits(shifted) << k.mantissa), h)
    return power if value > k.lowest else k.zero


@exact
def _logarithm(value: Any, k: Numbers) -> Any:
    """Return the logarithm of a positive normal number over ``unit``."""
    c = k.logarithm
    exponent = (to_bits(value) - k.root_half_bits) >> k.mantissa
    f = of_bits(to_bits(value) - (exponent << k.mantissa), value) - k.one
    whole = of_bits(exponent + k.magic_bits, value) - k.magic - k.unit_exponent
    s = f / (k.two + f)
    z = s * s
    h = c[-1]
    for power_of in range(len(c) - 2, -1, -1):
        h = c[power_of] + z * h
    return whole * k.ln2_high + (k.two * s + (s * (z * h) + whole * k.ln2_low))


@exact
def _fill(
    x: Array,
    edge_features: Array,
    edge_weights: Array,
    sharpness: Any,
    shifts: Array,
    start: int,
    n: int,
    odds: Array,
    first: int,
    k: Numbers,
) -> None:
    """Write the exponentials of events at all edges, and the three rows behind them."""
    n_edges = len(edge_features)
    last = first + n
    faint, beyond, least = (
        odds[FAINT, first:last],
        odds[BEYOND, first:last],
        odds[LEAST, first:last],
    )
    for e in range(n):
        beyond[e] = k.zero
    for f in range(n_edges):
        column, out = x[edge_features[f], start : start + n], odds[f, first:last]
        weight, shift = edge_weights[f], shifts[f]
        for e in range(n):
            exponent = max(-sharpness * (weight * column[e] + shift), k.lowest)
            inside = min(exponent, k.highest)
            beyond[e] += exponent - inside
            out[e] = inside
        for e in range(n):
            out[e] = _exponential(out[e], k)
    for f in range(n_edges, len(odds) - BEHIND):
        for e in range(n):
            odds[f, first + e] = k.zero
    for e in range(n):
        factor = _exponential(max(-beyond[e], k.lowest), k)
        faint[e] = factor
        least[e] = min(k.least / max(factor, k.least), k.two) / k.unit


@exact
def _score(product: Any, faint: Any, least: Any, k: Numbers) -> tuple[Any, Any, Any, Any]:
    """Return what the product starts with, its inverse, what the backward pass starts with, and the score."""
    whole = k.unit + product
    inverse = k.one / whole
    alive = inverse if inverse >= least else k.zero
    return whole, inverse, k.lift * alive, k.unit * alive * faint


@exact
def _entropy_of_signal(
    product: Any, whole: Any, inverse: Any, p: Any, faint: Any, beyond: Any, k: Numbers
) -> tuple[Any, Any]:
    """Return the cross-entropy, minus the logarithm of the score, and its weight in the derivative."""
    rest = (product - (whole - k.unit)) * inverse + beyond
    failed = (product + k.unit * (k.one - faint)) * inverse
    return _logarithm(whole, k) + rest, -min(k.one, p * failed * k.most_slope)


@exact
def _entropy_of_background(product: Any, inverse: Any, p: Any, faint: Any, k: Numbers) -> tuple[Any, Any]:
    """Return the same for the background, whose cross-entropy is minus the logarithm of 1 - p."""
    failed = (product + k.unit * (k.one - faint)) * inverse
    certain = failed <= k.half_ulp
    rest = (k.one - failed) - p if p < k.half else k.zero
    entropy = -_logarithm(k.one if certain else failed, k) - rest
    entropy = k.largest_entropy if certain else entropy
    variance = k.zero if certain else p * failed
    return entropy, p * (p / max(variance, k.least_variance))  # a square can be too small for a normal number


@exact
def _longer(product: Any, odd: Any, so_far: Any, largest: Any) -> Any:
    # In this order an infinite number meets no zero.
    return min(product + odd * so_far, largest)


@exact
def _share(part: Any, before: Any, unit: Any) -> Any:
    return part * (unit + before)


@exact
def _end(
    product: Array,
    faint: Array,
    beyond: Array,
    least: Array,
    weights: Array,
    after: Array,
    score: Array,
    entropy: Array,
    n: int,
    k: Numbers,
) -> None:
    """Write what the backward pass starts with, and weight times score, where the products end."""
    for e in range(n):
        _, _, after[e], p = _score(product[e], faint[e], least[e], k)
        score[e] = weights[e] * p


@in_any_order
def _end_signal(
    product: Array,
    faint: Array,
    beyond: Array,
    least: Array,
    weights: Array,
    after: Array,
    score: Array,
    entropy: Array,
    n: int,
    k: Numbers,
) -> Any:
    """Write the same and the weight in the derivative of the cross-entropy, and return its sum."""
    total = k.zero
    for e in range(n):
        whole, inverse, after[e], p = _score(product[e], faint[e], least[e], k)
        value, slope = _entropy_of_signal(product[e], whole, inverse, p, faint[e], beyond[e], k)
        score[e] = weights[e] * p
        entropy[e] = weights[e] * slope
        total += weights[e] * max(min(value, k.largest_entropy), k.zero)
    return total


@in_any_order
def _end_background(
    product: Array,
    faint: Array,
    beyond: Array,
    least: Array,
    weights: Array,
    after: Array,
    score: Array,
    entropy: Array,
    n: int,
    k: Numbers,
) -> Any:
    """Do the same for the background."""
    total = k.zero
    for e in range(n):
        _, inverse, after[e], p = _score(product[e], faint[e], least[e], k)
        value, slope = _entropy_of_background(product[e], inverse, p, faint[e], k)
        score[e] = weights[e] * p
        entropy[e] = weights[e] * slope
        total += weights[e] * max(min(value, k.largest_entropy), k.zero)
    return total


@in_any_order
def _total(values: Array, n: int, k: Numbers) -> Any:
    total = k.zero
    for e in range(n):
        total += values[e]
    return total


@in_any_order
def add_events(
    x: Array,
    weights: Array,
    edge_features: Array,
    edge_weights: Array,
    sharpness: Any,
    first_rows: Array,
    shifts: Array,
    of_rows: Array,
    of_signal: bool,
    with_entropy: bool,
    with_gradient: bool,
    fill: bool,
    k: Numbers,
    odds: Array,
    products: Array,
    work: Array,
    sums: Array,
    gradients: Array,
) -> None:
    """Add the sums over events of one class; see :func:`cabin_core.kernel_rows.sum_events`.

    Parameters
    ----------
    x : array, shape (n_features, n_events)
    weights : array, shape (n_events,)
    edge_features, edge_weights : array, shape (n_edges,)
    sharpness : float
    first_rows : array of int, shape (n_groups + 1,)
    shifts : array, shape (n_groups, n_edges)
    of_rows : array, shape (n_rows, n_padded)
        Padded to an even number of edges.
    of_signal, with_entropy, with_gradient : bool
    fill : bool
        Whether the exponentials are to be computed.
    k : Numbers
    odds : array, shape (n_groups, n_padded + 3, n_events) or (1, n_padded + 3, block)
        Exponentials of all events, or room for those of a block.
    products : array, shape (n_padded + 1, block)
    work : array, shape (3, block)
    sums : array, shape (2, n_rows)
    gradients : array, shape (2, n_rows, n_padded)
        Of the derivatives by the biases.
    """
    n_padded, block = len(products) - 1, products.shape[1]
    zero, unit, largest = k.zero, k.unit, k.largest
    after, score, entropy = work[0], work[1], work[2]
    kept = odds.shape[2] > block
    of_share = np.float64(sharpness) / k.lift
    for start in range(0, x.shape[1], block):
        n = min(block, x.shape[1] - start)
        first = start if kept else 0
        last = first + n
        w = weights[start : start + n]
        for group in range(len(first_rows) - 1):
            of_events = odds[group if kept else 0]
            if fill:
                _fill(x, edge_features, edge_weights, sharpness, shifts[group], start, n, of_events, first, k)
            faint, beyond = of_events[FAINT, first:last], of_events[BEYOND, first:last]
            least = of_events[LEAST, first:last]
            for row in range(first_rows[group], first_rows[group + 1]):
                for e in range(n):
                    products[0, e] = zero
                for f in range(0, n_padded, 2):
                    one, other = of_rows[row, f], of_rows[row, f + 1]
                    odd, next_odd = of_events[f, first:last], of_events[f + 1, first:last]
                    before, between, behind = products[f], products[f + 1], products[f + 2]
                    for e in range(n):
                        so_far = before[e]
                        so_far = _longer(so_far, odd[e] * one, unit + so_far, largest)
                        between[e] = so_far
                        behind[e] = _longer(so_far, next_odd[e] * other, unit + so_far, largest)
                ends = products[n_padded], faint, beyond, least, w, after, score, entropy
                if not with_entropy:
                    _end(*ends, n, k)
                elif of_signal:
                    sums[1, row] += _end_signal(*ends, n, k)
                else:
                    sums[1, row] += _end_background(*ends, n, k)
                sums[0, row] += _total(score, n, k)
                if not with_gradient:
                    continue
                for f in range(n_padded - 2, -1, -2):
                    one, other = of_rows[row, f], of_rows[row, f + 1]
                    odd, next_odd = of_events[f, first:last], of_events[f + 1, first:last]
                    before, between = products[f], products[f + 1]
                    of_score, of_entropy, of_next_score, of_next_entropy = zero, zero, zero, zero
                    if with_entropy:
                        for e in range(n):
                            rest = after[e]
                            part = rest * next_odd[e]
                            share = _share(part, between[e], unit)
                            of_next_score += score[e] * share
                            of_next_entropy += entropy[e] * share
                            rest += part * other
                            part = rest * odd[e]
                            share = _share(part, before[e], unit)
                            of_score += score[e] * share
                            of_entropy += entropy[e] * share
                            after[e] = rest + part * one
                    else:
                        for e in range(n):
                            rest = after[e]
                            part = rest * next_odd[e]
                            of_next_score += score[e] * _share(part, between[e], unit)
                            rest += part * other
                            part = rest * odd[e]
                            of_score += score[e] * _share(part, before[e], unit)
                            after[e] = rest + part * one
                    gradients[0, row, f] += of_share * one * of_score
                    gradients[1, row, f] += of_share * one * of_entropy
                    gradients[0, row, f + 1] += of_share * other * of_next_score
                    gradients[1, row, f + 1] += of_share * other * of_next_entropy
