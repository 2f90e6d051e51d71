"""Claims: statements of papers with a number, and our measurements of it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from annotated_types import Len
from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from ..kinds import ConfigError, not_known
from ..parsing import parse
from ..settings import Fault, Name, NotNegative, Number, Settings, Text
from .measures import measure_of, measures, networks_of, parameters_of
from .results import Measured

if TYPE_CHECKING:
    from ..study import Study
    from .results import Results

Values = Annotated[dict[Name, Annotated[list[Any], Len(1)]], Len(1, 1)]
Numbers = Annotated[
    list[Number],
    BeforeValidator(lambda value: value if isinstance(value, list) else [value]),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "array", "items": {"type": "number"}}]}),
]


class Measurement(Settings):
    """A measure with its arguments, or the smallest, largest or median of several results."""

    arguments: dict[Name, Any] = Field(default={}, description="Arguments of the measure by name")
    smallest: Values | None = Field(
        default=None, description="An argument with several values, of which the smallest result counts"
    )
    largest: Values | None = Field(
        default=None, description="An argument with several values, of which the largest result counts"
    )
    median: Values | None = Field(
        default=None,
        description="An argument with several values, of which the median result counts; its uncertainty "
        "is half of the range",
    )

    @model_validator(mode="after")
    def _one_choice(self) -> Measurement:
        if len(self._choices) > 1:
            raise PydanticCustomError("choices", "one of `smallest`, `largest` and `median` only")
        return self

    @property
    def _choices(self) -> dict[str, dict[str, list[Any]]]:
        given = {key: getattr(self, key) for key in ("smallest", "largest", "median")}
        return {key: values for key, values in given.items() if values}

    def expanded(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the arguments of each call of the measure."""
        for ((name, values),) in (choice.items() for choice in self._choices.values()):
            return [{**arguments, name: value} for value in values]
        return [arguments]

    def take(self, results: Results, measure: str, arguments: dict[str, Any]) -> Measured:
        """Return the result of the measure with these arguments."""
        found = [measure_of(measure)(results, **each) for each in self.expanded(arguments)]
        if self.smallest:
            return min(found, key=lambda one: one.value)
        if self.largest:
            return max(found, key=lambda one: one.value)
        if self.median and len(found) > 1:
            values = [one.value for one in found]
            return Measured(float(np.median(values)), float(np.ptp(values)) / 2)
        return found[0]


class Other(Measurement):
    """A second measurement; measure and arguments are those of the claim unless given here."""

    measure: Text | None = Field(default=None, description="Measure; that of the claim where absent")


