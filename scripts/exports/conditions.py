"""Numbers and conditions in a language: what holds, what does not, and what is missing."""

from __future__ import annotations

import operator
from dataclasses import replace

from .language import OPPOSITE, Language, NotInForm, Value, unique

_COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def truth(language: Language, value: bool) -> Value:
    """Return a constant condition."""
    return Value(language.TRUE if value else language.FALSE, "condition", sure=True)


def integer(text: str, number: int | None = None) -> Value:
    """Return an integer that is never missing."""
    return Value(text, "integer", sure=True, number=number)


def zero(language: Language) -> Value:
    """Return the integer 0."""
    return integer(language.integer(0), 0)


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
    none = zero(language)
    guards, value = value.guards, replace(value, guards=())
    texts = [language.both([*guards, language.compared(sign, value, none)]) for sign in ("!=", "==")]
    if not value.sure:  # NaN is not equal to 0
        unlike = language.either([language.compared(sign, value, none) for sign in "<>"])
        texts[0] = language.both([*guards, unlike])
    return replace(value, text=texts[0], kind="condition", fails=texts[1], number=None)


def as_number(language: Language, value: Value) -> Value:
    """Return a number; a condition counts as 1 or 0."""
    if value.kind == "text":
        raise NotInForm(f"{value.text} is a text")
    if value.kind != "condition":
        return value
    one, none = (language.integer(number) for number in (1, 0))
    text = language.where(value.text, one, none, is_list=value.is_list)
    guards = () if value.fails is None else (language.either([value.text, value.fails]),)
    return replace(value, text=text, kind="integer", guards=guards, fails=None, sure=not guards)


def parts_of(language: Language, values: list[Value]) -> dict[str, object]:
    """Return what a result has of its parts: lists, guards, and what is missing."""
    is_list = any(value.is_list for value in values)
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


def compared(language: Language, sign: str, one: Value, other: Value) -> Value:
    """Return a comparison; with NaN neither it nor its opposite holds."""
    if "text" in (one.kind, other.kind):
        text, fail = (language.same_text(how, one, other) for how in (sign, OPPOSITE[sign]))
        common = parts_of(language, [one, other]) | {"guards": ()}
        return Value(text, "condition", fails=fail, sure=True, **common)  # type: ignore[arg-type]
    one, other = as_number(language, one), as_number(language, other)
    if one.number is not None and other.number is not None:
        return truth(language, bool(_COMPARISONS[sign](one.number, other.number)))
    common = parts_of(language, [one, other])
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


def chosen_by(language: Language, condition: Value, one: Value, other: Value) -> Value:
    """Return one value where a condition holds, else the other; neither where it is not known."""
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
    one, other = as_number(language, one), as_number(language, other)
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
