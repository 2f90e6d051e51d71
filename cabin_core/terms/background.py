"""The term of arXiv:2502.08615 that lowers the background."""

from __future__ import annotations

from torch import Tensor

from ..sums import EventSums
from ..term import BaseTerm


class Term(BaseTerm):
    """Background efficiency (Eq 5 of arXiv:2502.08615)."""

    symbol = "beta"
    reads_cross_entropy = False
    place = 2

    def value(self, sums: EventSums, cuts: Tensor) -> Tensor:
        """Return the sum over rows; a bin counts by its share of the signal."""
        return sums.total_over_rows(sums.background_efficiency())
