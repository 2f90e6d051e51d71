"""Columns of events: one value an event or a list of values, and what is missing or undefined in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Gaps = NDArray[np.uint8]

#: Why there is no value; where both hold they are added.
#: An object that the event does not have, or a sentinel of its branch.
MISSING = np.uint8(1)
#: A condition on NaN: neither true nor false.
UNDEFINED = np.uint8(2)

_READ = "only numbers, true or false, and texts are read"


@dataclass(frozen=True)
class Column:
    """A branch, or what is computed of branches.

    Lists stand one after the other in ``values``, so that what works element by element is one call of
    numpy for flat and jagged branches alike.

    Parameters
    ----------
    text : str
        How the expression names it.
    values : array, shape (n_events,), for lists (n_elements,), for a constant ()
        Conditions, integers, floats or texts; whatever fits where there is no value.
    gaps : array of MISSING, UNDEFINED or 0, shape of values; optional
        Why there is no value; None if all are there.
    counts : array of int, shape (n_events,); optional
        Number of elements of each list; None if there is one value an event.
    absent : array of MISSING, UNDEFINED or 0, shape (n_events,); optional
        Why there is no list in an event, which is not an empty list: of ``Jet_pt[Jet_pt > Muon_pt[0]]`` it
        is not known without a muon.
    """

    text: str
    values: NDArray[Any]
    gaps: Gaps | None = None
    counts: NDArray[np.int64] | None = None
    absent: Gaps | None = None

    @classmethod
    def of(cls, array: Any, text: str) -> Column:
        """Return a column of a numpy or awkward array, whose masked or None values are missing.

        Raises
        ------
        ValueError
            If it holds lists of lists, or neither numbers nor conditions nor texts.
        """
        if isinstance(array, np.ndarray) and array.dtype.kind != "O":
            values = array.reshape(-1) if array.ndim == 2 else array
            counts = np.full(len(array), array.shape[1]) if array.ndim == 2 else None
            return cls._of_numpy(values, text, array.ndim, counts, None)
        # Only here, since a config is parsed without it.
        import awkward as ak

        array = array if isinstance(array, ak.Array) else ak.from_iter(array)
        counts, absent, flat = None, None, array
        if array.ndim == 2:
            counts = ak.to_numpy(ak.fill_none(ak.num(array, axis=1), 0)).astype(np.int64)
            none = ak.to_numpy(ak.is_none(array, axis=0))
            absent = none.astype(np.uint8) if none.any() else None
            flat = ak.flatten(array, axis=1)
        try:
            values = ak.to_numpy(flat) if array.ndim <= 2 else np.empty(0)
        except (TypeError, ValueError):
            raise ValueError(f"{text} is of type {array.type.content}: {_READ}") from None
        return cls._of_numpy(values, text, array.ndim, counts, absent)

    @classmethod
    def _of_numpy(
        cls,
        values: NDArray[Any],
        text: str,
        depth: int,
        counts: NDArray[np.int64] | None,
        absent: Gaps | None,
    ) -> Column:
        if depth > 2:
            raise ValueError(f"{text} has lists of lists: only a list of values for each event is read")
        mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
        values = np.asarray(np.ma.getdata(values))
        if values.dtype.kind == "S":
            values = np.strings.decode(values, "utf-8")
        if values.dtype.kind not in "biufU":
            raise ValueError(f"{text} is of type {values.dtype}: {_READ}")
        if not values.dtype.isnative:
            values = values.astype(values.dtype.newbyteorder("="))
        gaps = mask.astype(np.uint8) if mask is not None and mask.any() else None
        return cls(text, values, gaps, counts, absent)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The counts of a column of lists."""
        assert self.counts is not None
        return self.counts

    @property
    def is_text(self) -> bool:
        """Whether it holds texts."""
        return bool(self.values.dtype.kind == "U")

    @property
    def is_condition(self) -> bool:
        """Whether it holds true or false."""
        return bool(self.values.dtype.kind == "b")

    @property
    def is_integer(self) -> bool:
        """Whether it holds integers."""
        return self.values.dtype.kind in "iu"

    def kept(self, mask: NDArray[np.bool_]) -> Column:
        """Return lists of the elements that a mask of shape (n_elements,) keeps."""
        number = np.concatenate([[0], np.cumsum(mask)])
        ends = np.cumsum(self.lengths)
        return replace(
            self,
            values=self.values[mask],
            gaps=None if self.gaps is None else self.gaps[mask],
            counts=number[ends] - number[ends - self.lengths],
        )

    def of_events(self, rows: NDArray[np.intp]) -> Column:
        """Return the values or lists of some events; their positions increase."""
        if not self.values.ndim:
            return self
        kept = rows
        if self.counts is not None:
            mask = np.zeros(len(self.counts), dtype=bool)
            mask[rows] = True
            kept = np.flatnonzero(np.repeat(mask, self.counts))
        # Positions: a mask takes three times as long.
        return replace(
            self,
            values=self.values[kept],
            gaps=None if self.gaps is None else np.broadcast_to(self.gaps, self.values.shape)[kept],
            counts=None if self.counts is None else self.counts[rows],
            absent=None if self.absent is None else self.absent[rows],
        )

    def without(self, sentinel: float) -> Column:
        """Return a column in which values equal to a sentinel are missing.

        Raises
        ------
        ValueError
            If it holds texts.
        """
        if self.is_text:
            raise ValueError(f"{self.text} holds texts, so that {sentinel:g} is never found in it")
        # In the precision of the branch: -999.9 is another number in 4 bytes than in 8.
        kind = self.values.dtype.type if self.values.dtype.kind == "f" else np.float64
        found = self.values == kind(sentinel)
        return replace(self, gaps=union([self.gaps, found * MISSING])) if found.any() else self

    def reduced(self, ufunc: np.ufunc, empty: Any, dtype: Any = None) -> NDArray[Any]:
        """Return a reduction of each list, shape (n_events,), with the value ``empty`` for an empty one."""
        return _reduced(ufunc, self.values, self.lengths, empty, dtype)

    def reduced_gaps(self) -> Gaps | None:
        """Return why a reduction has no value in an event: no list, or undefined elements."""
        if self.gaps is None:
            return self.absent
        return union([self.absent, _reduced(np.bitwise_or, self.gaps, self.lengths, 0, np.uint8)])


