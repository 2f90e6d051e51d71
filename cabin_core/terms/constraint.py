"""The term that holds signal efficiencies at their targets however steeply the rest of the loss falls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from torch import Tensor

from ..constraint import EfficiencyConstraint
from ..sums import EventSums
from ..term import Aim, BaseTerm

if TYPE_CHECKING:
    from ..schedule import Schedule


class Term(BaseTerm):
    """Stiffness with which signal efficiencies are held at the targets or, without, at the minimum signal.

    Parameters
    ----------
    coefficient : float
        The stiffness.
    aim : Aim
    constraint_form : str
        Signal efficiencies ``at_least`` the targets in every bin, ``equal`` to them in every bin, or
        ``equal_together``, in all bins together. Smooth cuts that must reach a target in every bin are all as
        loose as the unluckiest bin asks for; the last form holds their mean only, and the efficiency term
        each bin near its target, so that one with few events can give way.

    Raises
    ------
    ValueError
        If there are neither targets nor a minimum signal, or the form lacks the targets or bins it is about.
    """

    options: ClassVar = {"constraint_form": ("at_least", "equal", "equal_together")}
    holds_minimum_signal = True
    place = 7

    def __init__(self, coefficient: float, aim: Aim, constraint_form: str = "at_least") -> None:
        super().__init__(coefficient, aim)
        if constraint_form != "at_least" and not aim.targets:
            raise ValueError(
                f"constraint_form {constraint_form} needs the constraint term of the loss and targets"
            )
        if constraint_form == "equal_together" and aim.n_bins == 1:
            raise ValueError("constraint_form equal_together needs bins of a property")
        # Targets are those of every bin, if not of all together; the minimum signal is of all together.
        self._together = not aim.targets or constraint_form == "equal_together"
        least = 0.0 if aim.yields is None else aim.yields.minimum_signal / aim.yields.signal
        targets = aim.targets if self._together else aim.goals
        goals = [max(target, least) for target in targets] or ([least] if least else [])
        if not goals:
            raise ValueError(
                "the constraint term of the loss needs target efficiencies or a minimum signal to hold"
            )
        self.constraint = EfficiencyConstraint(
            goals, self.coefficient, two_sided=constraint_form != "at_least"
        )

    def value(self, sums: EventSums, cuts: Tensor) -> Tensor:
        """Return the term of the constraint, which has the stiffness in it."""
        return self.constraint(self._held(sums))

    def __call__(self, sums: EventSums, cuts: Tensor | None) -> Tensor:
        """Return the same: the stiffness is no factor."""
        return self.value(sums, cast(Tensor, cuts))

    def begin_epoch(self, share: float, schedule: Schedule | None) -> None:
        """Move the goals as the schedule has it."""
        if schedule is not None:
            self.constraint.move_goals(schedule.share_of_goals(share), schedule.first_goal)

    def end_epoch(self, epoch: int, sums: Callable[[], EventSums]) -> None:
        """Update the multipliers where it is time to."""
        if self.constraint.is_due(epoch):
            self.constraint.update(self._held(sums()))

    def _held(self, sums: EventSums) -> Tensor:
        return (sums.all_bins(self.aim.n_bins) if self._together else sums).signal_efficiency()
