"""The term that maximises the significance of a counting experiment."""

from __future__ import annotations

from typing import cast

from torch import Tensor

from ..sums import EventSums
from ..term import BaseTerm
from ..yields import ExpectedYields


class Term(BaseTerm):
    """Minus the significance of the counting experiment, for all bins of a property together."""

    needs = ("yields",)
    reads_cross_entropy = False
    place = 8

    def value(self, sums: EventSums, cuts: Tensor) -> Tensor:
        """Return minus the sum over rows."""
        together = sums.all_bins(self.aim.n_bins)
        yields = cast(ExpectedYields, self.aim.yields)
        return -yields.significance(together.signal_efficiency(), together.background_efficiency()).sum()
