"""The settings of all networks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Len
from pydantic import Discriminator, Field, Tag, model_validator

from ..columns import WINDOW
from ..kinds import ModelSettings, module_of, modules
from ..losses.base import LossSettings
from ..losses.terms import TermSettings
from ..settings import Count, Fault, Fraction, Pair, Positive, Seed, Settings

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

        from .network_training import build_seeded

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
        from .network_training import prepare_network

        prepare_network(self)

    def fit(self, task: TrainingTask) -> tuple[NetworkModel, pd.DataFrame]:
        """Train the network; the history has one row for each epoch."""
        from .network_training import fit_network

        return fit_network(self, task)


def load(path: Path, features: Sequence[str]) -> NetworkModel:
    """Read a trained network; parameters and errors are those of :func:`scripts.models.load_model`."""
    from .network import NetworkModel

    return NetworkModel.load(path, features)
