"""From expressions of branches to those of a language.

The tree of an expression is the one that is evaluated (:mod:`scripts.data.expressions`), and so are the
rules: a condition on NaN is neither true nor false, a missing value makes missing what needs it, arithmetic
is of double precision or of exact integers. One rule is another: an element of a list whose condition hangs
on NaN is left out by a mask, where the evaluation leaves out the event.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..data.expression_syntax import Syntax
from ..data.ntuple_recipe import Recipe
from .conditions import as_condition, as_number, chosen_by, compared, fails, joined, parts_of, truth
from .language import Branch, Kind, Language, NotInForm, Value, wrapped
from .lists import REDUCTIONS, reduced, selected

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


@dataclass
class Translation:
    """The expressions of a process in a language.

    Attributes
    ----------
    language : Language
    recipe : Recipe
    branches : mapping of Branch
        By name, all that the recipe needs.
    definitions : dict
        Text of each column that is computed, by the name of its variable, in the order of computation.
    """

    language: Language
    recipe: Recipe
    branches: Mapping[str, Branch]
    definitions: dict[str, str] = field(default_factory=dict)
    _columns: dict[str, Value] = field(default_factory=dict)

    def value(self, text: str, own: str | None = None) -> Value:
        """Return an expression; in that of a column its ``own`` name is the branch.

        Raises
        ------
        NotInForm
            If the language cannot express it; the message has the expression.
        """
        try:
            syntax = Syntax.parse(text)
            return _Visit(self, syntax, own).value(syntax.tree)
        except NotInForm as fault:
            # Of a column in a column the innermost has the part that is meant.
            inner = str(fault).startswith("expression ")
            raise NotInForm(str(fault) if inner else f"expression '{text}': {fault}") from None

    def condition(self, text: str) -> Value:
        """Return an expression as a condition; of integers those that are not 0 are true."""
        return as_condition(self.language, self.value(text))

    def passes(self, text: str) -> str:
        """Return whether an event passes a step of the preselection."""
        step = self.condition(text)
        if self.recipe.keeps_missing:
            return self.language.either([step.text, step.missing])
        return step.text

    def column(self, name: str) -> Value:
        """Return a column, whose text is a variable unless it is a branch as it is."""
        if name not in self._columns:
            expression = self.recipe.columns[name]
            value = self.value(expression.text, own=name)
            if value.text not in {branch.identifier for branch in self.branches.values()}:
                value = self._defined(name, value)
            self._columns[name] = value
        return self._columns[name]

    def _defined(self, name: str, value: Value) -> Value:
        if not self.language.has_variables or value.number is not None:
            return value
        taken = {branch.identifier for branch in self.branches.values()}
        variable = name
        while variable in taken or variable in self.language.reserved:
            variable += "_"
        self.definitions[variable] = value.text
        return replace(value, text=variable)


@dataclass(frozen=True)
class _Visit:
    """The visit of one tree."""

    translation: Translation
    syntax: Syntax
    own: str | None

    @property
    def language(self) -> Language:
        return self.translation.language

    def value(self, node: ast.AST) -> Value:
        match node:
            case ast.Constant():
                return self._constant(node.value)
            case ast.Name():
                return self._name(self.syntax.name(node))
            case ast.UnaryOp(op=ast.Not() | ast.Invert()):
                return self._negated(self.value(node.operand))
            case ast.UnaryOp():
                return self._signed(node.op, self.value(node.operand))
            case ast.BinOp(op=ast.BitAnd() | ast.BitOr()):
                return self._bits(node.op, self.value(node.left), self.value(node.right))
            case ast.BinOp():
                return self._calculated(
                    _OPERATORS[type(node.op)], self.value(node.left), self.value(node.right)
                )
            case ast.BoolOp():
                parts = [self.value(part) for part in node.values]
                return self._joined(isinstance(node.op, ast.And), parts)
            case ast.Compare():
                parts = [self.value(part) for part in (node.left, *node.comparators)]
                found = [
                    compared(self.language, _OPERATORS[type(op)], one, other)
                    for op, one, other in zip(node.ops, parts, parts[1:], strict=False)
                ]
                return self._joined(True, found) if len(found) > 1 else found[0]
            case ast.Call(func=ast.Name(id=name)):
                return self._called(name, [self.value(argument) for argument in node.args])
            case ast.Subscript():
                return selected(self.language, self.value(node.value), self.value(node.slice))
        raise AssertionError(f"{ast.dump(node)} has passed the check of the syntax")

    def _constant(self, value: object) -> Value:
        if isinstance(value, bool):
            return truth(self.language, value)
        if isinstance(value, str):
            return Value(self.language.string(value), "text", sure=True)
        assert isinstance(value, int | float)
        if isinstance(value, int) and abs(value) < 2**63:
            return Value(self.language.integer(value), "integer", sure=True, number=value)
        return Value(self.language.real(value), "float", sure=True, number=float(value))

    def _name(self, name: str) -> Value:
        translation = self.translation
        if name in translation.recipe.columns and name != self.own:
            return translation.column(name)
        branch = translation.branches[name]
        if branch.is_list and not self.language.has_lists:
            raise NotInForm(f"{name} has a list for each event")
        text = self.language.name(branch)
        is_double = branch.type in ("float64", "int64")
        sure = branch.kind != "float" and branch.sentinel is None
        plain = Value(text, branch.kind, branch.is_list, sure=sure, is_double=is_double)
        if branch.sentinel is None:
            return plain
        number = Value("", "float", number=branch.sentinel)
        if branch.kind == "integer" and branch.sentinel.is_integer():
            number = Value(
                self.language.integer(int(branch.sentinel)), "integer", number=int(branch.sentinel)
            )
        if branch.kind == "condition":
            raise NotInForm(f"{name} holds true or false, in which no sentinel is found")
        is_there, is_missing = (self.language.compared(sign, plain, number) for sign in ("!=", "=="))
        return replace(plain, guards=(is_there,), missing=is_missing)

    def _signed(self, op: ast.AST, value: Value) -> Value:
        number = as_number(self.language, value)
        if isinstance(op, ast.UAdd):
            return number
        if number.number is not None:
            return self._constant(-number.number)
        text = number.text if number.is_double else self._double_or_integer(number)
        return replace(number, text=f"-{wrapped(text)}", is_double=True)

    def _double_or_integer(self, value: Value) -> str:
        if value.kind == "integer":
            return self.language.as_integer(value)
        return self.language.as_double(value)

    def _calculated(self, sign: str, one: Value, other: Value) -> Value:
        language = self.language
        values = [as_number(self.language, one), as_number(self.language, other)]
        exact = all(value.kind == "integer" for value in values) and sign in "+-*//%"
        exact = exact and sign != "/"
        if sign in ("//", "%") and not values[1].number:
            exact = False  # by 0 the result is infinite or NaN, which integers have no word for
        kind: Kind = "integer" if exact else "float"
        common = parts_of(self.language, values)
        if sign == "**":
            texts = [language.as_double(value) for value in values]
            text = language.power(*texts, is_list=bool(common["is_list"]))
        elif sign in ("//", "%"):
            text = language.divided(sign, *values, exact=exact)
        else:
            text = language.calculated(sign, *values, exact=exact)
        sure = exact and all(value.sure for value in values)
        return Value(text, kind, sure=sure, **common)  # type: ignore[arg-type]

    def _bits(self, op: ast.AST, one: Value, other: Value) -> Value:
        if not (one.kind == other.kind == "integer"):
            return self._joined(isinstance(op, ast.BitAnd), [one, other])
        text = self.language.bits("&" if isinstance(op, ast.BitAnd) else "|", one, other)
        return Value(text, "integer", sure=one.sure and other.sure, **parts_of(self.language, [one, other]))  # type: ignore[arg-type]

    def _joined(self, is_and: bool, values: list[Value]) -> Value:
        return joined(self.language, is_and, [as_condition(self.language, value) for value in values])

    def _negated(self, value: Value) -> Value:
        condition = as_condition(self.language, value)
        return replace(condition, text=fails(self.language, condition), fails=condition.text)

    def _called(self, name: str, values: list[Value]) -> Value:
        if name == "where":
            return chosen_by(self.language, *values)
        if name in REDUCTIONS and len(values) == 1:
            return reduced(self.language, name, values[0])
        numbers = [as_number(self.language, value) for value in values]
        common = parts_of(self.language, numbers)
        is_list = bool(common["is_list"])
        if name in ("min", "max"):
            text = self.language.extreme(name, numbers, is_list=is_list)
            exact = all(value.kind == "integer" for value in numbers)
            sure = all(value.sure for value in numbers)
            return Value(text, "integer" if exact else "float", sure=sure, **common)  # type: ignore[arg-type]
        kind: Kind = "integer" if name == "abs" and numbers[0].kind == "integer" else "float"
        text = self.language.call(name, numbers, is_list=is_list)
        sure = kind == "integer" and numbers[0].sure
        is_double = name != "abs" or numbers[0].is_double
        return Value(text, kind, sure=sure, is_double=is_double, **common)  # type: ignore[arg-type]
