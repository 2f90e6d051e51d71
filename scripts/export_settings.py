"""What of a study is exported to other frameworks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from .kinds import not_known
from .settings import Fault, Names, Positive, Settings, Share

#: Why cuts in folds are not for other events.
BY_POSITION = (
    "the folds go by the position of an event in its files, which other files do not have: give `event` in "
    "the source, or `by` in the split"
)


class Exports(Settings):
    """Cuts for other frameworks, of one working point of each network, in `STUDY/NETWORK/exports/`.

    The working point is that of one of the first four keys; else the one with the best significance in a
    study with a counting experiment, else the one with the target closest to a signal efficiency of 0.9; of
    background efficiencies and rates the middle one. The command ``export_cuts`` writes any other.
    """

    target: Positive | None = Field(default=None, description="The working point of this target")
    best_significance: bool = Field(default=False, description="The working point with the best significance")
    signal_efficiency: Share | None = Field(
        default=None, description="The tightest working point that keeps this share of the signal"
    )
    background_efficiency: Share | None = Field(
        default=None, description="The loosest working point that keeps this share of the background at most"
    )
    networks: Names | None = Field(
        default=None, description="Networks that are exported; all that have cuts where absent"
    )
    interpolate: bool = Field(
        default=False,
        description="Whether cuts in bins of a property are exported as smooth functions of it, not as steps",
    )

    @property
    def choice(self) -> dict[str, Any]:
        """What the working point is chosen by."""
        keys = ("target", "best_significance", "signal_efficiency", "background_efficiency")
        given = {key: getattr(self, key) for key in keys}
        return {key: value for key, value in given.items() if value is not None and value is not False}

    @model_validator(mode="after")
    def _one_choice(self) -> Exports:
        if len(self.choice) > 1:
            text = "{names} choose a working point each: remove all but one"
            raise PydanticCustomError("choice", text, {"names": ", ".join(self.choice)})
        return self

    def check(self, study: Any) -> Iterator[Fault]:
        """Yield a fault for networks or working points that there are not."""
        for name in self.networks or []:
            if name not in study.networks:
                yield "networks", not_known("network", name, study.networks)
            elif "cuts" not in study.networks[name].offers:
                model = study.networks[name].model
                yield "networks", f"{name}, of the model {model}, has no cuts: name another network"
        if study.folds_by_position and self.model_fields_set:
            yield "", BY_POSITION
        if self.best_significance and study.counting_experiment is None:
            yield "best_significance", f"study {study.name} has no key `counting_experiment`: add it"
        for name in self.names(study):
            targets = study.networks[name].working_points
            if self.target is not None and targets and self.target not in targets:
                closest = min(targets, key=lambda target: abs(target - (self.target or 0.0)))
                yield "target", f"network {name} has no target {self.target:g}: the closest is {closest:g}"

    def names(self, study: Any) -> list[str]:
        """Return the names of the networks that are exported; none if new events have no fold."""
        if study.folds_by_position:
            return []
        if self.networks is not None:
            return [name for name in self.networks if name in study.networks]
        return [str(name) for name, network in study.networks.items() if "cuts" in network.offers]
