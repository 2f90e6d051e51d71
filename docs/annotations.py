"""Types, ranges and defaults of the config's classes in words, from their annotations."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Literal, Union

import annotated_types as limits
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from scripts import settings

#: From a class to the link that stands for it.
Link = Callable[[type[BaseModel]], str]
WORDS = {
    int: "integer",
    float: "number",
    str: "text",
    bool: "`true` or `false`",
    type(None): "`null`",
    Any: "any",
}
SIGNS = {limits.Gt: ("gt", ">"), limits.Ge: ("ge", "≥"), limits.Lt: ("lt", "<"), limits.Le: ("le", "≤")}


def unpacked(annotation: Any) -> tuple[Any, list[Any]]:
    """Return an annotation without its metadata, and these."""
    if typing.get_origin(annotation) is Annotated:
        inner, *metadata = typing.get_args(annotation)
        bare, more = unpacked(inner)
        return bare, [*more, *metadata]
    return annotation, []


def type_in_words(annotation: Any, link: Link) -> str:
    """Return the type of a value in words."""
    bare, _ = unpacked(annotation)
    origin, arguments = typing.get_origin(bare), typing.get_args(bare)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(type_in_words(one, link) for one in arguments))
    if origin is Literal:
        values = [f"`{value}`" for value in arguments]
        return values[0] if len(values) == 1 else f"one of {', '.join(values)}"
    if origin in (list, Sequence) or bare is list:
        return f"list of {type_in_words(arguments[0], link)}" if arguments else "list"
    if origin is dict or bare is dict:
        of_any = not arguments or arguments[1] is Any
        return "mapping" if of_any else f"name to {type_in_words(arguments[1], link)}"
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        return link(bare)
    return WORDS.get(bare, "any")


def range_in_words(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """Return the limits of a value, and of the values in it where it is a list or a mapping."""
    bare, own = unpacked(annotation)
    parts = [text for one in (*own, *metadata) for text in _limit(one)]
    arguments = typing.get_args(bare)
    if typing.get_origin(bare) in (Union, types.UnionType):
        parts += [inner for one in arguments if (inner := range_in_words(one))]
    elif typing.get_origin(bare) in (list, dict) and (inner := range_in_words(arguments[-1])):
        parts.append(f"each {inner}")
    return ", ".join(dict.fromkeys(parts))


def _limit(one: Any) -> Iterator[str]:
    if type(one) in SIGNS:
        attribute, sign = SIGNS[type(one)]
        yield f"{sign} {getattr(one, attribute)}"
    elif isinstance(one, limits.Len | limits.MinLen | limits.MaxLen):
        least, most = getattr(one, "min_length", 0), getattr(one, "max_length", None)
        if most is None:
            yield f"{least} or more entries"
        else:
            yield f"{least} entries" if least == most else f"{least} to {most} entries"
    elif one is settings.Unrepeated:
        yield "no repetition"


def default_in_words(field: FieldInfo) -> str:
    """Return the default of a key; ``needed`` where there is none."""
    if field.is_required():
        return "needed"
    default = field.get_default(call_default_factory=True)
    if default is None or default is PydanticUndefined:
        return "absent"
    if isinstance(default, BaseModel):
        default = default.model_dump()
    return f"`{json.dumps(default, ensure_ascii=False)}`"


def classes_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the classes of mappings that a value can hold."""
    bare, _ = unpacked(annotation)
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        yield bare
    for argument in typing.get_args(bare):
        if not isinstance(argument, str | int | float | bool):
            yield from classes_in(argument)
