"""Expressions of Python: awkward arrays, with lists, and flat columns of pandas."""

from __future__ import annotations

import builtins
import keyword

from .language import Branch, Language, Value, wrapped

_KINEMATIC = ("deltaphi", "deltar", "angle", "mass", "mass_cartesian")


class Pandas(Language):
    """Columns of pandas, one value an event; branches are doubles or integers of 8 bytes."""

    AND, OR, NOT = "&", "|", "~"
    TRUE, FALSE, NAN = "True", "False", "np.nan"
    has_lists = False
    reserved = frozenset(
        {*keyword.kwlist, *dir(builtins), *_KINEMATIC, "np", "ak", "events", "at", "branch_of", "take"}
    )

    def __init__(self) -> None:
        #: Functions that the form has to bring, by name.
        self.helpers: set[str] = set()

    def name(self, branch: Branch) -> str:
        """Return what stands for a branch."""
        return branch.identifier

    def power(self, one: str, other: str, *, is_list: bool) -> str:
        """Return a power of doubles."""
        return f"np.square({one})" if other == "2.0" else f"np.power({one} * 1.0, {other})"

    def divided(self, operator: str, one: Value, other: Value, *, exact: bool) -> str:
        """Return the result of ``//`` or ``%``, which round down."""
        text = one.text if exact or one.kind == "float" else f"({one.text} * 1.0)"
        return f"{wrapped(text)} {operator} {wrapped(other.text)}"

    def bits(self, operator: str, one: Value, other: Value) -> str:
        """Return common bits of integers."""
        return self.binary(operator, one.text, other.text)

    def where(self, condition: str, one: str, other: str, *, is_list: bool) -> str:
        """Return one number where a condition holds, else the other."""
        return f"np.where({condition}, {one}, {other})"

    def call(self, name: str, values: list[Value], *, is_list: bool) -> str:
        """Return a function of numbers."""
        texts = [self.as_double(value) for value in values]
        if name in _KINEMATIC:
            self.helpers.add(name)
            return f"{name}({', '.join(texts)})"
        return f"np.{name}({', '.join(texts)})"

    def extreme(self, name: str, values: list[Value], *, is_list: bool) -> str:
        """Return the smallest or largest of numbers, NaN if one is."""
        result = values[0].text
        for value in values[1:]:
            result = f"np.{name}imum({result}, {value.text})"
        return result


class Awkward(Pandas):
    """Awkward arrays; an element that is not there is NaN."""

    has_lists = True

    def where(self, condition: str, one: str, other: str, *, is_list: bool) -> str:
        """Return one number where a condition holds, else the other."""
        return f"ak.where({condition}, {one}, {other})"

    def reduced(self, name: str, value: Value) -> tuple[str, str | None]:
        """Return the sum, smallest or largest element of lists; NaN without one."""
        if name == "sum":
            return f"ak.sum({value.text}, axis=1)", None
        return f"ak.fill_none(ak.{name}({value.text}, axis=1), np.nan)", None

    def truths(self, name: str, text: str) -> str:
        """Return the number of true elements, or whether any or all are."""
        return f"ak.{name}({text}, axis=1)"

    def length(self, value: Value) -> str:
        """Return the number of elements."""
        return f"ak.num({value.text}, axis=1)"

    def masked(self, text: str, mask: str) -> str:
        """Return the elements that a mask keeps."""
        return f"{wrapped(text)}[{mask}]"

    def element(self, value: Value, index: Value) -> tuple[str, str | None]:
        """Return an element; NaN, or false, where it is not there."""
        self.helpers.add("at")
        missing = self.FALSE if value.kind == "condition" else self.NAN
        text = f"at({value.text}, {index.text}, {missing})"
        return text, None

    def elements(self, value: Value, index: Value) -> str:
        """Return the elements at indices that are lists, too."""
        self.helpers.add("take")
        return f"take({value.text}, {index.text})"
