"""Parsing of a part of the config; each fault is a line with the key, the error and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .kinds import ROOMS, ConfigError, module_of, modules, not_known
from .settings import NAME, Settings

S = TypeVar("S", bound=Settings)


def parse(settings: type[S], value: Any, where: str = "") -> S:
    """Parse the part of the config at the key ``where``.

    Raises
    ------
    ConfigError
        With one line for each fault, which begins with the path of its key.
    """
    faults: list[str] = []
    parsed = parse_into(settings, value, where, faults)
    if parsed is None:
        raise ConfigError("\n".join(faults))
    return parsed


def parse_kind(room: str, value: dict[str, Any]) -> Any:
    """Parse an entry of the config that names its kind.

    Raises
    ------
    ConfigError
        As in :func:`parse`, and if there is no such kind.
    """
    faults: list[str] = []
    parsed = parse_kind_into(room, value, "", faults)
    if parsed is None:
        raise ConfigError("\n".join(faults))
    return parsed


def parse_into(settings: type[S], value: Any, where: str, faults: list[str]) -> S | None:
    """Parse the part at the key ``where``; add its faults to a list and return None if there are any."""
    try:
        return settings.model_validate(value)
    except ValidationError as error:
        faults += [_line(where, one) for one in error.errors(include_url=False)]
        return None


def parse_kind_into(room: str, value: Any, where: str, faults: list[str]) -> Any:
    """Parse an entry as in :func:`parse_into`, with the class of the kind that it names."""
    word = ROOMS[room].key
    kind = value.get(word) if isinstance(value, dict) else None
    if kind is None:
        faults.append(f"{where}: the key `{word}` is missing")
        return None
    if not isinstance(kind, str) or kind not in modules(room):
        faults.append(f"{where}: {not_known(room, kind, modules(room))}")
        return None
    return parse_into(module_of(room, kind).Settings, value, where, faults)


_TYPES = {
    "int": "integer",
    "float": "number",
    "string": "text",
    "bool": "true or false",
    "list": "list",
    "dict": "mapping",
}
_LIMITS: dict[str, Callable[[dict[str, Any]], str]] = {
    "greater_than": lambda limit: f"is less than or equal to the minimum of {limit['gt']:g}",
    "greater_than_equal": lambda limit: f"is less than the minimum of {limit['ge']:g}",
    "less_than": lambda limit: f"is greater than or equal to the maximum of {limit['lt']:g}",
    "less_than_equal": lambda limit: f"is greater than the maximum of {limit['le']:g}",
}


def _line(where: str, error: ErrorDetails) -> str:
    """Return a fault that pydantic found as one line: path of the key, error and remedy."""
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    # Parts in parentheses are tags of pydantic, see settings.word_or_list, not keys.
    loc = [str(part) for part in error["loc"] if not str(part).startswith("(")]
    if kind == "missing":
        missing = loc.pop()
        text = f"the key `{missing}` is missing"
    elif kind in _LIMITS:
        text = f"{value} {_LIMITS[kind](context)}"
    elif kind == "literal_error":
        text = f"{_short(value)} is not one of {context['expected'].replace(' or ', ', ')}"
    elif kind == "string_pattern_mismatch":
        text = f"{_short(value)} does not match {context['pattern']}"
        text += ": letters, digits and underscores, a letter first" if context["pattern"] == NAME else ""
    elif kind in ("too_short", "string_too_short"):
        text = f"{_short(value)} is too short: at least {context.get('min_length', 1)} needed"
    elif kind == "too_long":
        text = f"{_short(value)} is too long: at most {context['max_length']} taken"
    elif kind in ("model_type", "dict_type", "model_attributes_type"):
        text = f"{_short(value)} is not of type mapping"
    elif kind.endswith("_type") and kind.removesuffix("_type") in _TYPES:
        text = f"{_short(value)} is not of type {_TYPES[kind.removesuffix('_type')]}"
    elif kind == "finite_number":
        text = f"{value} is not a finite number"
    elif kind == "value_error":
        text = str(context["error"])
    else:
        text = error["msg"]
    if "[key]" in loc:  # the fault is in a key of a mapping, not in its value
        loc = loc[: loc.index("[key]") - 1]
        if kind == "string_type":
            text = f"the key {value!r} is no text: write it in quotes or rename it"
    path = ".".join([*filter(None, [where]), *loc])
    return f"{path}: {text}" if path else text


def _short(value: Any) -> str:
    """Return a value as YAML would have it, a long one shortened."""
    text = "null" if value is None else repr(value)
    return text if len(text) <= 120 else f"{text[:60]} ... {text[-50:]}"
