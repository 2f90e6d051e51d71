"""Columns of a study: features with the directions and limits of their cuts, and properties of events."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from annotated_types import Len
from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from .kinds import not_known
from .settings import Fault, Name, Number, Pair, Positive, Settings

#: Keys of a feature that limit the cuts on it.
LIMITS = ("round", "at_least", "at_most", "fixed")
#: Directions of cuts; the first two are of one-sided ones. ``auto`` is found in the training events.
WINDOW: Literal["window"] = "window"
AUTO: Literal["auto"] = "auto"
DIRECTIONS = (">", "<", WINDOW, AUTO)
#: Cuts that a search for the best ones takes; a window has two.
MOST_EDGES = 60
#: Other words for them.
MEANT = {
    **dict.fromkeys((">=", "=>", "above", "greater", "larger", "up", "high", "gt"), ">"),
    **dict.fromkeys(("<=", "=<", "below", "less", "smaller", "down", "low", "lt"), "<"),
    **dict.fromkeys(("<>", "><", "between", "both", "range", "middle"), WINDOW),
}


def too_many_edges(directions: Sequence[str], *, windows: bool) -> str:
    """Return a message if features with these directions have more cuts than a search takes, else nothing.

    A direction that is still to be found counts as one cut.
    """
    n_edges = sum(2 if windows or direction == WINDOW else 1 for direction in directions)
    if n_edges <= MOST_EDGES:
        return ""
    return f"{n_edges} cuts of {len(directions)} features: a search takes {MOST_EDGES}, two for a window"


class Column(Settings):
    """A property of the events that is not cut on, but that cuts can follow, for example pileup or eta."""

    name: Name = Field(description="Name of the column in the feature table")
    label: str = Field(default="", description="Axis label, TeX between dollar signs; the name where absent")
    unit: str = Field(default="", description="Unit of the values, for example GeV; empty for none")

    @model_validator(mode="before")
    @classmethod
    def _labelled(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("label") and isinstance(value.get("name"), str):
            return value | {"label": value["name"]}
        return value


class Feature(Column):
    """A quantity that is cut on."""

    direction: Literal["<", ">", "window", "auto"] = Field(
        default=AUTO,
        description='An event passes above the cut with ">", below it with "<", between two with `window`; '
        "`auto` finds one of these in the training events",
    )
    range: Pair | None = Field(default=None, description="Range of figures [unit]; all events where absent")
    round: Positive | None = Field(
        default=None, description="Step to whose multiples cuts are rounded [unit]"
    )
    at_least: Number | None = Field(default=None, description="Lowest cut [unit]")
    at_most: Number | None = Field(default=None, description="Highest cut [unit]")
    fixed: Number | None = Field(default=None, description="The cut, which no training moves [unit]")

    @field_validator("direction", mode="before")
    @classmethod
    def _known_direction(cls, value: Any) -> Any:
        if value in DIRECTIONS:
            return value
        close = get_close_matches(str(value).lower(), [*MEANT, *DIRECTIONS], n=1)
        text = "{value} is no direction{hint}: one of '>', '<' (in quotes), window, auto"
        hint = f", {MEANT.get(close[0], close[0])!r} could be meant" if close else ""
        raise PydanticCustomError("direction", text, {"value": repr(value), "hint": hint})

    @field_validator("range")
    @classmethod
    def _increasing(cls, value: list[float] | None) -> list[float] | None:
        if value is not None and not value[0] < value[1]:
            raise PydanticCustomError("range", "the range is not increasing")
        return value

    @model_validator(mode="after")
    def _limits(self) -> Feature:
        if self.limits:  # most features have none, and a config is checked without numpy then
            from cabin_core.feature_limits import FeatureLimits

            limits = FeatureLimits(**self.limits)
            if self.direction == WINDOW and self.fixed is None and limits.leaves_one_cut:
                text = "a window has two edges: {keys} leave one cut alone"
                keys = ", ".join(self.limits)
                raise PydanticCustomError("window", text, {"keys": keys})
        return self

    @property
    def limits(self) -> dict[str, float]:
        """What cuts on it must keep, by key; empty where nothing is asked."""
        values = {name: getattr(self, name) for name in LIMITS}
        return {name: value for name, value in values.items() if value is not None}


class BinnedProperty(Settings):
    """A property that the cuts of a network follow; each bin has its own cuts."""

    name: Name = Field(description="Name of a property or a feature of the study")
    edges: Annotated[list[Number], Len(2)] = Field(
        description="Edges of the bins, in increasing order [unit of the property]"
    )

    @field_validator("edges")
    @classmethod
    def _increasing(cls, edges: list[float]) -> list[float]:
        if any(high <= low for low, high in itertools.pairwise(edges)):
            raise PydanticCustomError("edges", "the edges of the bins must be increasing")
        return edges

    def check(self, study: Any) -> Iterator[Fault]:
        """Yield a fault if the :class:`~scripts.study.Study` does not have the property."""
        if self.name not in study.column_names:
            yield "event_property.name", not_known("property", self.name, study.column_names)
