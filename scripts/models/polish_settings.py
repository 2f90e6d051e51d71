"""The settings of the exchange steps after a training, see :mod:`cabin_core.polish`."""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Ge
from pydantic import BeforeValidator, Field, WithJsonSchema

from ..settings import NotNegative, Settings


class Polish(Settings):
    """Exchange steps after the training, which move two cuts at a time to the best places for them."""

    starts: Annotated[int, Ge(0)] = Field(
        default=5, description="Number of times that some cuts of a working point are drawn anew in a round"
    )
    least_background: NotNegative = Field(
        default=50.0,
        description="Background events of the training sample that cuts must leave; where those of the "
        "training leave fewer, they stay. Of weighted events it is the number of equal ones with the same "
        "statistical error",
    )


def _of_word(value: Any) -> Any:
    if value is True:
        return {}
    return None if value is False else value


#: ``true``, or a mapping with the settings.
PolishOption = Annotated[
    Polish | None,
    BeforeValidator(_of_word),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, Polish.model_json_schema(), {"type": "null"}]}),
    Field(
        description="Whether exchange steps follow the training, from its own cuts: two cuts at a time move "
        "to the places with the least background of the training sample that keep the target (without a "
        "target, or in bins of a property, the signal that the training keeps); `true`, or settings. "
        "`monotone`, limits of cuts and what the loss asks for smooth cuts hold"
    ),
]
