"""The term that makes cuts smooth from bin to bin of a property."""

from __future__ import annotations

from torch import Tensor

from ..roughness import roughness
from ..sums import EventSums
from ..term import BaseTerm


class Term(BaseTerm):
    """Distance of cuts from the mean of those of the neighbouring bins, as in ``smoothness`` for targets."""

    needs = ("cuts", "bins")
    reads_cross_entropy = False
    place = 9

    def value(self, sums: EventSums, cuts: Tensor) -> Tensor:
        """Return the mean over inner bins and edges, summed over rows."""
        by_bin = self.aim.by_bin(cuts)
        return by_bin.shape[1] * roughness(by_bin)
