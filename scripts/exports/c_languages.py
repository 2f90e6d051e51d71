"""Expressions of C++, of RDataFrame and of TTree::Draw."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from .language import Branch, Language, NotInForm, Value, unique, wrapped

#: Functions of one or two numbers that C++ has by another name.
_NAMES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2"}
_KINEMATIC = ("deltaphi", "deltar", "angle", "mass", "mass_cartesian")

#: Words of C++, which no variable has as its name.
_WORDS = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl concept const
consteval
constexpr constinit continue co_await co_return co_yield decltype default delete do double else enum explicit
export extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr
operator or or_eq private protected public register requires return short signed sizeof static struct switch
template this throw true try typedef typeid typename union unsigned using virtual void volatile while xor
xor_eq
cabin std
"""


class C(Language):
    """C++ with the functions of :mod:`scripts.exports.cpp_helpers`, which knows lists.

    Branches are doubles, integers of 8 bytes, truth values or texts, or lists of them.
    """

    #: Where the functions of the header are.
    SPACE = "cabin::"
    reserved = frozenset(_WORDS.split())

    def __init__(self) -> None:
        self.helpers = False

    def _help(self, name: str, *texts: str) -> str:
        self.helpers = True
        return f"{self.SPACE}{name}({', '.join(texts)})"

    def integer(self, number: int) -> str:
        """Return an integer."""
        return str(number) if abs(number) < 2**31 else f"{number}LL"

    def name(self, branch: Branch) -> str:
        """Return what stands for a branch."""
        self.helpers |= branch.is_list
        return branch.identifier

    def as_double(self, value: Value) -> str:
        """Return a number as one of double precision."""
        if value.number is not None:
            return self.real(value.number)
        if value.kind != "integer":
            return value.text
        return self._help("reals", value.text) if value.is_list else f"double({value.text})"

    def same_text(self, operator: str, one: Value, other: Value) -> str:
        """Return a comparison of texts."""
        return self.binary(operator, *(f"std::string({side.text})" for side in (one, other)))

    def power(self, one: str, other: str, *, is_list: bool) -> str:
        """Return a power of doubles."""
        return self._help("pow", one, other) if is_list else f"std::pow({one}, {other})"

    def divided(self, operator: str, one: Value, other: Value, *, exact: bool) -> str:
        """Return the result of ``//`` or ``%``, which round down."""
        convert = self.as_integer if exact else self.as_double
        return self._help(
            "quotient" if operator == "//" else "modulo",
            *(self._typed(convert(side), exact, side) for side in (one, other)),
        )

    def _typed(self, text: str, exact: bool, value: Value) -> str:
        """Return an integer constant as one of 8 bytes, so that both arguments are of one type."""
        return f"{text}LL" if exact and value.number is not None and not text.endswith("LL") else text

    def bits(self, operator: str, one: Value, other: Value) -> str:
        """Return common bits of integers."""
        return self.binary(operator, self.as_integer(one), self.as_integer(other))

    def where(self, condition: str, one: str, other: str, *, is_list: bool) -> str:
        """Return one number where a condition holds, else the other."""
        if is_list:
            return self._help("where", condition, one, other)
        return f"{wrapped(condition)} ? {wrapped(one)} : {wrapped(other)}"

    def call(self, name: str, values: list[Value], *, is_list: bool) -> str:
        """Return a function of numbers."""
        if name == "abs" and values[0].kind == "integer":
            return f"{self.SPACE if is_list else 'std::'}abs({self.as_integer(values[0])})"
        texts = [self.as_double(value) for value in values]
        if name in _KINEMATIC or is_list:
            return self._help(_NAMES.get(name, name), *texts)
        return f"std::{_NAMES.get(name, name)}({', '.join(texts)})"

    def reduced(self, name: str, value: Value) -> tuple[str, str | None]:
        """Return the sum, smallest or largest element of lists; NaN without one."""
        return self._help({"sum": "sum", "min": "smallest", "max": "largest"}[name], value.text), None

    def truths(self, name: str, text: str) -> str:
        """Return the number of true elements, or whether any or all are."""
        return self._help({"sum": "count", "any": "any", "all": "all"}[name], text)

    def length(self, value: Value) -> str:
        """Return the number of elements."""
        return self._help("length", value.text)

    def masked(self, text: str, mask: str) -> str:
        """Return the elements that a mask keeps."""
        return f"{wrapped(text)}[{mask}]"

    def element(self, value: Value, index: Value) -> tuple[str, str | None]:
        """Return an element; NaN, or false, where it is not there."""
        counts = "from_end" if index.number is not None and index.number < 0 else "at"
        return self._help(counts, value.text, self.as_integer(index)), None

    def elements(self, value: Value, index: Value) -> str:
        """Return the elements at indices that are lists, too."""
        return self._help("take", value.text, index.text)


