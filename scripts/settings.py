"""A part of the config: the class of all settings, and the types of their values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Gt, Le, Len, Lt
from pydantic import (
    AfterValidator,
    AllowInfNan,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

NAME = r"^[A-Za-z][A-Za-z0-9_]*$"

#: A fault: (key below the entry, message with the remedy); the key may be empty.
Fault = tuple[str, str]


def _number(value: Any) -> Any:
    """Convert text such as `1e-3`, which YAML 1.1 does not read as a number, to the number."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d+", value):
        return float(value)
    return value


def _unrepeated(values: list) -> list:
    repeated = [str(value) for position, value in enumerate(values) if value in values[:position]]
    if repeated:
        raise PydanticCustomError("repeated", "{names} is named twice", {"names": ", ".join(repeated)})
    return values


def word_or_list(value: Any) -> str:
    """Return pydantic's tag for a value that is a word or a list; paths in messages omit tags."""
    return "(list)" if isinstance(value, list) else "(word)"


Name = Annotated[str, StringConstraints(pattern=NAME)]
Text = Annotated[str, Len(1)]
# Limits come first, so that pydantic checks the number itself and the JSON schema contains them.
_FINITE, _AS_NUMBER = AllowInfNan(False), BeforeValidator(_number)
Number = Annotated[float, _FINITE, _AS_NUMBER]
Positive = Annotated[float, Gt(0), _FINITE, _AS_NUMBER]
NotNegative = Annotated[float, Ge(0), _FINITE, _AS_NUMBER]
#: Fraction is in (0, 1), Share in [0, 1], PositiveShare in (0, 1].
Fraction = Annotated[float, Gt(0), Lt(1), _FINITE, _AS_NUMBER]
Share = Annotated[float, Ge(0), Le(1), _FINITE, _AS_NUMBER]
PositiveShare = Annotated[float, Gt(0), Le(1), _FINITE, _AS_NUMBER]
Count = Annotated[int, Ge(1)]
Seed = Annotated[int, Ge(0), Le(4294967295)]
#: Target signal efficiencies.
Targets = Annotated[list[Fraction], AfterValidator(_unrepeated)]
Pair = Annotated[list[Number], Len(2, 2)]
Unrepeated = AfterValidator(_unrepeated)
Names = Annotated[list[Name], Unrepeated]


class Settings(BaseModel):
    """A part of the config: only known keys, with values of strict types.

    ``renamed`` has former names of keys and their present names.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    renamed: ClassVar[dict[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        known = [field.alias or name for name, field in cls.model_fields.items()]
        for key in value:
            if not isinstance(key, str):
                raise PydanticCustomError(
                    "key", "the key {key} is no text: write it in quotes or rename it", {"key": repr(key)}
                )
            if key in cls.renamed:
                text = "the key {key} is now {new}"
                raise PydanticCustomError("renamed", text, {"key": key, "new": cls.renamed[key]})
        unknown = sorted(set(value) - set(known))
        if unknown:
            text = "unknown key {unknown}; {hint}"
            names = {"unknown": ", ".join(unknown), "hint": cls.hint(unknown)}
            raise PydanticCustomError("unknown", text, names)
        return value

    @classmethod
    def hint(cls, unknown: list[str]) -> str:
        """Return a hint for the message about unknown keys."""
        known = (field.alias or name for name, field in cls.model_fields.items())
        return f"known here: {', '.join(known)}"

    def check(self, study: Any) -> Iterator[Fault]:
        """Yield the faults of these settings in their :class:`~scripts.study.Study`."""
        yield from ()
