r"""One pass over a block of events: sums over the events and their derivatives with respect to the cuts.

With :math:`t_f=e^{-a(w_f x_f+b_f)}` the score is :math:`p=1/\prod_f(1+t_f)`. Its derivative by a bias is
:math:`a\,p\,t_f/(1+t_f)`. A block of events is small enough to stay in the cache:

1. :math:`t_f` is a product of a factor of the event, one exponential for many rows, and one of the row.
2. Forwards over the edges, :math:`M\leftarrow M+t_f(1+M)` ends at :math:`1/p-1`. This keeps its digits for
   events deep inside the cuts, as :math:`1+t_f` would not. The products so far are kept.
3. Backwards, with the product of the remaining edges, a derivative costs a few multiplications.

Every number in between is a normal one, in float32 too, see :class:`~cabin_core.kernel_numbers.Numbers`.

A feature contributes only :math:`t_f`, its odds to fail. One with another factor than one or two sigmoids
needs another expression there, and its derivative: outside a window the factor is
:math:`1-(1-s_1)(1-s_2)`, with the odds :math:`t_1 t_2/(1+t_1+t_2)`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .kernel_numbers import Numbers, numbers_of

# Compiled code goes to the folder that a workflow names, or to the user's cache; never beside the source.
os.environ.setdefault("NUMBA_CACHE_LOCATOR_CLASSES", "UserProvidedCacheLocator,UserWideCacheLocator")

from numba import njit

Array = NDArray[Any]

#: Memory of a block, which stays in the cache [bytes], and bounds of its number of events.
CACHE, SMALLEST_BLOCK, LARGEST_BLOCK = 2**16, 64, 512


def _compiled(*flags: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that compiles a function, with some freedom for its arithmetic."""
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", *flags}}

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            compiled: Callable[..., Any] = njit(cache=True, **options)(function)
        except RuntimeError:  # there is no folder that it can write to
            compiled = njit(**options)(function)
        return compiled

    return decorate


# Fused multiply-adds lose no digits. Another order of additions does, where a difference is taken on purpose,
# so only functions with plain sums may have it. No flag takes infinities or NaN for impossible.
_exact = _compiled()
_in_any_order = _compiled("reassoc", "nsz")


@_exact
def _exponentials(
    values: Array, work: Array, work_bits: Array, out: Array, out_bits: Array, n: int, k: Numbers
) -> None:
    """Write the exponentials of values between ``lowest`` and ``highest``; the lowest gives 0."""
    c = k.exponential
    for e in range(n):
        shifted = values[e] * k.log2e + k.magic
        work[e] = shifted
        whole = shifted - k.magic
        rest = (values[e] - whole * k.ln2_high) - whole * k.ln2_low
        h = c[-1]
        for power_of in range(len(c) - 2, -1, -1):
            h = c[power_of] + rest * h
        h = k.one + rest * h
        out[e] = k.one + rest * h
    for e in range(n):
        scaled = out_bits[e] + (work_bits[e] << k.mantissa)
        out_bits[e] = scaled if values[e] > k.lowest else k.mantissa - k.mantissa


@_exact
def _logarithms(
    values: Array, value_bits: Array, work: Array, work_bits: Array, out: Array, n: int, k: Numbers
) -> None:
    """Write the logarithms of positive normal numbers over ``unit``; the numbers are lost."""
    c = k.logarithm
    for e in range(n):
        exponent = (value_bits[e] - k.root_half_bits) >> k.mantissa
        work_bits[e] = exponent + k.magic_bits
        value_bits[e] -= exponent << k.mantissa
    for e in range(n):
        whole = work[e] - k.magic - k.unit_exponent
        f = values[e] - k.one
        s = f / (k.two + f)
        z = s * s
        h = c[-1]
        for power_of in range(len(c) - 2, -1, -1):
            h = c[power_of] + z * h
        out[e] = whole * k.ln2_high + (k.two * s + (s * (z * h) + whole * k.ln2_low))


