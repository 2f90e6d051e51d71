"""Constraints on efficiencies, by the method of multipliers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

#: Bounds of a multiplier and of its change in one update. At the optimum a multiplier is the slope of the
#: logarithm of the background efficiency against that of the signal, about 60 on the Gaussian dataset.
#: Without bounds it would grow to thousands while the cuts are still far from the optimum.
LARGEST_MULTIPLIER, LARGEST_STEP = 300.0, 10.0
#: Epochs between two updates of the multipliers.
MULTIPLIERS_EVERY = 10


def log_of_efficiency(efficiency: Tensor) -> Tensor:
    """Return the logarithm of an efficiency; it stays finite where the efficiency underflows to 0.

    Raises
    ------
    ValueError
        If an efficiency is negative, which it can be for events with negative weights.
    """
    if (efficiency < 0).any():
        raise ValueError(
            "an efficiency is negative, since negative weights outweigh the others among events that pass: "
            "it has no logarithm, give more events or looser cuts, or train on terms without a logarithm"
        )
    return efficiency.clamp(min=torch.finfo(efficiency.dtype).tiny).log()


class EfficiencyConstraint:
    r"""Constraint that keeps efficiencies at least, at most, or exactly at their goals.

    With the shortfall :math:`d_i=\ln t_i-\ln\epsilon^S_i` the term of the loss is the augmented Lagrangian

    .. math:: \frac{1}{2\rho}\sum_i\left[\max(0,\lambda_i+\rho d_i)^2-\lambda_i^2\right],\quad
              \lambda_i\leftarrow\max(0,\lambda_i+\rho d_i)

    (with the opposite sign of :math:`d_i` for upper bounds). Goals are met exactly, however steeply the rest
    of the loss falls; a quadratic penalty alone, as in Eq 5 of arXiv:2502.08615, does not quite reach them.
    A two-sided constraint has no maximum with 0 in these formulas: a multiplier can then become negative and
    lower an efficiency that the rest of the loss keeps above its goal.

    Parameters
    ----------
    goals : sequence of float
        Lower bound of the efficiency of each row of the network, in (0, 1), or upper bound, in (0, 1].
    stiffness : float
        The constant rho; positive.
    at_most : bool
        Whether the goals are upper bounds.
    two_sided : bool
        Whether the efficiencies must equal the goals.

    Raises
    ------
    ValueError
        If there is no goal, a number is out of range, or goals are both two-sided and upper bounds.

    References
    ----------
    R. T. Rockafellar, "The multiplier method of Hestenes and Powell applied to convex programming",
    J. Optim. Theory Appl. 12 (1973) 555.
    """

    def __init__(
        self,
        goals: Sequence[float],
        stiffness: float,
        *,
        at_most: bool = False,
        two_sided: bool = False,
    ) -> None:
        if at_most and two_sided:
            raise ValueError("the goals of a constraint are upper bounds or two-sided, not both")
        self.goals = tuple(float(goal) for goal in goals)
        if not self.goals or not all(0 < goal < 1 or (at_most and goal == 1) for goal in self.goals):
            raise ValueError(f"the constraint needs efficiencies between 0 and 1, not {list(self.goals)}")
        self._sign = -1.0 if at_most else 1.0
        self.two_sided = two_sided
        if not 0 < stiffness < math.inf:
            raise ValueError(f"the stiffness of the constraint must be positive, not {stiffness}")
        self.stiffness = float(stiffness)
        self.multipliers = torch.zeros(len(self.goals), dtype=torch.float64)
        self._share, self._first_goals = 1.0, self.goals

    def set_goals(self, goals: Sequence[float]) -> None:
        """Take other goals, as many; the multipliers stay."""
        self.goals = tuple(goals)
        self._share, self._first_goals = 1.0, self.goals

    def move_goals(self, share: float, first_goal: float | None = None) -> None:
        """Move the goals along a path, straight in the logarithm, from a first goal to their final values.

        Parameters
        ----------
        share : float
            Share of the path; values below 0 count as 0, values above 1 as 1.
        first_goal : float, optional
            Start of all goals that are larger, in (0, 1); None leaves all goals at their final values.

        Raises
        ------
        ValueError
            If the first goal is out of range.
        """
        if first_goal is not None and not 0 < first_goal < 1:
            raise ValueError(f"the first goal must lie between 0 and 1, not {first_goal}")
        self._share = min(max(share, 0.0), 1.0)
        highest = 1.0 if first_goal is None else first_goal
        self._first_goals = tuple(min(goal, highest) for goal in self.goals)

    def is_due(self, epoch: int) -> bool:
        """Return whether the multipliers have to be updated after an epoch, counted from 0."""
        return (epoch + 1) % MULTIPLIERS_EVERY == 0

    def shortfall(self, efficiency: Tensor) -> Tensor:
        """Return ln(goal / efficiency), or ln(efficiency / goal) for upper bounds, shape (n_rows,).

        Raises
        ------
        ValueError
            If there are more or fewer efficiencies than goals.
        """
        if len(efficiency) != len(self.goals):
            raise ValueError(f"{len(self.goals)} goals for {len(efficiency)} rows of scores")
        first, last = (efficiency.new_tensor(goals).log() for goals in (self._first_goals, self.goals))
        goal = self._share * last + (1 - self._share) * first
        return self._sign * (goal - log_of_efficiency(efficiency))

    def __call__(self, efficiency: Tensor) -> Tensor:
        """Return the term of the loss, shape (), of efficiencies of shape (n_rows,)."""
        multipliers = self.multipliers.to(efficiency)
        pressed = multipliers + self.stiffness * self.shortfall(efficiency)
        if not self.two_sided:
            pressed = torch.relu(pressed)
        return ((pressed**2 - multipliers**2) / (2 * self.stiffness)).sum()

    def update(self, efficiency: Tensor) -> None:
        """Change the multipliers by the shortfall of efficiencies of a training sample, shape (n_rows,)."""
        step = self.stiffness * self.shortfall(efficiency.detach().to("cpu", torch.float64))
        step = step.clamp(-LARGEST_STEP, LARGEST_STEP)
        least = -LARGEST_MULTIPLIER if self.two_sided else 0.0
        self.multipliers = (self.multipliers + step).clamp(least, LARGEST_MULTIPLIER)
