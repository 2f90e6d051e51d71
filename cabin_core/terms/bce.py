"""The term of arXiv:2502.08615 that treats scores as probabilities."""

from __future__ import annotations

from torch import Tensor

from ..sums import EventSums
from ..term import BaseTerm


class Term(BaseTerm):
    """Mean binary cross-entropy of the scores over all events."""

    symbol = "delta"
    place = 4

    def value(self, sums: EventSums, cuts: Tensor) -> Tensor:
        """Return the sum over rows; a bin counts by its share of the signal."""
        all_weights = sums.signal_weight + sums.background_weight
        return sums.total_over_rows(sums.cross_entropy / all_weights)
