"""The settings of all networks, and further ones of networks with cuts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Len
from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from ..columns import WINDOW, BinnedProperty, too_many_edges
from ..kinds import (
    Count,
    Fault,
    Fraction,
    ModelSettings,
    Number,
    Pair,
    Positive,
    Seed,
    Settings,
    Unrepeated,
    module_of,
    modules,
    word_or_list,
)
from ..losses.base import LossSettings
from ..losses.terms import TermSettings

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

    from cabin_core import ExpectedYields, TrainingSettings

    from ..study import Study
    from .base import TrainingTask
    from .network import NetworkModel

HiddenLayers = Annotated[list[Count], Len(1), Field(description="Number of nodes of each hidden layer")]
InitialWeights = Annotated[
    Literal["uniform", "truncated_normal"],
    Field(
        description="Distribution of the starting weights: `uniform` as in torch, or `truncated_normal` "
        "with the width 1 / sqrt(inputs) and biases of 0"
    ),
]
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


def _kind_of_loss(value: Any) -> str:
    if isinstance(value, LossSettings):
        return f"({value.name})"
    named = [kind for kind in modules("loss") if isinstance(value, dict) and kind in value]
    return f"({(named or ['terms'])[0]})"


if TYPE_CHECKING:
    Loss = LossSettings
else:
    _own = (Annotated[module_of("loss", kind).Settings, Tag(f"({kind})")] for kind in modules("loss"))
    _Any = Annotated[TermSettings, Tag("(terms)")]
    for _one in _own:
        _Any = _Any | _one
    Loss = Annotated[_Any, Discriminator(_kind_of_loss)]


def _with_gradient(function: Any) -> Any:
    if function in ("hard", "heaviside"):
        raise ValueError(f"{function} has no gradient to train with")
    return function


class Schedule(Settings):
    """Changes of sharpness, learning rate and goals during a training."""

    first_activation_scale: Positive | None = Field(
        default=None,
        description="Sharpness in the first epoch; it grows by equal factors to activation_scale",
    )
    last_learning_rate: Positive | None = Field(
        default=None,
        description="Learning rate in the last epoch; the learning rate falls to it by equal factors",
    )
    first_goal: Fraction | None = Field(
        default=None, description="Signal efficiency at which the goals of the constraint start"
    )
    goals_move: Pair = Field(
        default=[0.2, 0.5],
        description="Shares of the epochs between which the goals of the constraint move from "
        "`first_goal` to the targets",
    )

    @model_validator(mode="after")
    def _some_change(self) -> Schedule:
        if not self.model_fields_set:
            raise ValueError("an empty schedule changes nothing: remove it")
        if not 0 <= self.goals_move[0] < self.goals_move[1] <= 1:
            raise ValueError(
                f"schedule.goals_move must be two shares of the epochs in increasing order: {self.goals_move}"
            )
        return self


class NetworkSettings(ModelSettings):
    """A network that is trained by gradient descent."""

    loss: Loss = Field(description="Coefficients of the terms, or a loss with a name of its own")
    optimizer: Literal["sgd", "adam", "lbfgs"] = Field(
        description="Optimizer of torch; `lbfgs`, a quasi-Newton method, takes four steps an epoch"
    )
    learning_rate: Positive = Field(description="Learning rate of the optimizer")
    epochs: Count = Field(description="Number of passes over the training sample")
    seed: Seed = Field(
        description="Seed of the starting parameters and of the order of events in mini-batches"
    )
    batch_size: Annotated[int, Ge(2)] | None = Field(
        default=None, description="Events in a mini-batch; null for one full batch"
    )
    schedule: Schedule | None = Field(default=None, description="Changes during the training")
    precision: Literal["float32", "float64"] = Field(
        default="float32", description="Floating-point type of parameters and features"
    )
    device: Literal["cpu", "cuda"] = Field(
        default="cpu",
        description="Where it is trained: `cuda` on a GPU, or on the processor if torch finds no GPU. A GPU "
        "adds in another order, which changes the last digits",
    )
    out_of_core: bool | Literal["auto"] = Field(
        default="auto",
        description="Whether the events stay on disk and are read block by block: `true`, `false`, or `auto` "
        "for a table that would take more than 2 GB, or half of the memory that the job may use",
    )
    processes: Count = Field(
        default=1,
        description="Number of processes that share the events of the training, each on a core of its own",
    )
    scale_features: bool = Field(
        default=True, description="Whether features are scaled as the `scaling` of the study says"
    )
    polish_epochs: Annotated[int, Ge(0)] = Field(
        default=0, description="Last epochs, in which `lbfgs` takes the place of the optimizer"
    )
    most_epochs: Count | None = Field(
        default=None,
        description="After `epochs` the training goes on until it has converged, up to this number of "
        "epochs, and lets the hard cuts meet their targets; it ends after `epochs` where absent",
    )
    test_every: Count = Field(
        default=1,
        description="Epochs between two values of the loss on the test sample, which take time",
    )

    #: Distance from the median beyond which an event of a study with a robust scale counts as being there
    #: [robust widths]. A score that is linear in a feature would else hang on a single outlier.
    farthest: ClassVar[float] = 10.0

    @model_validator(mode="after")
    def _loss_and_schedule(self) -> NetworkSettings:
        self.loss.check_network(self)
        if self.polish_epochs >= self.epochs:
            raise ValueError(f"polish_epochs must be fewer than the {self.epochs} epochs")
        if self.most_epochs is not None and self.most_epochs < self.epochs:
            raise ValueError(f"most_epochs must not be fewer than the {self.epochs} epochs")
        if self.optimizer == "lbfgs" or self.polish_epochs:
            for name in ("batch_size", "classifier_learning_rate"):
                if getattr(self, name, None) is not None:
                    raise ValueError(f"{name}: lbfgs takes one full batch and one learning rate")
        if self.schedule is not None:
            if self.schedule.first_activation_scale is not None and "cuts" not in self.has:
                raise ValueError(
                    "schedule.first_activation_scale: a network without cuts has no sigmoids to sharpen"
                )
            if self.schedule.first_goal is not None and not self.loss.coefficients.get("constraint"):
                raise ValueError("schedule.first_goal: the loss has no constraint whose goals could move")
        return self

    @model_validator(mode="after")
    def _blocks(self) -> NetworkSettings:
        wanted = "processes" if self.processes > 1 else "out_of_core"
        if (self.processes > 1 or self.out_of_core is True) and self.needs_all_events:
            raise ValueError(f"{wanted}: {self.needs_all_events}")
        return self

    @property
    def needs_all_events(self) -> str:
        """Why a process must have all events in memory; empty if it can add up block by block."""
        if self.loss.name != "terms":
            return f"the loss {self.loss.name} needs all events in the memory of one process"
        if self.batch_size is not None:
            return "mini-batches are drawn from all events in memory: leave out batch_size"
        if self.device != "cpu":
            return "a GPU takes all events into its memory: leave out device"
        if getattr(self, "polish", None) is not None:
            return "polish needs all events in the memory of one process"
        return ""

    @property
    def cores(self) -> int:
        """Number of cores of the training."""
        return self.processes

    @property
    def offers(self) -> frozenset[str]:
        """The parts of the model, and the name of its loss."""
        return super().offers | {self.loss.name}

    @property
    def modules(self) -> list[str]:
        """Modules of the model and of its loss."""
        return [*super().modules, *self.loss.modules]

    @property
    def n_bins(self) -> int:
        """Number of bins of the property that the cuts follow; 1 without a property."""
        return 1

    @property
    def needs_yields(self) -> bool:
        """Whether the loss uses the yields of the study's counting experiment."""
        return self.loss.needs_yields

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault if the loss and the counting experiment do not fit."""
        if self.needs_yields and study.counting_experiment is not None:
            try:
                self.loss.check_yields(self, study.counting_experiment.minimum_signal)
            except ValueError as fault:
                yield "loss", str(fault)

    def new(self, directions: Sequence[str], n_rows: int) -> nn.Module:
        """Return the network with random parameters, in float32.

        Parameters
        ----------
        directions : sequence of str
            ``>``, ``<`` or ``window`` for each feature.
        n_rows : int
            Number of sets of cuts, if the kind does not fix it.
        """
        raise NotImplementedError

    def build(self, directions: Sequence[str], seed: int | None = None, n_rows: int = 1) -> nn.Module:
        """Return the network with its starting parameters.

        Parameters
        ----------
        directions : sequence of str
            ``>``, ``<`` or ``window`` for each feature.
        seed : int, optional
            Seed in place of that of the settings.
        n_rows : int
            Number of sets of cuts of a joint network, each with an output of the classifier.

        Returns
        -------
        torch.nn.Module
            Takes features of shape (n_events, n_features) and gives scores of shape (n_events, n_rows).
        """
        from cabin_core.numbers import SIGN_OF_DIRECTION

        from .network import build_seeded

        for direction in directions:
            if direction not in (*SIGN_OF_DIRECTION, WINDOW):
                raise ValueError(f"unknown direction {direction!r} of a cut: '>', '<' or 'window'")
        return build_seeded(
            lambda: self.new(directions, n_rows),
            self.seed if seed is None else seed,
            self.precision,
            truncated_normal=getattr(self, "initial_weights", "") == "truncated_normal",
        )

    def build_loss(self, yields: ExpectedYields | None = None) -> Any:
        """Return the loss of the core, with the yields of the counting experiment if it needs them."""
        return self.loss.build(self, yields)

    def training(self) -> TrainingSettings:
        """Return the settings of the training in the core."""
        from cabin_core import Schedule as CoreSchedule
        from cabin_core import TrainingSettings

        return TrainingSettings(
            epochs=self.epochs,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            seed=self.seed,
            schedule=None if self.schedule is None else CoreSchedule(**self.schedule.model_dump()),
            classifier_learning_rate=getattr(self, "classifier_learning_rate", None),
            test_every=self.test_every,
            polish_epochs=self.polish_epochs,
            most_epochs=self.most_epochs,
        )

    def prepare(self) -> None:
        """Compile the kernel, or read what is compiled, before the time of the training counts."""
        from .network import prepare_network

        prepare_network(self)

    def fit(self, task: TrainingTask) -> tuple[NetworkModel, pd.DataFrame]:
        """Train the network; the history has one row for each epoch."""
        from .network import fit_network

        return fit_network(self, task)


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


def load(path: Path, features: Sequence[str]) -> NetworkModel:
    """Read a trained network; parameters and errors are those of :func:`scripts.models.load_model`."""
    from .network import NetworkModel

    return NetworkModel.load(path, features)
