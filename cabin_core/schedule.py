"""Sharpness, learning rates and goals that change in the course of a training."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

from .classifiers import cuts_of


@dataclass(frozen=True)
class Schedule:
    """Changes in the course of a training.

    Parameters
    ----------
    first_activation_scale : float, optional
        Sharpness of the sigmoids in the first epoch; it grows by equal factors to the network's own. Blunt
        sigmoids see far, sharp ones count events as the hard cuts do.
    last_learning_rate : float, optional
        In the last epoch; the learning rate falls to it by equal factors, and that of a classifier alike.
    first_goal : float, optional
        Signal efficiency at which goals of a constraint that are above it start. The background falls ever
        faster along the best feature, so at a high efficiency many weak cuts look as good as the beginning
        of one strong cut, and descent from loose cuts is caught there. From a tight selection, where the
        strong cut has won, it is not.
    goals_move : tuple of float
        Shares of the epochs between which the goals move from there to their own.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    first_activation_scale: float | None = None
    last_learning_rate: float | None = None
    first_goal: float | None = None
    goals_move: tuple[float, float] = (0.2, 0.5)

    def __post_init__(self) -> None:
        for name in ("first_activation_scale", "last_learning_rate"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"schedule.{name} must be positive, not {value}")
        if self.first_goal is not None and not 0 < self.first_goal < 1:
            raise ValueError(f"schedule.first_goal must lie between 0 and 1, not {self.first_goal}")
        object.__setattr__(self, "goals_move", tuple(self.goals_move))
        if len(self.goals_move) != 2 or not 0 <= self.goals_move[0] < self.goals_move[1] <= 1:
            raise ValueError(
                f"schedule.goals_move must be two shares of the epochs in increasing order: {self.goals_move}"
            )

    def share_of_goals(self, share: float) -> float:
        """Return where goals are on their way at a share of the epochs: below 0 before, above 1 after it."""
        begin, end = self.goals_move
        return (share - begin) / (end - begin)


class Course:
    """A schedule at work on a network and its optimizer.

    Parameters
    ----------
    schedule : Schedule
    network : torch.nn.Module
        Whose sharpness at first is that of the last epoch.
    optimizer : torch.optim.Optimizer
        Whose learning rates at first are those that fall.
    learning_rate : float
        Of the cuts, which falls to the last one of the schedule; others fall by the same factor.

    Raises
    ------
    ValueError
        If a network without cuts has a sharpness to follow.
    """

    def __init__(
        self,
        schedule: Schedule,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        learning_rate: float,
    ) -> None:
        self._schedule, self._optimizer, self._learning_rate = schedule, optimizer, learning_rate
        self._cuts = cuts_of(network)
        if schedule.first_activation_scale is not None and self._cuts is None:
            raise ValueError("schedule.first_activation_scale needs a network with cuts")
        self._first_rates = [group["lr"] for group in optimizer.param_groups]
        self._last_scale = math.nan if self._cuts is None else self._cuts.activation_scale

    def begin_epoch(self, share: float) -> None:
        """Set sharpness and learning rates.

        Parameters
        ----------
        share : float
            Of the training when this epoch is over: 1 in the last one, so that a training ends with the
            network's own sharpness.
        """
        first_scale, last_rate = self._schedule.first_activation_scale, self._schedule.last_learning_rate
        if first_scale is not None and self._cuts is not None:
            factor = (first_scale / self._last_scale) ** (1 - share)
            self._cuts.activation_scale = self._last_scale * factor
        if last_rate is not None:
            for group, first_rate in zip(self._optimizer.param_groups, self._first_rates, strict=True):
                group["lr"] = first_rate * (last_rate / self._learning_rate) ** share
