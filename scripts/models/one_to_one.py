"""One set of cuts (Eq 8 of arXiv:2502.08615)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Len
from pydantic import Field

from .cut_network_settings import CutNetworkSettings, CutTargets, RecordCuts, TargetOf
from .network_settings import load as load
from .polish_settings import PolishOption

if TYPE_CHECKING:
    from cabin_core import OneToOneLinear


class Settings(CutNetworkSettings):
    """The one-to-one linear network: one set of cuts."""

    model: Literal["one_to_one"]
    targets: Annotated[CutTargets, Len(0, 1)] = Field(
        default=[],
        description="Target signal efficiency, or what `target_of` says; none where the loss has no target",
    )
    target_of: TargetOf = "signal"
    record_cuts: RecordCuts = False
    polish: PolishOption = None
    keeps_limits = True
    has = frozenset({"cuts", "scores", "one_score", "history", "loss"})

    def new(self, directions: Sequence[str], n_rows: int) -> OneToOneLinear:
        """Return the network with random parameters."""
        from cabin_core import OneToOneLinear

        return OneToOneLinear(len(directions), **self.edges(directions))