@_exact
def _exponents(
    x: Array, weight: Any, sharpness: Any, shift: Any, values: Array, beyond: Array, n: int, k: Numbers
) -> None:
    """Write the exponents of one edge, cut at ``highest``, and add up what is cut."""
    for e in range(n):
        exponent = -sharpness * (weight * x[e] + shift)
        inside = min(exponent, k.highest)
        beyond[e] += exponent - inside
        values[e] = max(inside, k.lowest)


@_exact
def _finish_signal(
    product: Array,
    faint: Array,
    beyond: Array,
    least: Array,
    weights: Array,
    values: Array,
    rest: Array,
    after: Array,
    score: Array,
    entropy: Array,
    n: int,
    k: Numbers,
) -> None:
    """Write weight times score, the weight in the gradient of the cross-entropy, and what its value needs.

    That is the logarithm of ``values`` plus ``rest``.
    """
    for e in range(n):
        whole = k.unit + product[e]
        inverse = k.one / whole
        plain = k.unit * inverse
        alive = plain >= least[e]
        plain = plain if alive else k.zero
        after[e] = inverse if alive else k.zero
        p = plain * faint[e]
        score[e] = weights[e] * p
        values[e] = whole
        rest[e] = (product[e] - (whole - k.unit)) * inverse + beyond[e]
        failed = (product[e] + k.unit * (k.one - faint[e])) * inverse
        entropy[e] = -weights[e] * min(k.one, p * failed * k.most_slope)


@_exact
def _finish_background(
    product: Array,
    faint: Array,
    least: Array,
    weights: Array,
    values: Array,
    rest: Array,
    after: Array,
    score: Array,
    entropy: Array,
    n: int,
    k: Numbers,
) -> None:
    """Write the same for the background, whose cross-entropy is the logarithm of 1 - p."""
    for e in range(n):
        whole = k.unit + product[e]
        inverse = k.one / whole
        plain = k.unit * inverse
        alive = plain >= least[e]
        plain = plain if alive else k.zero
        after[e] = inverse if alive else k.zero
        p = plain * faint[e]
        score[e] = weights[e] * p
        failed = (product[e] + k.unit * (k.one - faint[e])) * inverse
        certain = failed <= k.half_ulp
        values[e] = k.one if certain else failed
        rest[e] = -k.largest_entropy if certain else ((k.one - failed) - p if p < k.half else k.zero)
        variance = k.zero if certain else p * failed
        entropy[e] = weights[e] * p * p / max(variance, k.least_variance)


@_exact
def _finish_score(
    product: Array,
    faint: Array,
    least: Array,
    weights: Array,
    after: Array,
    score: Array,
    n: int,
    k: Numbers,
) -> None:
    """Write the same without cross-entropy."""
    for e in range(n):
        inverse = k.one / (k.unit + product[e])
        plain = k.unit * inverse
        alive = plain >= least[e]
        after[e] = inverse if alive else k.zero
        score[e] = weights[e] * (plain * faint[e] if alive else k.zero)


@_exact
def _longer(product: Any, odd: Any, so_far: Any, largest: Any) -> Any:
    # In this order an infinite number meets no zero.
    return min(product + odd * so_far, largest)


@_exact
def _share(after: Any, before: Any, odd: Any) -> Any:
    # The product of the first two is at most 1; another order could end in zero times infinity.
    return after * before * odd


@_in_any_order
def _total(values: Array, n: int, k: Numbers) -> Any:
    total = k.zero
    for e in range(n):
        total += values[e]
    return total


@_in_any_order
def _total_entropy(weights: Array, logarithms: Array, rest: Array, sign: Any, n: int, k: Numbers) -> Any:
    """Return the sum of weight times ``sign (logarithm + rest)``, held between 0 and 100."""
    total = k.zero
    for e in range(n):
        entropy = sign * (logarithms[e] + rest[e])
        total += weights[e] * max(min(entropy, k.largest_entropy), k.zero)
    return total


