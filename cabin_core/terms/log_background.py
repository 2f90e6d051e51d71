"""A term that lowers the background with the same strength when the background is small."""

from __future__ import annotations

from torch import Tensor

from ..constraint import log_of_efficiency
from ..sums import EventSums
from ..term import BaseTerm


class Term(BaseTerm):
    """Logarithm of the background efficiency, whose gradient stays large for a small background."""

    reads_cross_entropy = False
    place = 6

    def value(self, sums: EventSums, cuts: Tensor) -> Tensor:
        """Return the sum over rows; a bin counts by its share of the signal."""
        return sums.total_over_rows(log_of_efficiency(sums.background_efficiency()))
