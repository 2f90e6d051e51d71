"""The term of arXiv:2502.08615 that makes cuts smooth from target to target."""

from __future__ import annotations

from torch import Tensor

from ..roughness import roughness
from ..sums import EventSums
from ..term import BaseTerm


class Term(BaseTerm):
    """Distance of cuts from the mean of those of the neighbouring targets (Eq 7 of arXiv:2502.08615)."""

    symbol = "epsilon"
    needs = ("targets", "cuts")
    reads_cross_entropy = False
    place = 5

    def value(self, sums: EventSums, cuts: Tensor) -> Tensor:
        """Return the mean over inner targets and edges, summed over bins."""
        targets = self.aim.targets
        in_order = sorted(range(len(targets)), key=targets.__getitem__)
        if self.aim.n_bins == 1 and in_order == list(
            range(len(targets))
        ):  # the usual case, in few operations
            return roughness(cuts)
        by_bin = self.aim.by_bin(cuts)[:, in_order]
        return self.aim.n_bins * roughness(by_bin.transpose(0, 1))
