"""The term that holds signal efficiencies exactly at their targets, as a constraint."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from torch import Tensor

from ..constraint import EfficiencyConstraint
from ..sums import EventSums
from ..term import Aim, BaseTerm

if TYPE_CHECKING:
    from ..schedule import Schedule


#: Largest goal of a signal efficiency: only cuts without an end reach 1.
LARGEST_GOAL = 1 - 1e-5


class Term(BaseTerm):
    """Constraint that holds efficiencies at the targets or the minimum signal; the stiffness of it.

    Parameters
    ----------
    coefficient : float
        The stiffness.
    aim : Aim
    constraint_form : str
        Signal efficiencies are ``at_least`` the targets in every bin, ``equal`` to the targets in every bin,
        or ``equal_together``: equal to the targets in all bins together. If smooth cuts must reach a target
        in every bin, one bin with a downward fluctuation makes all cuts loose. The last form avoids this: it
        constrains only the mean over all bins, and the efficiency term keeps each bin near its target.

    Raises
    ------
    ValueError
        If there are neither targets nor a minimum signal, or the form needs targets or bins that are missing.
    """

    options: ClassVar = {"constraint_form": ("at_least", "equal", "equal_together")}
    holds_minimum_signal = True
    reads_cross_entropy = False
    place = 7

    def __init__(self, coefficient: float, aim: Aim, constraint_form: str = "at_least") -> None:
        super().__init__(coefficient, aim)
        if constraint_form != "at_least" and not aim.targets:
            raise ValueError(
                f"constraint_form {constraint_form} needs the constraint term of the loss and targets"
            )
        if constraint_form == "equal_together" and aim.n_bins == 1:
            raise ValueError("constraint_form equal_together needs bins of a property")
        # Targets apply to every bin or to all bins together, the minimum signal to all bins together.
        self._together = not aim.targets or constraint_form == "equal_together"
        goals = self._goals()
        if not goals:
            raise ValueError(
                "the constraint term of the loss needs target efficiencies or a minimum signal to hold"
            )
        self.constraint = EfficiencyConstraint(
            goals, self.coefficient, two_sided=constraint_form != "at_least"
        )

    def _goals(self) -> list[float]:
        aim = self.aim
        least = 0.0 if aim.yields is None else aim.yields.minimum_signal / aim.yields.signal
        targets = aim.row_goals if self._together else aim.goals
        return [max(target, least) for target in targets] or ([least] if least else [])

    def goals_moved(self) -> None:
        """Hold the efficiencies at the moved goals; their logarithms need ones below 1."""
        self.constraint.set_goals([min(goal, LARGEST_GOAL) for goal in self._goals()])

    def value(self, sums: EventSums, cuts: Tensor) -> Tensor:
        """Return the term of the constraint, which includes the stiffness."""
        return self.constraint(self._held(sums))

    def __call__(self, sums: EventSums, cuts: Tensor | None) -> Tensor:
        """Return the value, in which the stiffness is not a factor."""
        return self.value(sums, cast(Tensor, cuts))

    def begin_epoch(self, share: float, schedule: Schedule | None) -> None:
        """Move the goals as the schedule says."""
        if schedule is not None:
            self.constraint.move_goals(schedule.share_of_goals(share), schedule.first_goal)

    def end_epoch(self, epoch: int, sums: Callable[[], EventSums]) -> None:
        """Update the multipliers when they are due."""
        if self.constraint.is_due(epoch):
            self.constraint.update(self._held(sums()))

    def _held(self, sums: EventSums) -> Tensor:
        return (sums.all_bins(self.aim.n_bins) if self._together else sums).signal_efficiency()