def _reduced(
    ufunc: np.ufunc, values: NDArray[Any], counts: NDArray[np.int64], empty: Any, dtype: Any
) -> NDArray[Any]:
    result = np.full(len(counts), empty, dtype or values.dtype)
    filled = counts > 0
    if filled.any():
        # From the start of a list to that of the next with an element: reduceat has no empty lists.
        starts = (np.cumsum(counts) - counts)[filled]
        result[filled] = ufunc.reduceat(values, starts, dtype=dtype)
    return result


def union(gaps: Iterable[Gaps | None]) -> Gaps | None:
    """Return why any of several values is not there; None if all are."""
    found: Gaps | None = None
    for gap in gaps:
        if gap is not None:
            found = gap if found is None else found | gap
    return found


def align(columns: Sequence[Column]) -> list[Column]:
    """Return columns of one shape: beside a list, the value of an event stands for each element.

    An event without that value then has no list, rather than a list without values.

    Raises
    ------
    ValueError
        If two lists of an event have different numbers of elements.
    """
    lists = [column for column in columns if column.counts is not None]
    if not lists:
        return list(columns)
    absent = union(column.gaps if column.counts is None else column.absent for column in columns)
    if absent is not None:
        absent = np.broadcast_to(absent, lists[0].lengths.shape)
        if not _of_equal_lengths(lists):
            # An absent list of a nullable branch is empty, and its neighbours may not be.
            columns = [_without_absent(column, absent) for column in columns]
            lists = [column for column in columns if column.counts is not None]
    if not _of_equal_lengths(lists):
        raise ValueError(_different_lengths(lists))
    counts = lists[0].lengths
    return [
        replace(column, absent=absent)
        if column.counts is not None
        else Column(column.text, _for_each_element(column.values, counts), None, counts, absent)
        for column in columns
    ]


def _for_each_element(values: NDArray[Any], counts: NDArray[np.int64]) -> NDArray[Any]:
    return np.repeat(values, counts) if values.ndim else values


def _without_absent(column: Column, absent: Gaps) -> Column:
    return column if column.counts is None else column.kept(np.repeat(absent == 0, column.counts))


def _of_equal_lengths(lists: Sequence[Column]) -> bool:
    first = lists[0].lengths
    return all(other.lengths is first or np.array_equal(other.lengths, first) for other in lists[1:])


def _different_lengths(lists: Sequence[Column]) -> str:
    one, other = next((lists[0], other) for other in lists[1:] if not _of_equal_lengths([lists[0], other]))
    event = np.flatnonzero(one.lengths != other.lengths)[0]
    return (
        f"{one.text} and {other.text} have lists of different lengths, {one.lengths[event]} and "
        f"{other.lengths[event]} in one event: they cannot be taken element by element"
    )


def joined(columns: Sequence[Column], values: NDArray[Any], gaps: Gaps | None) -> Column:
    """Return a result of the shape of aligned columns."""
    return replace(columns[0], values=values, gaps=gaps)
