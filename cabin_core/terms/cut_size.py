"""The term of arXiv:2502.08615 that keeps cuts near the middle of the events."""

from __future__ import annotations

from torch import Tensor

from ..sums import EventSums
from ..term import BaseTerm


class Term(BaseTerm):
    """Mean square of the cuts in scaled units (Eq 6 of arXiv:2502.08615)."""

    symbol = "gamma"
    needs = ("cuts",)
    reads_cross_entropy = False
    place = 3

    def value(self, sums: EventSums, cuts: Tensor) -> Tensor:
        """Return the sum over rows of the mean over edges."""
        return (cuts**2).mean(dim=1).sum()
