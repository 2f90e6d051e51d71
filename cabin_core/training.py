"""Training by gradient descent, with one full batch or with mini-batches, and its history."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from .classifiers import cuts_of
from .convergence import HALVINGS, ROUND, Convergence
from .cut_loss import CutLoss
from .cuts import CutNetwork
from .events import EventSample
from .loss import Loss, LossValue
from .optimizers import OPTIMIZERS
from .schedule import Course, Schedule
from .stream import EventStream
from .working_points import WorkingPoints, meet_targets

#: Quasi-Newton steps in an epoch of ``lbfgs``; each looks at the sample about once.
LBFGS_STEPS = 4

#: One row for each epoch: ``epoch``, and ``train_TERM``, ``test_TERM`` for the total and each term.
History = list[dict[str, float]]


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of a training.

    Parameters
    ----------
    epochs : int
        Number of passes over the training sample.
    optimizer : str
        ``sgd``, ``adam`` or ``lbfgs``. The last, a quasi-Newton method with a line search, takes one full
        batch and :data:`LBFGS_STEPS` steps an epoch.
    learning_rate : float
    classifier_learning_rate : float, optional
        Learning rate of the classifier of a joint network; that of the cuts where None.
    batch_size : int, optional
        Number of events in a mini-batch, or one more if the classes do not divide evenly; one full batch
        where None.
    seed : int
        Seed of the order of events in mini-batches.
    schedule : Schedule, optional
        Changes during the training; none where None.
    test_every : int
        Number of epochs between two values of the loss on the test sample.
    polish_epochs : int
        Number of the last epochs, in which ``lbfgs`` takes the place of the optimizer, with a learning rate
        of 1. The schedule ends before them.
    most_epochs : int, optional
        After ``epochs`` the training goes on until it has converged (:mod:`cabin_core.convergence`), at
        most up to this number of epochs. A network that is its cuts goes on with ``lbfgs``, but not with
        mini-batches, monotone cuts or a cross-entropy in its loss. It ends after ``epochs`` where None.

    Raises
    ------
    ValueError
        If a number is not positive or the optimizer is unknown.
    """

    epochs: int
    optimizer: str = "sgd"
    learning_rate: float = 0.5
    batch_size: int | None = None
    seed: int = 0
    schedule: Schedule | None = None
    classifier_learning_rate: float | None = None
    test_every: int = 1
    polish_epochs: int = 0
    most_epochs: int | None = None

    @property
    def may_polish(self) -> bool:
        """Whether a quasi-Newton method can take over: it needs one full batch and one learning rate."""
        return self.batch_size is None and self.classifier_learning_rate is None

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise ValueError(f"epochs must be at least 1, not {self.epochs}")
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"unknown optimizer {self.optimizer!r}: one of {', '.join(OPTIMIZERS)}")
        if (self.optimizer == "lbfgs" or self.polish_epochs) and not self.may_polish:
            raise ValueError(
                "lbfgs takes one full batch and one learning rate: leave out batch_size and "
                "classifier_learning_rate"
            )
        if not 0 <= self.polish_epochs < self.epochs:
            raise ValueError(
                f"polish_epochs must be fewer than the {self.epochs} epochs, not {self.polish_epochs}"
            )
        if self.most_epochs is not None and self.most_epochs < self.epochs:
            raise ValueError(
                f"most_epochs must not be fewer than the {self.epochs} epochs: {self.most_epochs}"
            )
        if self.test_every < 1:
            raise ValueError(f"test_every must be at least 1, not {self.test_every}")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be positive, not {self.learning_rate}")
        if self.classifier_learning_rate is not None and not self.classifier_learning_rate > 0:
            raise ValueError(
                f"classifier_learning_rate must be positive, not {self.classifier_learning_rate}"
            )
        if self.batch_size is not None and self.batch_size < 2:
            raise ValueError(f"batch_size must be at least 2, one event of each class: {self.batch_size}")


