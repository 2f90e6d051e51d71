"""Expressions of branches: cuts, features and weights as text of a config.

Parsed by ``ast`` against a list of what is allowed, and evaluated node by node: no code of a config is run.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import expression_operations as operations
from .expression_columns import MISSING, UNDEFINED, Column, Gaps
from .expression_functions import FUNCTIONS
from .expression_syntax import LIKENESS, Syntax, shortened
from .names import closest_name

_BINARY: dict[type[ast.AST], Callable[[Column, Column], Column]] = {
    ast.Add: partial(operations.calculate, np.add),
    ast.Sub: partial(operations.calculate, np.subtract),
    ast.Mult: partial(operations.calculate, np.multiply),
    ast.Div: partial(operations.calculate, np.divide),
    ast.FloorDiv: partial(operations.calculate, np.floor_divide),
    ast.Mod: partial(operations.calculate, np.remainder),
    ast.Pow: partial(operations.calculate, np.power),
    ast.BitAnd: lambda one, other: operations.bits_or(np.bitwise_and, operations.all_of, [one, other]),
    ast.BitOr: lambda one, other: operations.bits_or(np.bitwise_or, operations.any_of, [one, other]),
}
_UNARY: dict[type[ast.AST], Callable[[Column], Column]] = {
    ast.UAdd: partial(operations.calculate, np.positive),
    ast.USub: partial(operations.calculate, np.negative),
    ast.Not: operations.negate,
    ast.Invert: operations.invert,
}
_COMPARISONS: dict[type[ast.AST], np.ufunc] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}


@dataclass(frozen=True)
class EventValues:
    """What an expression gives, one value an event.

    Parameters
    ----------
    values : array, shape (n_events,)
        Conditions, integers or floats. Where a value is missing it is NaN, a condition is False.
    missing : array of bool, shape (n_events,); optional
        Events without an object that the expression needs; None if there is none.
    unclear : array of bool, shape (n_events,); optional
        Events in which a condition hangs on NaN; None if there is none. Such a condition is False.
    """

    values: NDArray[Any]
    missing: NDArray[np.bool_] | None = None
    unclear: NDArray[np.bool_] | None = None

    @property
    def undefined(self) -> NDArray[np.bool_] | None:
        """Events whose value is there but NaN or infinite, or hangs on NaN; None if there is none."""
        undefined = self.unclear
        if self.values.dtype.kind == "f" and not (finite := np.isfinite(self.values)).all():
            undefined = ~finite if undefined is None else ~finite | undefined
        if undefined is None or self.missing is None:
            return undefined
        undefined = undefined & ~self.missing
        return undefined if undefined.any() else None

    @classmethod
    def _of(cls, column: Column, n_events: int) -> EventValues:
        values = column.values if column.values.ndim else np.full(n_events, column.values)
        if column.gaps is None:
            return cls(values)
        gaps = np.broadcast_to(column.gaps, values.shape)
        missing = (gaps & MISSING) != 0
        unclear = gaps == UNDEFINED
        if values.dtype.kind == "b":
            values = np.where(gaps == 0, values, False)
        elif values.dtype.kind == "f":
            values = np.where(missing, values.dtype.type(np.nan), values)
        elif missing.any():
            values = np.where(missing, np.nan, values)
        return cls(values, missing if missing.any() else None, unclear if unclear.any() else None)

    def _column(self, text: str) -> Column:
        gaps: Gaps | None = None
        if self.missing is not None:
            gaps = self.missing * MISSING
        if self.unclear is not None:
            gaps = self.unclear * UNDEFINED + (np.uint8(0) if gaps is None else gaps)
        return Column(text, self.values, gaps)


@dataclass(frozen=True)
class Expression:
    """An expression of branches, such as ``len(Jet_pt[(Jet_pt > 30) & (abs(Jet_eta) < 2.4)]) >= 2``.

    Attributes
    ----------
    text : str
        As it was written, in one line.
    names : tuple of str
        Branches or columns that it needs, in the order in which they appear.

    Examples
    --------
    >>> ratio = Expression.parse("MET / sqrt(sum(Jet_pt))")
    >>> ratio.names
    ('MET', 'Jet_pt')
    >>> import awkward as ak
    >>> branches = {"MET": np.array([30.0, 20.0]), "Jet_pt": ak.Array([[60.0, 40.0], [16.0]])}
    >>> ratio.evaluate(branches, n_events=2).values
    array([3., 5.])
    """

    text: str
    names: tuple[str, ...] = field(compare=False)
    _syntax: Syntax = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Parse a text.

        Raises
        ------
        ValueError
            One line with the text, what is wrong and what to do.
        """
        try:
            syntax = Syntax.parse(text)
            return cls(syntax.text, syntax.names(), syntax)
        except ValueError as fault:
            raise ValueError(_line(text, fault)) from None

    def check_names(self, available: Iterable[str]) -> None:
        """Raise ValueError with one line if a name is not available; it has the closest that is."""
        known = list(available)
        faults = [
            f"no branch {name}{_meant(name, known, self.text)}" for name in self.names if name not in known
        ]
        if faults:
            raise ValueError(_line(self.text, "; ".join(faults)))

    def evaluate(self, columns: Mapping[str, Any], n_events: int) -> EventValues:
        """Return the value of each event.

        Parameters
        ----------
        columns : mapping of array
            Branches by name, numpy or awkward, flat or jagged, or :class:`EventValues`, or a column that
            :meth:`column` gave. Masked values and None are missing. Others than :attr:`names` are not looked
            at.
        n_events : int
            Number of events of each.

        Raises
        ------
        ValueError
            One line with the text and what is wrong: a name that is not there, texts in arithmetic, lists of
            different lengths, or a result that is still a list.
        """
        return self.values_of(self.column(columns, n_events), n_events)

    def column(self, columns: Mapping[str, Any], n_events: int) -> Column:
        """Return the value of each event, or the list of values, as other expressions take it.

        Parameters
        ----------
        columns, n_events
            As :meth:`evaluate` has them.

        Raises
        ------
        ValueError
            As :meth:`evaluate` does; a list or a text is none.
        """
        self.check_names(columns)
        try:
            branches = {name: _column(columns[name], name, n_events) for name in self.names}
            # Values that are no numbers are found in the result, not warned of.
            with np.errstate(all="ignore"):
                return self._value(self._syntax.tree, branches)
        except ValueError as fault:
            raise ValueError(_line(self.text, fault)) from None

    def values_of(self, column: Column, n_events: int, *, condition: bool = False) -> EventValues:
        """Return a column that :meth:`column` has given as values of events.

        Parameters
        ----------
        column : Column
        n_events : int
        condition : bool
            Whether it has to be a condition; of integers, those that are not 0 are true.

        Raises
        ------
        ValueError
            One line with the text, if it holds lists or texts, or is no condition where one is needed.
        """
        try:
            if column.counts is not None:
                raise ValueError("gives a list for each event: reduce it by an index, min, max, sum or len")
            if column.is_text:
                raise ValueError("gives a text: compare it by == or !=")
            return EventValues._of(operations.as_condition(column) if condition else column, n_events)
        except ValueError as fault:
            raise ValueError(_line(self.text, fault)) from None

    def _value(self, node: ast.AST, branches: Mapping[str, Column]) -> Column:
        """Return the column of a node of the tree."""
        value = partial(self._value, branches=branches)
        match node:
            case ast.Constant():
                column = Column("", _constant(node.value))
            case ast.Name():
                return branches[self._syntax.name(node)]
            case ast.UnaryOp():
                column = _UNARY[type(node.op)](value(node.operand))
            case ast.BinOp():
                column = _BINARY[type(node.op)](value(node.left), value(node.right))
            case ast.BoolOp():
                conditions = [value(part) for part in node.values]
                join = operations.all_of if isinstance(node.op, ast.And) else operations.any_of
                column = join(conditions)
            case ast.Compare():
                parts = [value(part) for part in (node.left, *node.comparators)]
                comparisons = [
                    operations.compare(_COMPARISONS[type(op)], one, other)
                    for op, one, other in zip(node.ops, parts, parts[1:], strict=False)
                ]
                column = operations.all_of(comparisons) if len(comparisons) > 1 else comparisons[0]
            case ast.Call(func=ast.Name(id=name)):
                column = FUNCTIONS[name].run(*(value(argument) for argument in node.args))
            case ast.Subscript():
                column = operations.select(value(node.value), value(node.slice))
            case _:
                raise AssertionError(f"{ast.dump(node)} has passed the check of the syntax")
        return replace(column, text=self._syntax.source(node))


