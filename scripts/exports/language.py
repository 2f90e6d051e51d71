"""What the translation of expressions asks of a language, and what languages have in common."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["float", "integer", "condition", "text"]

#: An event passes "not a < b" with NaN, and not "a >= b": the opposite of a comparison is another one.
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


class NotInForm(ValueError):
    """An expression that a form has no words for."""


@dataclass(frozen=True)
class Value:
    """A part of an expression in a language.

    Parameters
    ----------
    text : str
        Of a condition: that it holds, which it does not where it hangs on NaN or on a missing value.
    kind : str
        ``float``, ``integer``, ``condition`` or ``text``.
    is_list : bool
        Whether an event has a list of them.
    guards : tuple of str
        Conditions under which the text is the value; it can be computed without them, too. None for
        conditions, whose text says it all.
    fails : str, optional
        Of a condition: that it does not hold. The negation of the text where absent, as nothing can be
        missing or NaN then.
    missing : str, optional
        Condition that it is missing, of each element of a list; None where it never is.
    absent : str, optional
        Condition that an event has no list, which is not an empty one.
    sure : bool
        Whether it is never NaN nor missing.
    is_double : bool
        Whether the language computes with it in double precision, and exactly with integers.
    number : float or int, optional
        Of a constant.
    """

    text: str
    kind: Kind
    is_list: bool = False
    guards: tuple[str, ...] = ()
    fails: str | None = None
    missing: str | None = None
    absent: str | None = None
    sure: bool = False
    is_double: bool = True
    number: float | None = None


@dataclass(frozen=True)
class Branch:
    """A branch that an expression needs.

    Parameters
    ----------
    name : str
    identifier : str
        What stands for it in a language.
    kind : str
        ``float``, ``integer``, ``condition`` or ``text``.
    is_list : bool
    type : str
        Type of numpy in the files, such as ``float32``.
    sentinel : float, optional
        Value that says that there is no object, as a double.
    """

    name: str
    identifier: str
    kind: Kind
    is_list: bool
    type: str
    sentinel: float | None = None


def wrapped(text: str) -> str:
    """Return a text in parentheses, unless it is a name, a number, a call, an element or has them already."""
    if re.fullmatch(r"[\w.$]+", text):
        return text
    start = re.match(r"(?:[\w.:$]*(?:<[\w: ]+>)?)(?=[(\[])", text)
    if start is None:
        return f"({text})"
    depth, at = 0, start.end()
    for at in range(start.end(), len(text)):
        depth += (text[at] in "([") - (text[at] in ")]")
        if depth == 0:
            break
    closed = at == len(text) - 1 and depth == 0
    return text if closed else f"({text})"


def unique(texts: Iterable[str | None]) -> list[str]:
    """Return the texts that are there, each once."""
    return list(dict.fromkeys(text for text in texts if text is not None))


class Language(ABC):
    """A language of expressions; texts that it gets and returns are expressions of it.

    Attributes
    ----------
    AND, OR, NOT : str
        Operators of conditions.
    TRUE, FALSE, NAN : str
    helpers : bool
        Whether a text that it has written needs functions that the form has to bring.
    has_lists, has_variables : bool
    """

    AND, OR, NOT = "&&", "||", "!"
    TRUE, FALSE, NAN = "true", "false", "nan"
    has_lists = True
    has_variables = True
    #: Names that no branch or column may have here.
    reserved: frozenset[str] = frozenset()

    def conditions(self, operator: str, texts: Iterable[str | None]) -> str:
        """Return the texts, each once, joined by an operator of conditions."""
        found = unique(texts)
        return found[0] if len(found) == 1 else f" {operator} ".join(wrapped(text) for text in found)

    def both(self, texts: Iterable[str | None]) -> str:
        """Return that all hold; true if there are none."""
        found = unique(text for text in texts if text != self.TRUE)
        return self.conditions(self.AND, found) if found else self.TRUE

    def either(self, texts: Iterable[str | None]) -> str:
        """Return that any holds; false if there are none."""
        found = unique(text for text in texts if text != self.FALSE)
        return self.conditions(self.OR, found) if found else self.FALSE

    def negation(self, text: str) -> str:
        """Return that a condition, which can be neither missing nor undefined, does not hold."""
        if text in (self.TRUE, self.FALSE):
            return self.FALSE if text == self.TRUE else self.TRUE
        return f"{self.NOT}{wrapped(text)}"

    def real(self, number: float) -> str:
        """Return a number of double precision that reads back to the same."""
        return repr(float(number))

    def integer(self, number: int) -> str:
        """Return an integer."""
        return str(number)

    def as_double(self, value: Value) -> str:
        """Return a number as one of double precision."""
        if value.number is not None:
            return self.real(value.number)
        return value.text

    def as_integer(self, value: Value) -> str:
        """Return a number as an integer of 8 bytes."""
        return value.text

    def binary(self, operator: str, one: str, other: str) -> str:
        """Return two texts with an operator between them."""
        return f"{wrapped(one)} {operator} {wrapped(other)}"

    def compared(self, operator: str, one: Value, other: Value) -> str:
        """Return a comparison of numbers; beside a float an integer is one."""
        if "float" in (one.kind, other.kind):
            texts = [self.as_double(side) if side.number is not None else side.text for side in (one, other)]
        else:
            texts = [one.text, other.text]
        return self.binary(operator, *texts)

    def same_text(self, operator: str, one: Value, other: Value) -> str:
        """Return a comparison of texts."""
        return self.binary(operator, one.text, other.text)

    def string(self, text: str) -> str:
        """Return a constant text."""
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    @abstractmethod
    def name(self, branch: Branch) -> str:
        """Return what stands for a branch."""

    def calculated(self, operator: str, one: Value, other: Value, *, exact: bool) -> str:
        """Return a result of ``+``, ``-``, ``*`` or ``/``; ``exact`` of integers, else of doubles."""
        convert = self.as_integer if exact else self.as_double
        return self.binary(operator, convert(one), convert(other))

    @abstractmethod
    def power(self, one: str, other: str, *, is_list: bool) -> str:
        """Return a power of doubles."""

    @abstractmethod
    def divided(self, operator: str, one: Value, other: Value, *, exact: bool) -> str:
        """Return the result of ``//`` or ``%``, which round down; ``exact`` of integers."""

    @abstractmethod
    def bits(self, operator: str, one: Value, other: Value) -> str:
        """Return common bits of integers by ``&`` or ``|``."""

    @abstractmethod
    def where(self, condition: str, one: str, other: str, *, is_list: bool) -> str:
        """Return one number where a condition holds, else the other."""

    @abstractmethod
    def call(self, name: str, values: list[Value], *, is_list: bool) -> str:
        """Return a function of numbers, element by element."""

    def extreme(self, name: str, values: list[Value], *, is_list: bool) -> str:
        """Return the smallest or largest of numbers, NaN if one is."""
        operator = "<" if name == "min" else ">"
        exact = all(value.kind == "integer" for value in values)
        texts = [value.text if exact else self.as_double(value) for value in values]
        result = texts[0]
        for text in texts[1:]:
            last = text
            if not all(value.sure for value in values):
                last = self.where(
                    self.binary(f"{operator}=", text, result),
                    text,
                    f"{wrapped(result)} + {wrapped(text)}",
                    is_list=is_list,
                )
            result = self.where(self.binary(operator, result, text), result, last, is_list=is_list)
        return result

    def reduced(self, name: str, value: Value) -> tuple[str, str | None]:
        """Return the sum, smallest or largest element of lists, and a condition under which there is one.

        Where the text is NaN without one, there is no condition.
        """
        raise self.refuse("lists", value)

    def truths(self, name: str, text: str) -> str:
        """Return the ``sum`` of a list of conditions, or whether ``any`` or ``all`` of them hold."""
        raise NotInForm(f"{name}({text}): there are no lists")

    def length(self, value: Value) -> str:
        """Return the number of elements of lists."""
        raise self.refuse("lists", value)

    def masked(self, text: str, mask: str) -> str:
        """Return the elements that a mask keeps."""
        raise NotInForm(f"{text}[{mask}]: there are no lists")

    def element(self, value: Value, index: Value) -> tuple[str, str | None]:
        """Return an element of lists, and a condition under which it is there, as :meth:`reduced` does."""
        raise self.refuse("lists", value)

    def elements(self, value: Value, index: Value) -> str:
        """Return the elements at indices that are lists, too; NaN where there is none."""
        raise self.refuse("a list as index", value)

    def refuse(self, what: str, value: Value) -> NotInForm:
        """Return the error for what the language does not have."""
        return NotInForm(f"{value.text}: there are no {what}")
