"""Lists in a language: their reductions, masks and elements."""

from __future__ import annotations

from dataclasses import replace

from .conditions import as_condition, as_number, fails, integer, zero
from .language import Kind, Language, NotInForm, Value, unique

REDUCTIONS = ("min", "max", "sum", "len", "any", "all")


def reduced(language: Language, name: str, value: Value) -> Value:
    """Return the reduction of a list of this name."""
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
            value = as_number(language, value)
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
            [value.absent, language.compared("==", integer(language.length(value)), zero(language))]
        )
    all_guards = tuple(unique([*guards, there]))
    exact = value.kind == "integer"
    sure = exact and not all_guards and name == "sum"
    kind: Kind = "integer" if exact else "float"
    return Value(text, kind, guards=all_guards, missing=missing, sure=sure)


def selected(language: Language, value: Value, at: Value) -> Value:
    """Return the elements that a mask keeps, or those at an index."""
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
        return _gathered(language, value, at)
    return _element(language, value, at)


def _gathered(language: Language, value: Value, at: Value) -> Value:
    if value.missing or at.missing or value.kind in ("condition", "text"):
        raise NotInForm(f"{value.text}[{at.text}] takes elements that can be missing")
    text = language.elements(value, at)
    beyond = language.either(
        [
            language.compared("<", at, zero(language)),
            language.compared(">=", at, integer(language.length(value))),
        ]
    )
    absent = unique([value.absent, at.absent])
    return Value(
        text,
        "float",
        is_list=True,
        missing=beyond,
        absent=language.either(absent) if absent else None,
    )


def _element(language: Language, value: Value, at: Value) -> Value:
    if value.kind == "text":
        raise NotInForm(f"{value.text}[{at.text}] takes an element of a list of texts")
    length = integer(language.length(value))
    if at.number is not None:
        least = int(at.number) + 1 if at.number >= 0 else -int(at.number)
        beyond = language.compared("<", length, integer(language.integer(least), least))
    else:
        beyond = language.either(
            [language.compared("<", at, zero(language)), language.compared(">=", at, length)]
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