@_in_any_order
def _add_events(
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
    k: Numbers,
    odds: Array,
    odds_bits: Array,
    before: Array,
    work: Array,
    work_bits: Array,
    sums: Array,
    gradients: Array,
) -> None:
    n_edges, block = odds.shape  # padded to an even number
    zero, unit, largest = k.zero, k.unit, k.largest
    beyond, values, faint, least, product = work[0], work[1], work[2], work[3], work[4]
    after, score, entropy, rest, spare = work[5], work[6], work[7], work[8], work[9]
    value_bits, faint_bits, spare_bits = work_bits[1], work_bits[2], work_bits[9]
    for start in range(0, x.shape[1], block):
        n = min(block, x.shape[1] - start)
        w = weights[start : start + n]
        for group in range(len(first_rows) - 1):
            for e in range(n):
                beyond[e] = k.zero
            for f in range(len(edge_features)):
                column = x[edge_features[f], start : start + n]
                _exponents(column, edge_weights[f], sharpness, shifts[group, f], values, beyond, n, k)
                _exponentials(values, spare, spare_bits, odds[f], odds_bits[f], n, k)
            for e in range(n):
                values[e] = max(-beyond[e], k.lowest)
            _exponentials(values, spare, spare_bits, faint, faint_bits, n, k)
            for e in range(n):
                least[e] = min(k.least / max(faint[e], k.least), k.two)
            for row in range(first_rows[group], first_rows[group + 1]):
                for e in range(n):
                    product[e] = k.zero
                for f in range(0, n_edges, 2):
                    first, second = of_rows[row, f], of_rows[row, f + 1]
                    for e in range(n):
                        so_far = unit + product[e]
                        longer = _longer(product[e], odds[f, e] * first, so_far, largest)
                        so_far_too = unit + longer
                        before[f, e] = so_far
                        before[f + 1, e] = so_far_too
                        product[e] = _longer(longer, odds[f + 1, e] * second, so_far_too, largest)
                if not with_entropy:
                    _finish_score(product, faint, least, w, after, score, n, k)
                elif of_signal:
                    _finish_signal(
                        product, faint, beyond, least, w, values, rest, after, score, entropy, n, k
                    )
                    _logarithms(values, value_bits, spare, spare_bits, product, n, k)
                    sums[1, row] += _total_entropy(w, product, rest, k.one, n, k)
                else:
                    _finish_background(product, faint, least, w, values, rest, after, score, entropy, n, k)
                    _logarithms(values, value_bits, spare, spare_bits, product, n, k)
                    sums[1, row] += _total_entropy(w, product, rest, -k.one, n, k)
                sums[0, row] += _total(score, n, k)
                if not with_gradient:
                    continue
                for f in range(n_edges - 2, -1, -2):
                    first, second = of_rows[row, f], of_rows[row, f + 1]
                    of_score, of_entropy, of_score_too, of_entropy_too = zero, zero, zero, zero
                    if with_entropy:
                        for e in range(n):
                            odd = odds[f + 1, e] * second
                            share = _share(after[e], before[f + 1, e], odd)
                            of_score_too += score[e] * share
                            of_entropy_too += entropy[e] * share
                            longer = after[e] + after[e] * odd
                            odd = odds[f, e] * first
                            share = _share(longer, before[f, e], odd)
                            of_score += score[e] * share
                            of_entropy += entropy[e] * share
                            after[e] = longer + longer * odd
                    else:
                        for e in range(n):
                            odd = odds[f + 1, e] * second
                            of_score_too += score[e] * _share(after[e], before[f + 1, e], odd)
                            longer = after[e] + after[e] * odd
                            odd = odds[f, e] * first
                            of_score += score[e] * _share(longer, before[f, e], odd)
                            after[e] = longer + longer * odd
                    gradients[0, row, f] += of_score
                    gradients[1, row, f] += of_entropy
                    gradients[0, row, f + 1] += of_score_too
                    gradients[1, row, f + 1] += of_entropy_too


