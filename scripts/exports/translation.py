"""From expressions of branches to those of a language.

The tree of an expression is the one that is evaluated (:mod:`scripts.data.expressions`), and so are the
rules: a condition on NaN is neither true nor false, a missing value makes missing what needs it, arithmetic
is of double precision or of exact integers. One rule is another: an element of a list whose condition hangs
on NaN is left out by a mask, where the evaluation leaves out the event.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..data.expression_syntax import Syntax
from ..data.ntuple_recipe import Recipe
from .language import OPPOSITE, Branch, Kind, Language, NotInForm, Value, unique, wrapped

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
_COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_REDUCTIONS = ("min", "max", "sum", "len", "any", "all")


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
                    self._compared(_OPERATORS[type(op)], one, other)
                    for op, one, other in zip(node.ops, parts, parts[1:], strict=False)
                ]
                return self._joined(True, found) if len(found) > 1 else found[0]
            case ast.Call(func=ast.Name(id=name)):
                return self._called(name, [self.value(argument) for argument in node.args])
            case ast.Subscript():
                return self._selected(self.value(node.value), self.value(node.slice))
        raise AssertionError(f"{ast.dump(node)} has passed the check of the syntax")

    def _constant(self, value: object) -> Value:
        if isinstance(value, bool):
            text = self.language.TRUE if value else self.language.FALSE
            return Value(text, "condition", sure=True)
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
        number = self._number(value)
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

    def _number(self, value: Value) -> Value:
        """Return a number; a condition counts as 1 or 0."""
        if value.kind == "text":
            raise NotInForm(f"{value.text} is a text")
        if value.kind != "condition":
            return value
        one, none = (self.language.integer(number) for number in (1, 0))
        text = self.language.where(value.text, one, none, is_list=value.is_list)
        guards = () if value.fails is None else (self.language.either([value.text, value.fails]),)
        return replace(value, text=text, kind="integer", guards=guards, fails=None, sure=not guards)

    def _common(self, values: list[Value]) -> dict[str, object]:
        """Return what a result has of its parts: lists, guards, and what is missing."""
        language, is_list = self.language, any(value.is_list for value in values)
        flat = [value.missing for value in values if not (is_list and value.is_list)]
        of_elements = [value.missing for value in values if value.is_list]
        found: dict[str, object] = {
            "is_list": is_list,
            "guards": tuple(unique(guard for value in values for guard in value.guards)),
        }
        if is_list:
            absent = unique([*(value.absent for value in values), *flat])
            found["absent"] = language.either(absent) if absent else None
            missing = unique(of_elements)
        else:
            missing = unique(flat)
        found["missing"] = language.either(missing) if missing else None
        return found

    def _calculated(self, sign: str, one: Value, other: Value) -> Value:
        language = self.language
        values = [self._number(one), self._number(other)]
        exact = all(value.kind == "integer" for value in values) and sign in "+-*//%"
        exact = exact and sign != "/"
        if sign in ("//", "%") and not values[1].number:
            exact = False  # by 0 the result is infinite or NaN, which integers have no word for
        kind: Kind = "integer" if exact else "float"
        common = self._common(values)
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
        return Value(text, "integer", sure=one.sure and other.sure, **self._common([one, other]))  # type: ignore[arg-type]

    def _compared(self, sign: str, one: Value, other: Value) -> Value:
        language = self.language
        if "text" in (one.kind, other.kind):
            text, fails = (language.same_text(how, one, other) for how in (sign, OPPOSITE[sign]))
            common = self._common([one, other]) | {"guards": ()}
            return Value(text, "condition", fails=fails, sure=True, **common)  # type: ignore[arg-type]
        one, other = self._number(one), self._number(other)
        if one.number is not None and other.number is not None:
            return self._constant(bool(_COMPARISONS[sign](one.number, other.number)))
        common = self._common([one, other])
        guards = common.pop("guards")
        assert isinstance(guards, tuple)
        if one.sure and other.sure:
            return Value(
                language.compared(sign, one, other),
                "condition",
                fails=language.compared(OPPOSITE[sign], one, other),
                sure=True,
                **common,  # type: ignore[arg-type]
            )

        def certain(how: str) -> str:
            if how == "!=":
                unlike = [language.compared(way, one, other) for way in "<>"]
                return language.both([*guards, language.either(unlike)])
            return language.both([*guards, language.compared(how, one, other)])

        return Value(
            certain(sign),
            "condition",
            fails=certain(OPPOSITE[sign]),
            **common,  # type: ignore[arg-type]
        )

    def _joined(self, is_and: bool, values: list[Value]) -> Value:
        return joined(self.language, is_and, [as_condition(self.language, value) for value in values])

    def _negated(self, value: Value) -> Value:
        condition = as_condition(self.language, value)
        return replace(condition, text=fails(self.language, condition), fails=condition.text)

    def _called(self, name: str, values: list[Value]) -> Value:
        if name == "where":
            return self._where(*values)
        if name in _REDUCTIONS and len(values) == 1:
            return self._reduced(name, values[0])
        numbers = [self._number(value) for value in values]
        common = self._common(numbers)
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

    def _where(self, condition: Value, one: Value, other: Value) -> Value:
        language = self.language
        chosen = as_condition(language, condition)
        holds, not_so = chosen.text, fails(language, chosen)
        is_list = any(value.is_list for value in (chosen, one, other))

        def either_way(first: str | None, second: str | None) -> str | None:
            if first is None and second is None:
                return None
            if first == second:
                return first
            return language.either(
                [
                    None if first is None else language.both([holds, first]),
                    None if second is None else language.both([not_so, second]),
                ]
            )

        missing = unique([chosen.missing, either_way(one.missing, other.missing)])
        absent = unique([chosen.absent, either_way(one.absent, other.absent)])
        common: dict[str, object] = {
            "is_list": is_list,
            "missing": language.either(missing) if missing else None,
            "absent": language.either(absent) if absent else None,
        }
        if one.kind == other.kind == "condition":
            text = language.either([language.both([holds, one.text]), language.both([not_so, other.text])])
            fail = language.either(
                [
                    language.both([holds, fails(language, one)]),
                    language.both([not_so, fails(language, other)]),
                ]
            )
            sure = chosen.sure and one.sure and other.sure
            return Value(text, "condition", fails=fail, sure=sure, **common)  # type: ignore[arg-type]
        one, other = self._number(one), self._number(other)
        exact = one.kind == other.kind == "integer"
        convert = language.as_integer if exact else language.as_double
        guards: list[str | None] = []
        if not chosen.sure:
            guards.append(language.either([holds, not_so]))
        if one.guards or other.guards:
            guards.append(either_way(language.both(one.guards), language.both(other.guards)))
        text = language.where(holds, convert(one), convert(other), is_list=is_list)
        sure = not guards and one.sure and other.sure
        return Value(
            text,
            "integer" if exact else "float",
            guards=tuple(unique(guards)),
            sure=sure,
            **common,  # type: ignore[arg-type]
        )

    def _reduced(self, name: str, value: Value) -> Value:
        language = self.language
        if not value.is_list:
            raise NotInForm(f"{name}({value.text}): {value.text} has one value an event")
        is_there = None if value.absent is None else language.negation(value.absent)
        guards = () if is_there is None else (is_there,)
        if name == "len":
            text = language.length(value)
            return Value(text, "integer", guards=guards, missing=value.absent, sure=not guards)
        if name in ("any", "all"):
            condition = as_condition(language, value)
            whether = condition.text
            if name == "all" and condition.missing is not None:
                whether = language.either([whether, condition.missing])
            text = language.truths(name, whether)
            return Value(
                language.both([is_there, text]),
                "condition",
                fails=language.both([is_there, language.negation(text)]),
                missing=value.absent,
                sure=not guards,
            )
        if value.kind == "condition":
            if name != "sum":
                value = self._number(value)
            else:
                text = language.truths("sum", value.text)
                return Value(text, "integer", guards=guards, missing=value.absent, sure=not guards)
        if value.missing is not None:
            kept = language.negation(value.missing)
            value = replace(value, text=language.masked(value.text, kept), missing=None, guards=())
        text, there = language.reduced(name, value)
        missing = value.absent
        if name != "sum":
            missing = language.either(
                [value.absent, language.compared("==", _integer(language.length(value)), _zero(language))]
            )
        all_guards = tuple(unique([*guards, there]))
        exact = value.kind == "integer"
        sure = exact and not all_guards and name == "sum"
        kind: Kind = "integer" if exact else "float"
        return Value(text, kind, guards=all_guards, missing=missing, sure=sure)

    def _selected(self, value: Value, at: Value) -> Value:
        language = self.language
        if not value.is_list:
            raise NotInForm(f"{value.text} has one value an event: it takes no index or mask")
        if at.kind == "condition":
            absent = unique([value.absent, at.absent])
            return replace(
                value,
                text=language.masked(value.text, at.text),
                guards=tuple(language.masked(guard, at.text) for guard in value.guards),
                fails=None if value.fails is None else language.masked(value.fails, at.text),
                missing=None if value.missing is None else language.masked(value.missing, at.text),
                absent=language.either(absent) if absent else None,
            )
        if at.is_list:
            return self._gathered(value, at)
        return self._element(value, at)

    def _gathered(self, value: Value, at: Value) -> Value:
        if value.missing or at.missing or value.kind in ("condition", "text"):
            raise NotInForm(f"{value.text}[{at.text}] takes elements that can be missing")
        text = self.language.elements(value, at)
        beyond = self.language.either(
            [
                self.language.compared("<", at, _zero(self.language)),
                self.language.compared(">=", at, _integer(self.language.length(value))),
            ]
        )
        absent = unique([value.absent, at.absent])
        return Value(
            text,
            "float",
            is_list=True,
            missing=beyond,
            absent=self.language.either(absent) if absent else None,
        )

    def _element(self, value: Value, at: Value) -> Value:
        language = self.language
        if value.kind == "text":
            raise NotInForm(f"{value.text}[{at.text}] takes an element of a list of texts")
        length = _integer(language.length(value))
        if at.number is not None:
            least = int(at.number) + 1 if at.number >= 0 else -int(at.number)
            beyond = language.compared("<", length, _integer(language.integer(least), least))
        else:
            beyond = language.either(
                [language.compared("<", at, _zero(language)), language.compared(">=", at, length)]
            )

        def element_of(text: str) -> str:
            flag, _ = language.element(Value(text, "condition", is_list=True), at)
            return flag

        # A sentinel, or an index that is missing, or an event without the list.
        gaps = unique([value.absent, at.missing, beyond])
        inner = (
            None
            if value.missing is None
            else language.both([language.negation(language.either(gaps)), element_of(value.missing)])
        )
        missing = language.either(unique([*gaps, inner]))
        if value.kind == "condition":
            is_there = language.negation(language.either(gaps))
            whether = [element_of(text) for text in (value.text, fails(language, value))]
            texts = [language.both([is_there, text]) for text in whether]
            return Value(texts[0], "condition", fails=texts[1], missing=missing)
        text, there = language.element(value, at)
        guards = [*at.guards, there]
        guards += [language.negation(gap) for gap in (value.absent,) if gap is not None]
        guards += [element_of(guard) for guard in value.guards]
        return Value(text, value.kind, guards=tuple(unique(guards)), missing=missing)


def _integer(text: str, number: int | None = None) -> Value:
    return Value(text, "integer", sure=True, number=number)


def _zero(language: Language) -> Value:
    return _integer(language.integer(0), 0)


def fails(language: Language, condition: Value) -> str:
    """Return that a condition does not hold."""
    return language.negation(condition.text) if condition.fails is None else condition.fails


def as_condition(language: Language, value: Value) -> Value:
    """Return a condition; an integer is true unless it is 0.

    Raises
    ------
    NotInForm
        If it is a float or a text.
    """
    if value.kind == "condition":
        return value
    if value.kind != "integer":
        raise NotInForm(f"{value.text} is a number where a condition is needed")
    zero = _zero(language)
    guards, value = value.guards, replace(value, guards=())
    texts = [language.both([*guards, language.compared(sign, value, zero)]) for sign in ("!=", "==")]
    if not value.sure:  # NaN is not equal to 0
        unlike = language.either([language.compared(sign, value, zero) for sign in "<>"])
        texts[0] = language.both([*guards, unlike])
    return replace(value, text=texts[0], kind="condition", fails=texts[1], number=None)


def joined(language: Language, is_and: bool, conditions: list[Value]) -> Value:
    """Return whether all or any of some conditions hold; one that decides does so whatever is missing."""
    holds = [condition.text for condition in conditions]
    not_so = [fails(language, condition) for condition in conditions]
    is_list = any(condition.is_list for condition in conditions)
    text, fail = (
        (language.both(holds), language.either(not_so))
        if is_and
        else (language.either(holds), language.both(not_so))
    )
    flat = [condition.missing for condition in conditions if not (is_list and condition.is_list)]
    of_elements = [condition.missing for condition in conditions if condition.is_list]
    gaps = unique(of_elements if is_list else flat)
    absent = unique([*(condition.absent for condition in conditions), *(flat if is_list else [])])
    missing = None
    if gaps:
        decided = fail if is_and else text
        missing = language.both([language.either(gaps), language.negation(decided)])
    return Value(
        text,
        "condition",
        is_list,
        fails=fail,
        missing=missing,
        absent=language.either(absent) if absent else None,
        sure=all(condition.sure for condition in conditions),
    )