class RDataFrame(C):
    """Expressions of RDataFrame: branches as they are in the file, lists are of the type RVec."""

    SPACE = "cabin_rvec::"
    reserved = C.reserved | {"rdfentry_", "rdfslot_"}

    def name(self, branch: Branch) -> str:
        """Return what stands for a branch."""
        return branch.identifier

    def as_double(self, value: Value) -> str:
        """Return a number as one of double precision, which a branch may not be."""
        if value.number is not None:
            return self.real(value.number)
        if value.kind == "float" and value.is_double:
            return value.text
        return f"ROOT::RVecD({value.text})" if value.is_list else f"double({value.text})"

    def as_integer(self, value: Value) -> str:
        """Return an integer of 8 bytes, which a branch may not be."""
        if value.number is not None or value.is_double:
            return value.text
        return f"ROOT::RVecL({value.text})" if value.is_list else f"Long64_t({value.text})"

    def compared(self, operator: str, one: Value, other: Value) -> str:
        """Return a comparison; unsigned integers are made signed before it."""
        sides = [
            side
            if side.kind == "float" or side.number is not None or side.is_double
            else Value(self.as_integer(side), side.kind, side.is_list)
            for side in (one, other)
        ]
        # RVec compares two lists in their common type, which is double for one of integers beside floats.
        if one.is_list and other.is_list and "integer" in (one.kind, other.kind) and one.kind != other.kind:
            sides = [Value(self.as_double(side), "float", True) for side in (one, other)]
        return super().compared(operator, *sides)

    def call(self, name: str, values: list[Value], *, is_list: bool) -> str:
        """Return a function of numbers; those of lists are RVec's."""
        if name in _KINEMATIC:
            return self._help(name, *(self.as_double(value) for value in values))
        if name == "abs":
            value = values[0]
            text = value.text if value.kind == "float" else self.as_integer(value)
            return f"abs({text})" if is_list else f"std::abs({text})"
        texts = [self.as_double(value) for value in values]
        return f"{'' if is_list else 'std::'}{_NAMES.get(name, name)}({', '.join(texts)})"

    def power(self, one: str, other: str, *, is_list: bool) -> str:
        """Return a power of doubles."""
        return f"pow({one}, {other})" if is_list else f"std::pow({one}, {other})"

    def where(self, condition: str, one: str, other: str, *, is_list: bool) -> str:
        """Return one number where a condition holds, else the other."""
        if is_list:
            return self._help("where", condition, one, other)
        return super().where(condition, one, other, is_list=False)

    def reduced(self, name: str, value: Value) -> tuple[str, str | None]:
        """Return the sum in 8 bytes, smallest or largest element of lists; NaN without one."""
        if name == "sum":
            # Of a list of floats the sum would be one, too.
            text = self.as_double(value) if value.kind == "float" else self.as_integer(value)
            return f"Sum({text})", None
        return self._help({"min": "smallest", "max": "largest"}[name], value.text), None

    def truths(self, name: str, text: str) -> str:
        """Return the number of true elements, or whether any or all are."""
        return {"sum": f"Sum(ROOT::RVecL({text}))", "any": f"Any({text})", "all": f"All({text})"}[name]

    def length(self, value: Value) -> str:
        """Return the number of elements."""
        return f"int({wrapped(value.text)}.size())"


