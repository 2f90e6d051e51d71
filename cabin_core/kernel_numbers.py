"""The numbers of a floating type that the kernel needs."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np

#: The cross-entropy of torch: no logarithm is below the first number, and in its derivative no p (1 - p) is
#: below the second, which torch has in float32.
LEAST_LOGARITHM, LEAST_VARIANCE = -100.0, float(np.float32(1e-12))


class Numbers(NamedTuple):
    """Constants of a floating type; all have this type, or that of integers of the same size.

    The exponent of an event is cut at ``highest``; what is cut is a factor of the event alone, because
    :math:`t/(1+t)` is 1 there in this precision. An exponent below ``lowest`` counts as odds of zero. With
    rows whose exponents lie within ``reach`` of zero all products of both are normal numbers. A row further
    away gets exponentials of its own.

    Parameters
    ----------
    zero, one, half, two : float
    unit : float
        The product starts here: in float32 below 1, so that its logarithm can exceed 100.
    unit_exponent : float
        Binary exponent of ``unit``.
    largest : float
        Bound of the product, where the score is zero.
    least : float
        Smaller scores are zero.
    lift : float
        The product of the remaining edges is multiplied by it, so that its product with any odds is normal.
    highest, lowest, reach : float
    half_ulp : float
        If 1 - p is not larger, p is 1 in this precision.
    least_variance, most_slope : float
        Of the derivative of the cross-entropy: least p (1 - p), and one over it.
    largest_entropy : float
    log2e, ln2_high, ln2_low : float
    magic : float
        Rounds a smaller number to an integer, in its last bits, when it is added.
    magic_bits, root_half_bits : int
        Bits of ``magic`` and of the root of one half.
    mantissa : int
        Number of bits of the mantissa.
    exponential, logarithm : tuple of float
        Coefficients of the series.
    """

    zero: Any
    one: Any
    half: Any
    two: Any
    unit: Any
    unit_exponent: Any
    largest: Any
    least: Any
    lift: Any
    highest: Any
    lowest: Any
    reach: Any
    half_ulp: Any
    least_variance: Any
    most_slope: Any
    largest_entropy: Any
    log2e: Any
    ln2_high: Any
    ln2_low: Any
    magic: Any
    magic_bits: Any
    root_half_bits: Any
    mantissa: Any
    exponential: tuple[Any, ...]
    logarithm: tuple[Any, ...]


@cache
def numbers_of(dtype: np.dtype[Any], *, of_signal: bool) -> Numbers:
    """Return the constants for float32 or float64, and for a class of events.

    Only the cross-entropy of the signal needs the logarithm of a product up to 100.

    Raises
    ------
    ValueError
        If the type is another one.
    """
    if dtype not in (np.float32, np.float64):
        raise ValueError(f"the kernel computes in float32 or float64, not in {dtype}")
    single = dtype == np.float32
    real, whole = (np.float32, np.int32) if single else (np.float64, np.int64)
    mantissa = 23 if single else 52
    unit_exponent = -20 if single and of_signal else 0
    if single:
        highest, lowest, reach = 44.0, -53.0 if of_signal else -65.0, 21.5
        least, largest = (1e-32, 2.0**125) if of_signal else (1e-25, 2.0**100)
    else:
        highest, lowest, reach = 380.0, -380.0, 320.0
        least, largest = 1e-290, 2.0**1000
    # The high part has few digits, so that its product with an integer is exact.
    ln2_high = float(np.float32(0.693359375 if single else 0.6931471))
    ln2_high = math.floor(ln2_high * 2**20) / 2**20
    magic = real(1.5 * 2.0**mantissa)
    return Numbers(
        zero=real(0),
        one=real(1),
        half=real(0.5),
        two=real(2),
        unit=real(2.0**unit_exponent),
        unit_exponent=real(unit_exponent),
        largest=real(largest),
        least=real(least),
        lift=real(2.0**57 if single else 2.0**490),
        highest=real(highest),
        lowest=real(lowest),
        reach=real(reach),
        half_ulp=real(2.0 ** -(mantissa + 2)),
        least_variance=real(LEAST_VARIANCE),
        most_slope=real(1 / LEAST_VARIANCE),
        largest_entropy=real(-LEAST_LOGARITHM),
        log2e=real(1 / math.log(2)),
        ln2_high=real(ln2_high),
        ln2_low=real(math.log(2) - ln2_high),
        magic=magic,
        magic_bits=magic.view(whole),
        root_half_bits=real(0.5**0.5).view(whole),
        mantissa=whole(mantissa),
        exponential=tuple(real(1 / math.factorial(k)) for k in range(2, 9 if single else 14)),
        logarithm=tuple(real(2 / (2 * k + 1)) for k in range(1, 6 if single else 11)),
    )
