"""A set of cuts for each target signal efficiency (Section 3 of arXiv:2502.08615)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Len
from pydantic import Field

from .network_settings import CutNetworkSettings, CutTargets, TargetOf
from .network_settings import load as load

if TYPE_CHECKING:
    from cabin_core import EfficiencyScanNetwork


class Settings(CutNetworkSettings):
    """The efficiency scan: a set of cuts for each target, all trained at once."""

    model: Literal["scan"]
    targets: Annotated[CutTargets, Len(1)] = Field(
        description="Targets: signal efficiencies, or what `target_of` says"
    )
    target_of: TargetOf = "signal"
    monotone: bool = Field(default=False, description="Whether no cut may be tighter at a higher target")
    keeps_limits = True
    has = frozenset({"cuts", "scores", "history", "loss"})

    def new(self, directions: Sequence[str], n_rows: int) -> EfficiencyScanNetwork:
        """Return the network with random parameters."""
        from cabin_core import EfficiencyScanNetwork

        edges = self.edges(directions)
        return EfficiencyScanNetwork(len(directions), self.working_points, monotone=self.monotone, **edges)