@dataclass(frozen=True)
class RowGroups:
    """Rows of cuts that share exponentials of events.

    Parameters
    ----------
    first_rows : array of int, shape (n_groups + 1,)
        First row of each group; at the end the number of rows.
    shifts : array, shape (n_groups, n_edges)
        Bias in the exponentials of a group.
    factors : array, shape (n_rows, n_edges)
        Factor of a row in the odds.
    """

    first_rows: NDArray[np.intp]
    shifts: NDArray[Any]
    factors: NDArray[Any]

    @classmethod
    def of(cls, bias: NDArray[Any], sharpness: float) -> RowGroups:
        """Group neighbouring rows so that no exponent of a row is too far from zero.

        Parameters
        ----------
        bias : array, shape (n_rows, n_edges)
        sharpness : float
        """
        reach = float(numbers_of(bias.dtype, of_signal=True).reach)  # of both classes
        exact = bias.astype(np.float64)
        starts, ranges = [0], []
        low, high = exact.min(axis=0), exact.max(axis=0)
        if sharpness * (high - low).max() > 2 * reach:
            low = high = exact[0]
            for row in range(1, len(exact)):
                lower, higher = np.minimum(low, exact[row]), np.maximum(high, exact[row])
                if sharpness * (higher - lower).max() <= 2 * reach:
                    low, high = lower, higher
                    continue
                ranges.append((low + high) / 2)
                starts.append(row)
                low = high = exact[row]
        ranges.append((low + high) / 2)
        shifts = np.array(ranges).astype(bias.dtype)
        first_rows = np.array([*starts, len(bias)])
        shift_of_row = np.repeat(shifts.astype(np.float64), np.diff(first_rows), axis=0)
        factors = np.zeros((len(bias), bias.shape[1] + bias.shape[1] % 2), bias.dtype)
        factors[:, : bias.shape[1]] = np.exp(-sharpness * (exact - shift_of_row))
        return cls(first_rows, shifts, factors)


@dataclass(frozen=True)
class Edges:
    """The edges of all rows of cuts.

    Parameters
    ----------
    features : array of int, shape (n_edges,)
        Feature of each edge.
    weights : array, shape (n_edges,)
    sharpness : float
    """

    features: NDArray[np.intp]
    weights: NDArray[Any]
    sharpness: float


def sum_events(
    features: NDArray[Any],
    weights: NDArray[Any],
    edges: Edges,
    rows: RowGroups,
    *,
    of_signal: bool,
    entropy: bool,
    gradient: bool,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum over events of one class that have the same rows of cuts.

    Parameters
    ----------
    features : array, shape (n_features, n_events)
        Of float32 or float64, which is the precision of all arrays and of the computation.
    weights : array, shape (n_events,)
    edges : Edges
    rows : RowGroups
        Grouped for the same precision.
    of_signal : bool
    entropy, gradient : bool
        What is wanted beside the sum of scores; zero otherwise.

    Returns
    -------
    sums : array, shape (2, n_rows)
        Sum of weight times score, and of weight times cross-entropy.
    gradients : array, shape (2, n_rows, n_edges)
        Their derivatives by the biases.
    """
    numbers = numbers_of(features.dtype, of_signal=of_signal)
    n_edges, itemsize = len(edges.features), features.dtype.itemsize
    padded = n_edges + n_edges % 2
    block = min(LARGEST_BLOCK, max(SMALLEST_BLOCK, CACHE // (2 * n_edges * itemsize) // 16 * 16))
    odds, before = np.empty((2, padded, block), features.dtype)
    odds[n_edges:] = 0
    work = np.empty((10, block), features.dtype)
    sums = np.zeros((2, len(rows.factors)))
    gradients = np.zeros((2, len(rows.factors), padded))
    _add_events(
        features,
        weights,
        edges.features,
        edges.weights,
        features.dtype.type(edges.sharpness),
        rows.first_rows,
        rows.shifts,
        rows.factors,
        of_signal,
        entropy,
        gradient,
        numbers,
        odds,
        odds.view(numbers.mantissa.dtype),
        before,
        work,
        work.view(numbers.mantissa.dtype),
        sums,
        gradients,
    )
    return sums, edges.sharpness * gradients[..., :n_edges]


def compile_for(precision: str) -> None:
    """Compile the kernel, or read what is compiled, for ``float32`` or ``float64``."""
    one = np.ones((1, 1), precision)
    edges = Edges(np.zeros(1, np.intp), one[0], 1.0)
    sum_events(one, one[0], edges, RowGroups.of(one, 1.0), of_signal=True, entropy=True, gradient=True)
