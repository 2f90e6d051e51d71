"""The term of arXiv:2502.08615 that steers signal efficiencies to their targets."""

from __future__ import annotations

from torch import Tensor

from ..sums import EventSums
from ..term import BaseTerm


class Term(BaseTerm):
    """Squared distance of the signal efficiency from its target (Eq 5 of arXiv:2502.08615)."""

    symbol = "alpha"
    needs = ("targets",)
    reads_cross_entropy = False
    place = 1

    def value(self, sums: EventSums, cuts: Tensor) -> Tensor:
        """Return the sum over rows; a bin counts by its share of the signal."""
        targets = self.aim.goals_like(sums.signal_score)
        return sums.total_over_rows((targets - sums.signal_efficiency()) ** 2)