def train(
    network: nn.Module,
    loss: Loss,
    train_sample: EventSample | EventStream,
    test_sample: EventSample | EventStream | None,
    settings: TrainingSettings,
    on_epoch: Callable[[dict[str, float]], None] | None = None,
    watch: Callable[[nn.Module], dict[str, float]] | None = None,
    points: WorkingPoints | None = None,
) -> History:
    """Train a network in place.

    Parameters
    ----------
    network : torch.nn.Module
        Gives scores of shape (n_events, n_rows) for features of shape (n_events, n_features).
    loss : Loss
    train_sample : EventSample or EventStream
        Scaled features.
    test_sample : EventSample or EventStream, optional
        Only for the history, not for the training; the history has no columns for it where None. They are
        NaN in epochs without a value of it; the first and the last epoch have one.
    settings : TrainingSettings
    on_epoch : callable, optional
        Called with each row of the history after its epoch.
    watch : callable, optional
        Gives further columns of the history; called with the network before the updates of each epoch.
    points : WorkingPoints, optional
        What the hard cuts shall meet where the training goes on after ``epochs``: it then moves the goals of
        the loss, and at the end the working points.

    Returns
    -------
    History
        The losses of an epoch are computed before its update. With mini-batches the training loss is the
        mean over the batches, each computed before its own update.

    Raises
    ------
    ValueError
        If the loss is not finite, working points are not those of the network and its loss, there are more
        mini-batches than events of a class, or a stream of events meets mini-batches or a loss that needs all
        events at once.
    """
    if points is not None:
        points.check(network, loss)
    if any(isinstance(sample, EventStream) for sample in (train_sample, test_sample)):
        _check_for_streams(loss, settings)
    optimizer = _new_optimizer(network, settings)
    course = Course(settings.schedule or Schedule(), network, optimizer, settings.learning_rate)
    generator = torch.Generator().manual_seed(settings.seed)
    history: History = []
    test_names: list[str] = []
    cuts = cuts_of(network)
    parameters = list(network.parameters())
    # Cuts have few parameters and converge by quasi-Newton steps where plain ones only creep. Such steps do
    # not stand the cross-entropy, whose gradient far out is not that of its value, nor rows put in order.
    polishes = (
        isinstance(loss, CutLoss)
        and not loss.reads_cross_entropy
        and isinstance(network, CutNetwork)
        and network.looser_rows is None
        and settings.may_polish
    )
    polish_at = settings.epochs - settings.polish_epochs if polishes or settings.polish_epochs else None
    rounds = _Rounds(settings, 0 if polishes else HALVINGS)
    for epoch in itertools.count():
        share = min((epoch + 1) / (settings.epochs - settings.polish_epochs), 1.0)
        course.begin_epoch(share, rounds.factor)
        if epoch == polish_at:
            optimizer = _new_quasi_newton(network, 1.0)
        loss.begin_epoch(share, settings.schedule)
        test_values: dict[str, float] = {}
        with torch.no_grad():
            if test_sample is not None:
                if epoch % settings.test_every == 0 or rounds.ends(epoch):
                    test_values = loss.evaluate(network, test_sample).values()
                else:
                    test_values = dict.fromkeys(test_names, math.nan)
                test_names = list(test_values)
            watched = watch(network) if watch else {}
        batch_values = []
        for batch in _batches(train_sample, settings.batch_size, generator):
            train_terms = _update(optimizer, parameters, partial(loss.evaluate, network, batch))
            if cuts is not None:
                cuts.project()
            batch_values.append(train_terms.values())
        row: dict[str, float] = {"epoch": epoch}
        for name in batch_values[0]:
            row[f"train_{name}"] = sum(values[name] for values in batch_values) / len(batch_values)
        row |= {f"test_{name}": value for name, value in test_values.items()} | watched
        # Without this check a diverging loss would give cuts of NaN hundreds of epochs later.
        if not math.isfinite(row["train_total"]):
            raise ValueError(f"the training loss is not finite at epoch {epoch}: lower the learning rate")
        history.append(row)
        with torch.no_grad():
            loss.end_epoch(epoch, network, train_sample, train_terms if len(batch_values) == 1 else None)
        if on_epoch:
            on_epoch(row)
        if rounds.ends(epoch):
            if rounds.is_last(history):
                break
            if points is not None:
                points.move_goals()
            if polishes and points is not None:
                optimizer = _new_quasi_newton(network, 1.0)  # what it remembers is of another loss
    if points is not None:
        meet_targets(points)
    if not all(parameter.isfinite().all() for parameter in parameters):
        raise ValueError("the last update made a parameter infinite: lower the learning rate")
    return history