class Claim(Measurement):
    """A statement of a paper with a number, and our measurement of it."""

    source: str = Field(description="Paper and place in it")
    statement: str = Field(description="Statement of the paper")
    measure: str = Field(description="Name of a function in scripts/scorecard/measures/")
    minus: Other | None = Field(
        default=None, description="Measurement to subtract: the arguments (or measure) that differ"
    )
    divided_by: Other | None = Field(
        default=None,
        description="Measurement to divide by, after `minus`: the arguments (or measure) that differ",
    )
    times: Number = Field(default=1.0, description="Factor on the value; 100 gives percent")
    reference: Numbers = Field(
        description="Value or bound in the paper; a list has one for each value of `over`"
    )
    over: Values | None = Field(
        default=None, description="An argument with several values, each of which gives a row"
    )
    tolerance: NotNegative = Field(default=0.0, description="Largest difference that counts as reproduced")
    relative: bool = Field(default=False, description="Whether the tolerance is relative to the reference")
    comparison: Literal["equal", "at_least", "at_most"] = Field(
        default="equal", description="Relation of our value to the reference"
    )
    note: str = Field(default="", description="Reason why our value differs, where it does")
    not_comparable: Text | None = Field(
        default=None,
        description="Why this number cannot be compared with ours, which is shown beside it all the same",
    )

    @model_validator(mode="after")
    def _equal_lengths(self) -> Claim:
        n_rows = len(next(iter(self.over.values()))) if self.over else 1
        if len(self.reference) != n_rows:
            raise PydanticCustomError("lengths", "`over` and `reference` need equal lengths")
        return self

    def rows(self, name: str) -> Iterator[tuple[str, Claim]]:
        """Yield each row with its id; a claim ``over`` several values of an argument has a row for each."""
        if self.over is None:
            yield name, self
            return
        ((argument, values),) = self.over.items()
        for value, reference in zip(values, self.reference, strict=True):
            row = {
                "arguments": {**self.arguments, argument: value},
                "reference": [reference],
                "statement": f"{self.statement}, {argument} {value}",
                "over": None,
            }
            yield f"{name}-{value}", self.model_copy(update=row)

    def measured(self, results: Results, study: str) -> Measured:
        """Return the value of a claim without ``over``, measured in a study.

        Uncertainties of a difference or ratio are added in quadrature.
        """
        (value, uncertainty), *others = (
            term.take(results, measure, arguments) for term, measure, arguments in self._terms(study)
        )
        if self.minus is not None:
            other = others.pop(0)
            value -= other.value
            uncertainty = _quadrature(uncertainty, other.uncertainty)
        if self.divided_by is not None:
            other = others.pop(0)
            value /= other.value
            own, of_other = (
                None if one is None else one / abs(other.value) for one in (uncertainty, other.uncertainty)
            )
            uncertainty = _quadrature(own, None if of_other is None else of_other * abs(value))
        uncertainty = None if uncertainty is None else float(uncertainty * abs(self.times))
        return Measured(float(value * self.times), uncertainty)

    def faults(self, study: Study) -> Iterator[Fault]:
        """Yield the faults of a claim in its study."""
        named = [one.measure for one in (self, self.minus, self.divided_by) if one and one.measure]
        unknown = [name for name in named if name not in measures()]
        yield from (("", not_known("measure", name, measures())) for name in unknown)
        if not unknown:
            for _, row in self.rows(""):
                for term, measure, arguments in row._terms(study.name):
                    for each in term.expanded(arguments):
                        yield from _faults(measure, each, study)

    def _terms(self, study: str) -> Iterator[tuple[Measurement, str, dict[str, Any]]]:
        """Yield all measurements: the claim itself, and those of ``minus`` and ``divided_by``."""
        for term in (self, self.minus, self.divided_by):
            if term is not None:
                measure = getattr(term, "measure", None) or self.measure
                arguments = {**self.arguments, **term.arguments}
                if measure != self.measure:
                    arguments = {
                        name: value
                        for name, value in arguments.items()
                        if name in term.arguments or name in parameters_of(measure)
                    }
                if "study" in parameters_of(measure):
                    arguments.setdefault("study", study)
                yield term, measure, arguments


def parse_claims(study: Study) -> dict[str, Claim]:
    """Return the claims of a study.

    Raises
    ------
    ConfigError
        With a line for each fault.
    """
    faults: list[str] = []
    claims: dict[str, Claim] = {}
    for name, entry in study.claims.items():
        where = f"studies.{study.name}.claims.{name}"
        try:
            claims[name] = parse(Claim, entry, where)
        except ConfigError as error:
            faults.append(str(error))
            continue
        found = dict.fromkeys(claims[name].faults(study))
        faults += [f"{'.'.join(filter(None, [where, key]))}: {text}" for key, text in found]
    if faults:
        raise ConfigError("\n".join(faults))
    return claims


def repeated_rows(claims: dict[str, dict[str, Claim]]) -> Iterator[str]:
    """Yield a fault for each id of a row that is not unique among all studies.

    Parameters
    ----------
    claims : dict of dict of Claim
        Claims by study and id.
    """
    seen: dict[str, str] = {}
    for study, of_study in claims.items():
        for name, claim in of_study.items():
            for row, _ in claim.rows(name):
                if row in seen:
                    text = f"the id {row} is also that of a claim of {seen[row]}: take another"
                    yield f"studies.{study}.claims.{name}: {text}"
                seen[row] = study


def _quadrature(*uncertainties: float | None) -> float | None:
    known = [one for one in uncertainties if one is not None]
    return float(np.hypot.reduce(known)) if known else None


def _faults(measure: str, arguments: dict[str, Any], study: Study) -> Iterator[Fault]:
    """Yield the faults of one call of a measure."""
    try:
        inspect.signature(measure_of(measure)).bind(None, **arguments)
    except TypeError as fault:
        yield "arguments", str(fault)
        return
    if arguments.get("study") != study.name:
        return
    for argument, has in networks_of(measure):
        name = arguments.get(argument)
        # A network that the study does not train makes the row "not comparable", which is no fault.
        network = study.networks.get(name) if isinstance(name, str) else None
        missing = sorted(has - network.offers) if network is not None else []
        if missing == ["one_bin"]:
            yield "", f"the cuts of {name} follow a property, which {measure} does not know"
        elif missing:
            assert network is not None
            text = f"{name}, of the model {network.model}, has nothing to measure here ({', '.join(missing)})"
            yield "", f"{text}: name another network"