def _constant(value: Any) -> Any:
    """Return a constant as a scalar of numpy, whose type counts in arithmetic as that of an array does."""
    if isinstance(value, str):
        return np.str_(value)
    if isinstance(value, bool):
        return np.bool_(value)
    if isinstance(value, int) and value < 2**64:
        return np.int64(value) if value < 2**63 else np.uint64(value)
    return np.float64(value)


def _column(array: Any, name: str, n_events: int) -> Column:
    if isinstance(array, Column):
        column = replace(array, text=name)
    else:
        column = array._column(name) if isinstance(array, EventValues) else Column.of(array, name)
    if not column.values.ndim:  # a constant
        return column
    found = len(column.values if column.counts is None else column.counts)
    if found != n_events:
        raise ValueError(f"{name} has {found} events of {n_events}")
    return column


def _meant(name: str, known: list[str], text: str) -> str:
    """Return what is meant by a name that is not there."""
    # `n-jets` without its backticks is a difference of two names.
    odd = [one for one in known if not one.isidentifier() and name in one and one in text]
    close = odd[0] if odd else closest_name(name, known, least=LIKENESS)
    if close is None:
        return ", and none with a similar name" if known else ", there is none at all"
    return f": the closest is {close if close.isidentifier() else f'`{close}`'}"


def _line(text: str, fault: object) -> str:
    return f"expression '{shortened(' '.join(text.split()), 200)}': {fault}"
