"""Sharpness, learning rates and goals that change during a training."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

from .classifiers import cuts_of


@dataclass(frozen=True)
class Schedule:
    """Changes during a training.

    Parameters
    ----------
    first_activation_scale : float, optional
        Sharpness of the sigmoids in the first epoch; it grows by equal factors to that of the network. With
        blunt sigmoids distant events contribute to the gradient; sharp ones count events as hard cuts do.
    last_learning_rate : float, optional
        Learning rate in the last epoch; it falls by equal factors, and that of a classifier by the same ones.
    first_goal : float, optional
        Signal efficiency at which larger goals of a constraint start. At a high efficiency many weak cuts
        can be as good as the beginning of one strong cut on the best feature, so a descent from loose cuts
        can end in a local minimum. A descent from a tight selection, which has the strong cut, does not.
    goals_move : tuple of float
        Shares of the epochs between which the goals move from ``first_goal`` to their final values.

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
        """Return the position of the goals between start (0) and end (1) at a share of the epochs."""
        begin, end = self.goals_move
        return (share - begin) / (end - begin)


class Course:
    """A schedule applied to a network and its optimizer.

    Parameters
    ----------
    schedule : Schedule
    network : torch.nn.Module
        Its sharpness is that of the last epoch.
    optimizer : torch.optim.Optimizer
        Its learning rates are those of the first epoch.
    learning_rate : float
        Learning rate of the cuts, which falls to the last one; other rates fall by the same factor.

    Raises
    ------
    ValueError
        If the schedule changes the sharpness and the network has no cuts.
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

    def begin_epoch(self, share: float, factor: float = 1.0) -> None:
        """Set sharpness and learning rates.

        Parameters
        ----------
        share : float
            Share of the training that is done after this epoch. It is 1 in the last epoch, so a training ends
            with the sharpness of the network.
        factor : float
            Factor for the learning rates.
        """
        first_scale, last_rate = self._schedule.first_activation_scale, self._schedule.last_learning_rate
        if first_scale is not None and self._cuts is not None:
            sharpened = (first_scale / self._last_scale) ** (1 - share)
            self._cuts.activation_scale = self._last_scale * sharpened
        if last_rate is not None:
            factor *= (last_rate / self._learning_rate) ** share
        if factor != 1:
            for group, first_rate in zip(self._optimizer.param_groups, self._first_rates, strict=True):
                group["lr"] = first_rate * factor