class Draw(Language):
    """Expressions of TTree::Draw, which computes with doubles; lists only within a reduction."""

    TRUE, FALSE = "1", "0"
    has_variables = False

    def binary(self, operator: str, one: str, other: str) -> str:
        """Return a result of arithmetic or a comparison."""
        return super().binary(operator, *_whole(one, other))

    def conditions(self, operator: str, texts: Iterable[str | None]) -> str:
        """Return the texts, each once, joined by an operator of conditions."""
        return super().conditions(operator, _whole(*unique(texts)))

    def negation(self, text: str) -> str:
        """Return that a condition does not hold."""
        return super().negation(*_whole(text))

    def name(self, branch: Branch) -> str:
        """Return what stands for a branch."""
        if not re.fullmatch(r"[A-Za-z_][\w.]*", branch.name):
            raise NotInForm(f"the name {branch.name} would be an expression")
        return branch.name

    def same_text(self, operator: str, one: Value, other: Value) -> str:
        """Refuse a comparison of texts."""
        raise NotInForm(f"{one.text} {operator} {other.text} compares texts")

    def power(self, one: str, other: str, *, is_list: bool) -> str:
        """Return a power."""
        return f"TMath::Power({', '.join(_whole(one, other))})"

    def calculated(self, operator: str, one: Value, other: Value, *, exact: bool) -> str:
        """Return a result of arithmetic; a division by 0 would be 0."""
        if operator == "/" and one.kind == "integer":
            one = replace(one, text=f"1.0 * {wrapped(one.text)}")
        text = super().calculated(operator, one, other, exact=exact)
        if operator != "/" or other.number:
            return text
        is_some = self.binary("!=", other.text, "0")
        return self.where(is_some, text, self.binary("*", one.text, "TMath::Infinity()"), is_list=False)

    def divided(self, operator: str, one: Value, other: Value, *, exact: bool) -> str:
        """Return the result of ``//`` or ``%``, which round down."""
        if exact and operator == "%":
            remainder = f"{wrapped(one.text)} % {wrapped(other.text)}"
            return f"({remainder} + {wrapped(other.text)}) % {wrapped(other.text)}"
        quotient = f"TMath::Floor({self.calculated('/', one, other, exact=False)})"
        return quotient if operator == "//" else f"{wrapped(one.text)} - {quotient} * {wrapped(other.text)}"

    def bits(self, operator: str, one: Value, other: Value) -> str:
        """Return common bits of integers."""
        return self.binary(operator, one.text, other.text)

    def where(self, condition: str, one: str, other: str, *, is_list: bool) -> str:
        """Return one number where a condition holds, else the other."""
        condition, one, other = _whole(condition, one, other)
        return f"{wrapped(condition)} ? {wrapped(one)} : {wrapped(other)}"

    def call(self, name: str, values: list[Value], *, is_list: bool) -> str:
        """Return a function of numbers.

        Those of TMath, as sqrt, log, exp and acos of TTree::Draw have numbers where there is none.
        """
        texts = _whole(*(value.text for value in values))
        if name in _KINEMATIC:
            text: str = getattr(self, f"_{name}")(*(wrapped(text) for text in texts))
            return text
        call = f"TMath::{_TMATH[name]}({', '.join(texts)})"
        if name in ("arcsin", "arccos"):
            return f"TMath::Abs({texts[0]}) <= 1 ? {call} : TMath::QuietNaN()"
        return call

    @staticmethod
    def _deltaphi(one: str, other: str) -> str:
        return f"TVector2::Phi_mpi_pi({one} - {other})"

    def _deltar(self, eta1: str, phi1: str, eta2: str, phi2: str) -> str:
        phi = self._deltaphi(phi1, phi2)
        return f"TMath::Sqrt(TMath::Power({eta1} - {eta2}, 2) + TMath::Power({phi}, 2))"

    def _angle(self, *components: str) -> str:
        one, other = components[:3], components[3:]
        product = " + ".join(f"{a} * {b}" for a, b in zip(one, other, strict=True))
        squares = [" + ".join(f"{a} * {a}" for a in momentum) for momentum in (one, other)]
        cosine = f"({product}) / TMath::Sqrt(({squares[0]}) * ({squares[1]}))"
        return f"TMath::ACos({cosine} > 1 ? 1 : ({cosine} < -1 ? -1 : {cosine}))"

    def _mass(self, *components: str) -> str:
        cartesian: list[str] = []
        for pt, eta, phi, mass in zip(*[iter(components)] * 4, strict=True):
            x, y, z = f"{pt} * TMath::Cos({phi})", f"{pt} * TMath::Sin({phi})", f"{pt} * TMath::SinH({eta})"
            squares = " + ".join(f"TMath::Power({one}, 2)" for one in (x, y, z))
            energy = f"TMath::Sqrt({squares} + {mass} * TMath::Abs({mass}))"
            cartesian += [f"({x})", f"({y})", f"({z})", energy]
        return self._mass_cartesian(*cartesian)

    @staticmethod
    def _mass_cartesian(*components: str) -> str:
        x, y, z, energy = (f"TMath::Power({' + '.join(components[first::4])}, 2)" for first in range(4))
        square = f"({energy} - {x} - {y} - {z})"
        return (
            f"({square} < -1e-06 * {energy}) ? TMath::QuietNaN() : TMath::Sqrt({square} < 0 ? 0 : {square})"
        )

    def reduced(self, name: str, value: Value) -> tuple[str, str | None]:
        """Return the sum, smallest or largest element of lists."""
        values, mask = _parts(value.text)
        if name == "sum":
            return f"Sum$({_alternative(mask, values)})" if mask else f"Sum$({values})", None
        call = f"{name.capitalize()}If$({values}, {mask})" if mask else f"{name.capitalize()}$({values})"
        return call, f"{self.length(value)} > 0"

    def truths(self, name: str, text: str) -> str:
        """Return the number of true elements, or whether any or all are."""
        values, mask = _parts(text)
        if name == "all":
            return f"Sum$({self.both([mask, self.negation(values)])}) == 0"
        total = f"Sum$({self.both([mask, values])})"
        return total if name == "sum" else f"{total} > 0"

    def length(self, value: Value) -> str:
        """Return the number of elements."""
        values, mask = _parts(value.text)
        return f"Sum$({mask})" if mask else f"Length$({values})"

    def masked(self, text: str, mask: str) -> str:
        """Return the elements that a mask keeps; the reduction takes both apart."""
        values, before = _parts(text)
        return f"{values}{_MASK}{self.both([before, *_whole(mask)])}"

    def element(self, value: Value, index: Value) -> tuple[str, str | None]:
        """Return an element, and whether it is there."""
        if _MASK in value.text or not re.fullmatch(r"[\w.]+", value.text) or index.number is None:
            raise NotInForm(
                f"{value.text.replace(_MASK, '[')}[{index.text}] takes an element of what is computed"
            )
        if index.number < 0:
            raise NotInForm(f"{value.text}[{index.text}] counts from the end")
        return f"Alt$({value.text}[{index.text}], 0)", f"Length$({value.text}) > {index.text}"


#: Names of functions in TMath.
_TMATH = {
    "abs": "Abs",
    "sqrt": "Sqrt",
    "exp": "Exp",
    "log": "Log",
    "log10": "Log10",
    "sin": "Sin",
    "cos": "Cos",
    "tan": "Tan",
    "arcsin": "ASin",
    "arccos": "ACos",
    "arctan": "ATan",
    "sinh": "SinH",
    "cosh": "CosH",
    "tanh": "TanH",
    "floor": "Floor",
    "ceil": "Ceil",
    "hypot": "Hypot",
    "arctan2": "ATan2",
}
#: Between a list and its mask, which only a reduction can take together.
_MASK = "\0"


def _whole(*texts: str) -> list[str]:
    """Return texts that are no list with a mask."""
    for text in texts:
        if _MASK in text:
            raise NotInForm(f"{text.replace(_MASK, '[')}] can only be given to a reduction")
    return list(texts)


def _parts(text: str) -> tuple[str, str | None]:
    if "Alt$" in text:
        raise NotInForm("an element of one list cannot be in a reduction of another")
    values, found, mask = text.partition(_MASK)
    return values, mask if found else None


def _alternative(mask: str, values: str) -> str:
    return f"{wrapped(mask)} ? {wrapped(values)} : 0"