class _Rounds:
    """The end of a training: after its epochs, or after rounds of further ones.

    Parameters
    ----------
    settings : TrainingSettings
    halvings : int
        As in :class:`cabin_core.convergence.Convergence`.
    """

    def __init__(self, settings: TrainingSettings, halvings: int) -> None:
        self._epochs, self._most = settings.epochs, settings.most_epochs
        self._convergence = Convergence(halvings)

    @property
    def factor(self) -> float:
        """Factor for the learning rate."""
        return self._convergence.factor

    def ends(self, epoch: int) -> bool:
        """Return whether the training may end after an epoch, counted from 0."""
        done = epoch + 1
        return done >= self._epochs and ((done - self._epochs) % ROUND == 0 or done == self._most)

    def is_last(self, history: History) -> bool:
        """Return whether the training ends after the epochs of a history."""
        if self._most is None or len(history) >= self._most:
            return True
        if len(history) > self._epochs:
            self._convergence.look(sum(row["train_total"] for row in history[-ROUND:]) / ROUND)
        return self._convergence.is_reached


def _check_for_streams(loss: Loss, settings: TrainingSettings) -> None:
    if not loss.from_sums:
        raise ValueError(
            f"{type(loss).__name__} needs all events in memory: a stream of events has sums only"
        )
    if settings.batch_size is not None:
        raise ValueError(
            "mini-batches are drawn from all events, which a stream does not hold: leave out batch_size"
        )


def _update(
    optimizer: torch.optim.Optimizer, parameters: Sequence[nn.Parameter], evaluate: Callable[[], LossValue]
) -> LossValue:
    """Take a step down the gradient and return the value of the loss before it."""
    values: list[LossValue] = []

    def closure() -> Tensor:
        # As zero_grad does, which takes as long as the loss of a scan.
        for parameter in parameters:
            parameter.grad = None
        value = evaluate()
        value.total.backward()
        values.append(value)
        total: Tensor = value.total.detach()
        return total

    optimizer.step(closure)  # type: ignore[arg-type]
    return values[0]


def _new_optimizer(network: nn.Module, settings: TrainingSettings) -> torch.optim.Optimizer:
    new = OPTIMIZERS[settings.optimizer]
    if settings.optimizer == "lbfgs":
        return _new_quasi_newton(network, settings.learning_rate)
    if settings.classifier_learning_rate is None:
        return new(network.parameters(), lr=settings.learning_rate)  # type: ignore[call-arg]
    parts = network.parameter_groups() if hasattr(network, "parameter_groups") else {}  # type: ignore[operator]
    if "classifier" not in parts:
        raise ValueError("classifier_learning_rate belongs to a joint network")
    rates = {"classifier": settings.classifier_learning_rate}
    groups: list[dict[str, Any]] = [
        {"params": parameters, "lr": rates.get(name, settings.learning_rate)}
        for name, parameters in parts.items()
    ]
    return new(groups, lr=settings.learning_rate)  # type: ignore[call-arg]


def _new_quasi_newton(network: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    return OPTIMIZERS["lbfgs"](
        network.parameters(),
        lr=learning_rate,  # type: ignore[call-arg]
        max_iter=LBFGS_STEPS,
        history_size=20,
        line_search_fn="strong_wolfe",
    )


def _batches(
    sample: EventSample | EventStream, batch_size: int | None, generator: torch.Generator
) -> Iterator[EventSample | EventStream]:
    """Yield the whole sample, or mini-batches with the same proportion of the classes as the sample."""
    if isinstance(sample, EventStream) or batch_size is None or batch_size >= len(sample):
        yield sample
        return
    n_batches = -(-len(sample) // batch_size)
    parts: list[tuple[Tensor, ...]] = []
    for name, mask in (("signal", sample.is_signal), ("background", ~sample.is_signal)):
        index = mask.nonzero().squeeze(1)
        if len(index) < n_batches:
            raise ValueError(
                f"{len(index)} {name} events do not fill {n_batches} mini-batches: raise batch_size"
            )
        # Drawn on the processor, so that the batches are the same on every device.
        order = torch.randperm(len(index), generator=generator).to(index.device)
        parts.append(index[order].tensor_split(n_batches))
    for signal_index, background_index in zip(*parts, strict=True):
        yield sample.take(torch.cat([signal_index, background_index]))
