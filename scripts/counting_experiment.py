"""A counting experiment with the events of a study."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated

from annotated_types import Len
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from .kinds import SourceSettings, not_known
from .settings import Fault, Name, NotNegative, Positive, Settings


class CountingExperiment(Settings):
    """A counting experiment with these events, for significances.

    Where the source has a luminosity, its weights are expected events, and their sums are the yields.
    """

    luminosity: Positive | None = Field(
        default=None, description="Integrated luminosity [fb^-1]; absent where the source has one"
    )
    cross_sections: Annotated[dict[Name, Positive], Len(2)] | None = Field(
        default=None,
        description="Cross-section of each process after the preselection, for the events of the feature "
        "table [fb]; the processes are `signal` and `background` where the source names no others. Absent "
        "where the source has a luminosity",
    )
    relative_uncertainty: NotNegative | None = Field(
        default=None,
        description="Relative uncertainty of the background, the same whatever the cuts; absent where "
        "processes have uncertainties of their own",
    )
    uncertainties: dict[Name, NotNegative] = Field(
        default={},
        description="Instead, the relative uncertainty of each background process, independent of one "
        "another, 0 where absent; those of the processes of `ntuples` stand in the source",
    )
    minimum_signal: NotNegative = Field(description="Signal that a selection must keep [events]")
    irreducible_background: NotNegative = Field(default=0.0, description="Background no cut removes [events]")

    @model_validator(mode="after")
    def _whole(self) -> CountingExperiment:
        for given, missing in (("luminosity", "cross_sections"), ("cross_sections", "luminosity")):
            if getattr(self, given) is not None and getattr(self, missing) is None:
                text = "{given} without {missing}: give both, or neither where the source has a luminosity"
                raise PydanticCustomError("yields", text, {"given": given, "missing": missing})
        if self.relative_uncertainty is not None and self.uncertainties:
            raise PydanticCustomError("uncertainty", "relative_uncertainty and uncertainties: remove one")
        return self

    def faults(self, source: SourceSettings) -> Iterator[Fault]:
        """Yield what does not fit the source of the events."""
        processes = source.class_of_process
        yield from self._uncertainty_faults(source)
        given, luminosity = self.cross_sections, self.luminosity
        if source.weights_are_expected:
            if given is not None:
                text = (
                    "the source has a luminosity, so its weights are the expected events: remove "
                    "cross_sections and luminosity here"
                )
                yield "cross_sections", text
            return
        if given is None or luminosity is None:
            text = (
                "the keys `luminosity` and `cross_sections` are missing, as the source has no luminosity "
                "with which its weights are expected events"
            )
            yield "", text
            return
        for name in processes:
            if name not in given:
                yield "cross_sections", f"none of the process {name}: give it in fb"
        for name in given:
            if name not in processes:
                yield "cross_sections", not_known("process", name, processes)
        signal = sum(given.get(name, math.inf) for name in processes if processes[name] == "signal")
        if self.minimum_signal >= luminosity * signal:
            text = (
                f"the minimum signal, {self.minimum_signal:g} events, must be less than the "
                f"{luminosity * signal:g} expected before the cuts"
            )
            yield "", text

    def _uncertainty_faults(self, source: SourceSettings) -> Iterator[Fault]:
        processes, of_source = source.class_of_process, source.background_uncertainties
        if of_source and self.relative_uncertainty is not None:
            text = f"the source has the uncertainty of {', '.join(of_source)}: remove it there, or this here"
            yield "relative_uncertainty", text
        elif of_source and self.uncertainties != of_source:
            yield "uncertainties", "processes of the source have an `uncertainty`: give all of them there"
        elif self.relative_uncertainty is None and not self.uncertainties:
            text = "the key `relative_uncertainty` is missing: of the background, whose processes have none"
            yield "", text
        for name in self.uncertainties:
            if processes.get(name) != "background":
                backgrounds = [one for one, role in processes.items() if role == "background"]
                yield "uncertainties", not_known("background process", name, backgrounds)
