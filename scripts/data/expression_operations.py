"""What expressions do with columns: arithmetic, comparisons, conditions, indices and reductions.

Arithmetic is exact in integers as long as the result is one of 64 bits, and of double precision else,
whatever the types of the branches. Values that are missing, or undefined conditions, stay so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .expression_columns import MISSING, UNDEFINED, Column, Gaps, align, joined, union

Limits = tuple[int, int]
DOUBLE = np.dtype(np.float64)


def _product(one: Limits, other: Limits) -> Limits:
    products = [x * y for x in one for y in other]
    return min(products), max(products)


#: Functions whose result is exact in the type of their operands.
_EXACT = {np.positive, np.negative, np.absolute, np.minimum, np.maximum}
#: Lowest and highest result of what stays an integer, from those of the operands.
_LIMITS: dict[np.ufunc, Callable[..., Limits]] = {
    np.add: lambda one, other: (one[0] + other[0], one[1] + other[1]),
    np.subtract: lambda one, other: (one[0] - other[1], one[1] - other[0]),
    np.multiply: _product,
    np.floor_divide: lambda one, other: one if other[0] > 0 else (min(*one, -one[1]), max(*one, -one[0])),
    np.remainder: lambda one, other: other,
    np.positive: lambda one: one,
    np.negative: lambda one: (-one[1], -one[0]),
    np.absolute: lambda one: (0, max(abs(one[0]), abs(one[1]))),
    np.minimum: lambda one, other: (min(one[0], other[0]), min(one[1], other[1])),
    np.maximum: lambda one, other: (max(one[0], other[0]), max(one[1], other[1])),
}


def require_numbers(columns: Sequence[Column]) -> None:
    """Raise ValueError if a column holds texts."""
    for column in columns:
        if column.is_text:
            raise ValueError(f"{column.text} is a text: it can only be compared by == or !=")


def calculate(ufunc: np.ufunc, *columns: Column) -> Column:
    """Return a function of numbers, element by element."""
    require_numbers(columns)
    aligned = align(columns)
    values = [column.values for column in aligned]
    dtype = _type_of_result(ufunc, values)
    if ufunc is np.hypot and all(value.dtype.itemsize <= 4 for value in values):
        # Squares of single precision neither overflow nor vanish in a double; np.hypot is ten times slower.
        result = np.sqrt(np.add(*(np.square(value, dtype=np.float64) for value in values)))
    elif ufunc is np.power and values[1].ndim == 0 and values[1] == 2:
        result = np.square(values[0], dtype=dtype)
    else:
        result = ufunc(*values, dtype=dtype, casting="unsafe")  # the type holds all values
    return joined(aligned, result, union(column.gaps for column in aligned))


def _type_of_result(ufunc: np.ufunc, values: list[NDArray[Any]]) -> np.dtype:
    if ufunc not in _LIMITS:
        return DOUBLE
    if any(value.dtype.kind == "f" for value in values):
        return np.result_type(*values) if ufunc in _EXACT else DOUBLE
    if ufunc in (np.floor_divide, np.remainder) and np.any(values[1] == 0):
        return DOUBLE  # where the result is infinite or NaN; integers would say 0
    limits = [_limits(value) for value in values]
    limits.append(_LIMITS[ufunc](*limits))
    return _integer_type(limits)


def _limits(values: NDArray[Any]) -> Limits:
    """Return limits of integers or conditions, without a look at them where their type is narrow."""
    if values.dtype.kind == "b":
        return 0, 1
    if values.dtype.itemsize < 8:
        return int(np.iinfo(values.dtype).min), int(np.iinfo(values.dtype).max)
    return (int(np.min(values)), int(np.max(values))) if values.size else (0, 0)


def _integer_type(limits: Sequence[Limits]) -> np.dtype:
    for candidate in (np.dtype(np.int64), np.dtype(np.uint64)):
        info = np.iinfo(candidate)
        if all(info.min <= low and high <= info.max for low, high in limits):
            return candidate
    return DOUBLE


def compare(ufunc: np.ufunc, one: Column, other: Column) -> Column:
    """Return a comparison; with NaN it is undefined."""
    if one.is_text or other.is_text:
        for text, number in ((one, other), (other, one)):
            if not number.is_text:
                raise ValueError(f"{text.text} is a text and {number.text} is not: they cannot be compared")
        if ufunc not in (np.equal, np.not_equal):
            raise ValueError(f"{one.text} and {other.text} are texts: they are compared by == or != only")
    aligned = align([_with_nan_undefined(one), _with_nan_undefined(other)])
    values = ufunc(*(column.values for column in aligned))
    return joined(aligned, values, union(column.gaps for column in aligned))


def _with_nan_undefined(column: Column) -> Column:
    # The minimum of values with a NaN is NaN: no array is made for columns without one.
    if column.values.dtype.kind != "f" or not np.isnan(np.min(column.values, initial=0)):
        return column
    undefined = np.isnan(column.values) * UNDEFINED
    if column.gaps is not None:  # what stands in a gap is no value
        undefined = np.where(column.gaps == 0, undefined, column.gaps)
    return replace(column, gaps=undefined)


def as_condition(column: Column) -> Column:
    """Return a condition; an integer is true unless it is 0, as flags of triggers are.

    Raises
    ------
    ValueError
        If it is a float or a text.
    """
    if column.is_condition:
        return column
    if column.is_integer:
        return replace(column, values=column.values != 0)
    kind = "a text" if column.is_text else "a number"
    raise ValueError(
        f"{column.text} is {kind} where a condition is needed: compare it, as in x > 0 or x != 0"
    )


def all_of(columns: Sequence[Column]) -> Column:
    """Return whether all conditions hold; one that does not decides, whatever is missing in others."""
    return _decided([as_condition(column) for column in columns], np.logical_and, False)


def any_of(columns: Sequence[Column]) -> Column:
    """Return whether any condition holds; one that does decides, whatever is missing in others."""
    return _decided([as_condition(column) for column in columns], np.logical_or, True)


def _decided(columns: list[Column], ufunc: np.ufunc, deciding: bool) -> Column:
    aligned = align(columns)
    values = reduce(ufunc, (column.values for column in aligned))
    gaps = union(column.gaps for column in aligned)
    if gaps is None:
        return joined(aligned, values, None)
    decisive = reduce(
        np.logical_or,
        (
            (column.values == deciding) & (True if column.gaps is None else column.gaps == 0)
            for column in aligned
        ),
    )
    return joined(aligned, np.where(decisive, deciding, values), np.where(decisive, np.uint8(0), gaps))


def bits_or(
    ufunc: np.ufunc, conditions: Callable[[Sequence[Column]], Column], columns: Sequence[Column]
) -> Column:
    """Return the common bits of integers by ``ufunc``; with a condition among them, of ``conditions``."""
    if not all(column.is_integer for column in columns):
        return conditions(columns)
    aligned = align(columns)
    values = ufunc(*(column.values.astype(np.int64) for column in aligned))
    return joined(aligned, values, union(column.gaps for column in aligned))


def negate(column: Column) -> Column:
    """Return whether a condition does not hold."""
    condition = as_condition(column)
    return replace(condition, values=~condition.values)


def invert(column: Column) -> Column:
    """Return whether a condition does not hold; of integers ``~`` would be another thing."""
    if column.is_integer:
        raise ValueError(f"~ takes a condition and {column.text} is an integer: write not, or compare it")
    return negate(column)


def where(condition: Column, one: Column, other: Column) -> Column:
    """Return one value where the condition holds, else the other, of which nothing else matters."""
    require_numbers([one, other])
    chosen, *aligned = align([as_condition(condition), one, other])
    values = [column.values for column in aligned]
    if not all(column.is_condition for column in aligned):
        kinds = {value.dtype.kind for value in values}
        dtype = DOUBLE if "f" in kinds else _integer_type([_limits(value) for value in values])
        values = [value.astype(dtype) for value in values]
    result = joined(
        [chosen],
        np.where(chosen.values, *values),
        union([chosen.gaps, _gaps_where(chosen, *(column.gaps for column in aligned))]),
    )
    if condition.counts is None and result.counts is not None:
        absent = [column.gaps if column.counts is None else column.absent for column in (one, other)]
        return replace(result, absent=union([condition.gaps, _gaps_where(condition, *absent)]))
    return result


def _gaps_where(condition: Column, one: Gaps | None, other: Gaps | None) -> Gaps | None:
    if one is None and other is None:
        return None
    none = np.uint8(0)
    return np.where(condition.values, none if one is None else one, none if other is None else other)


def require_list(column: Column, why: str) -> None:
    """Raise ValueError if there is one value an event."""
    if column.counts is None:
        raise ValueError(f"{column.text} has one value an event: {why}")


def select(column: Column, at: Column) -> Column:
    """Return the elements that a mask keeps, or the one at an index.

    A constant index below 0 counts from the end. One below 0 of a branch says that there is no such object,
    as ``Muon_jetIdx`` does. An index beyond the list gives a missing value; an element whose condition is
    missing is not kept.

    Raises
    ------
    ValueError
        If the column has no lists, or there is neither an index nor a mask of these lists.
    """
    require_list(column, "it takes no index or mask")
    if at.is_condition:
        require_list(at, f"a mask of {column.text} needs a condition on each element")
        column, at = align([column, at])
        if at.gaps is not None:
            undefined = replace(at, gaps=at.gaps & UNDEFINED).reduced_gaps()
            column = replace(column, absent=union([column.absent, undefined]))
        return column.kept(at.values if at.gaps is None else at.values & (at.gaps == 0))
    if not at.is_integer:
        raise ValueError(f"{at.text} is no integer: the index of a list is one, a mask is a condition")
    return _element(column, at)


def _element(column: Column, at: Column) -> Column:
    counts, starts = column.lengths, np.cumsum(column.lengths) - column.lengths
    gaps = union([column.absent, at.gaps if at.counts is None else at.absent])
    if at.counts is not None:
        counts, starts = np.repeat(counts, at.counts), np.repeat(starts, at.counts)
    index = np.broadcast_to(at.values, counts.shape).astype(np.int64)
    if at.values.ndim == 0:
        index = np.where(index < 0, index + counts, index)
    found = (index >= 0) & (index < counts)
    places = np.where(found, starts + index, 0)
    if not len(column.values):
        column = replace(column, values=np.zeros(1, column.values.dtype), gaps=None)
    beyond = None if found.all() else ~found * MISSING
    inner = None if column.gaps is None else np.where(found, column.gaps[places], np.uint8(0))
    values = column.values[places]
    if at.counts is None:
        return replace(column, values=values, gaps=union([gaps, beyond, inner]), counts=None, absent=None)
    return replace(at, text=column.text, values=values, gaps=union([at.gaps, beyond, inner]), absent=gaps)


def reduced(column: Column, name: str) -> Column:
    """Return ``min``, ``max``, ``sum``, ``len``, ``any`` or ``all`` of each list, shape (n_events,).

    Missing elements are left out, ``len`` counts them; ``min`` and ``max`` of nothing are missing.
    """
    require_list(column, f"{name} with one argument takes a list")
    if name == "len":
        return Column(column.text, column.lengths, column.absent)
    if name in ("any", "all"):
        column = as_condition(column)
    else:
        require_numbers([column])
    if column.gaps is not None:
        column = column.kept((column.gaps & MISSING) == 0)
    gaps = column.reduced_gaps()
    if name == "any":
        return Column(column.text, column.reduced(np.logical_or, False), gaps)
    if name == "all":
        return Column(column.text, column.reduced(np.logical_and, True), gaps)
    if name == "sum":
        return Column(column.text, column.reduced(np.add, 0, _type_of_sum(column)), gaps)
    values = column.reduced(np.minimum if name == "min" else np.maximum, 0)
    return Column(column.text, values, union([gaps, (column.lengths == 0) * MISSING]))


def _type_of_sum(column: Column) -> np.dtype:
    if not column.is_integer and not column.is_condition:
        return DOUBLE
    low, high = _limits(column.values)
    length = int(np.max(column.lengths, initial=0))
    return _integer_type([(low * length, high * length)])
