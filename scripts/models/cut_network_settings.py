"""The settings of networks with cuts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from ..columns import WINDOW, BinnedProperty, too_many_edges
from ..settings import Fault, Number, Positive, Unrepeated, word_or_list
from .network_settings import NetworkSettings

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study
    from .base import TrainingTask
    from .network import NetworkModel

#: Targets of cuts: efficiencies, or rates.
CutTargets = Annotated[list[Positive], Unrepeated]
TargetOf = Annotated[
    Literal["signal", "background", "rate"],
    Field(
        description="What the targets are: `signal` efficiencies, `background` efficiencies, or a `rate` of "
        "the background, in the unit of the weights. For the last two the training looks for the signal "
        "efficiency at which the hard cuts have it on the training sample"
    ),
]
RecordCuts = Annotated[bool, Field(description="Whether the history contains the cuts before each epoch")]


def _with_gradient(function: Any) -> Any:
    if function in ("hard", "heaviside"):
        raise ValueError(f"{function} has no gradient to train with")
    return function


class CutNetworkSettings(NetworkSettings):
    """A network whose biases are cuts."""

    weights: Annotated[
        Annotated[str, Tag("(word)")] | Annotated[list[Number], Tag("(list)")], Discriminator(word_or_list)
    ] = Field(
        default="directions",
        description="Sign of each cut: `directions` takes those of the features, `learned` trains them, "
        "`windows` cuts on both sides of every feature; or a list with one number for each "
        "feature",
    )
    activation_scale: Positive = Field(
        default=15.0, description="Sharpness of the sigmoids [per unit of a scaled feature]"
    )
    start: Number = Field(
        default=0.0, description="Distance from zero, on the loose side, at which cuts start [scaled units]"
    )
    cut_function: Annotated[Literal["sigmoid", "erf", "balanced"], BeforeValidator(_with_gradient)] = Field(
        default="sigmoid", description="Smooth function that replaces the step of a cut in the training"
    )
    event_property: BinnedProperty | None = Field(default=None, description="Property that the cuts follow")
    #: Far beyond any cut, and a sigmoid there is 0 or 1.
    farthest: ClassVar[float] = 1e6
    kernel: bool = Field(
        default=True,
        description="Whether compiled code sums over the events, for fixed weights and sigmoids on a "
        "processor; `false` leaves them to torch, slower and with other rounding",
    )
    renamed: ClassVar[dict[str, str]] = {"property": "event_property"}

    @model_validator(mode="after")
    def _cuts(self) -> CutNetworkSettings:
        words = ("directions", "learned", "windows")
        if isinstance(self.weights, str) and self.weights not in words:
            raise ValueError(
                "weights must be 'directions', 'learned', 'windows' or a list of one number a feature, not "
                f"{self.weights!r}"
            )
        if isinstance(self.weights, list) and 0 in self.weights:
            raise ValueError("weights: a weight of zero has no cut: use +1 for '>' and -1 for '<'")
        if self.weights == "windows" and not self.start > 0:
            raise ValueError(
                f"start must be positive for windows, not {self.start}: their lower edges would start above "
                "the upper ones"
            )
        if self.cut_function == "balanced" and self.loss.needs_probabilities:
            raise ValueError("cut_function: balanced is negative for events that fail, unlike a probability")
        if getattr(self, "record_cuts", False) and (
            self.weights == "windows" or self.event_property is not None
        ):
            raise ValueError("record_cuts is for a network with one set of one-sided cuts: remove the key")
        return self

    @model_validator(mode="after")
    def _targets(self) -> CutNetworkSettings:
        of, targets = getattr(self, "target_of", "signal"), getattr(self, "targets", [])
        beyond = [target for target in targets if of != "rate" and not target < 1]
        if beyond:
            raise ValueError(f"targets: an efficiency lies between 0 and 1, not at {beyond[0]:g}")
        if of != "signal" and not targets:
            raise ValueError(f"target_of: {of} needs targets")
        if of != "signal" and self.most_epochs is None:
            raise ValueError(
                f"target_of: {of} needs most_epochs, the epochs in which the signal efficiency is looked for"
            )
        return self

    @model_validator(mode="after")
    def _polish(self) -> CutNetworkSettings:
        given = self.loss.coefficients
        if getattr(self, "polish", None) is None:
            return self
        if self.loss.name != "terms":
            raise ValueError(f"polish: the loss {self.loss.name} does not ask for little background alone")
        if getattr(self, "target_of", "signal") != "signal":
            raise ValueError("polish lowers the background at a signal efficiency: leave out target_of")
        if given["bin_smoothness"] or (given["smoothness"] and self.event_property is not None):
            raise ValueError("polish cannot keep cuts smooth over bins of a property: leave it out")
        if given["smoothness"] and not (given["log_background"] or given["background"]):
            raise ValueError("polish weighs smooth cuts against background, which the loss has no term for")
        return self

    @property
    def working_points(self) -> list[float]:
        """Target signal efficiencies; of other targets first guesses in their order."""
        targets = super().working_points
        if getattr(self, "target_of", "signal") == "signal":
            return targets
        return [math.sqrt(target / (1 + target)) for target in targets]

    @property
    def offers(self) -> frozenset[str]:
        """The parts of every network, and a history of its cuts if it records them."""
        return super().offers | ({"cut_history"} if getattr(self, "record_cuts", False) else set())

    @property
    def n_bins(self) -> int:
        """Number of bins of the property; 1 without a property."""
        return 1 if self.event_property is None else len(self.event_property.edges) - 1

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield the faults of any network, a wrong number of weights, or a property that the study lacks."""
        yield from super().check(study)
        if isinstance(self.weights, list) and len(self.weights) != len(study.features):
            yield (
                "weights",
                f"{len(self.weights)} weights for the {len(study.features)} features of the study: "
                "give one a feature, or `directions`",
            )
        if self.event_property is not None:
            yield from self.event_property.check(study)
        if study.limits is not None and self.keeps_limits:
            if self.weights not in ("directions", "windows"):
                yield "weights", "features with limits of their cuts need the weights directions or windows"
            else:
                for feature in study.features:
                    both = self.weights == "windows" or feature.direction == WINDOW
                    if both and feature.fixed is not None:
                        text = f"a window has two edges: {feature.name} cannot have one fixed cut"
                        yield "weights", text
        yield from self._faults_of_directions(study.directions)

    def _faults_of_directions(self, directions: Sequence[str]) -> Iterator[Fault]:
        if getattr(self, "polish", None) is not None:
            # Other weights have one cut for each feature, whatever its direction.
            windowed = directions if self.weights == "directions" else ["<"] * len(directions)
            if text := too_many_edges(windowed, windows=self.weights == "windows"):
                yield "polish", text
        if getattr(self, "record_cuts", False) and self.weights == "directions" and WINDOW in directions:
            yield "record_cuts", "it is for one-sided cuts, and a feature has a window: remove the key"

    def fit(self, task: TrainingTask) -> tuple[NetworkModel, pd.DataFrame]:
        """Train the network; the history has one row for each epoch."""
        # Directions that are found in the events can be windows, too.
        for key, text in self._faults_of_directions(task.directions):
            raise ValueError(f"{key}: {text}")
        return super().fit(task)

    def edges(self, directions: Sequence[str]) -> dict[str, Any]:
        """Return the arguments of the cut networks of the core, for features with these directions."""
        from cabin_core.numbers import SIGN_OF_DIRECTION

        weights: list[float] | None
        windows: bool | list[int] = self.weights == "windows"
        if self.weights == "directions":
            # The sign of a window is that of its lower edge.
            weights = [SIGN_OF_DIRECTION.get(direction, 1.0) for direction in directions]
            windows = [at for at, direction in enumerate(directions) if direction == WINDOW] or False
        else:
            weights = None if isinstance(self.weights, str) else self.weights
        return {
            "weights": weights,
            "activation_scale": self.activation_scale,
            "windows": windows,
            "start": self.start,
            "bin_edges": None if self.event_property is None else self.event_property.edges,
            "cut_function": self.cut_function,
        }
