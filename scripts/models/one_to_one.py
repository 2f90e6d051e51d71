"""One set of cuts (Eq 8 of arXiv:2502.08615)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Len
from pydantic import Field

from ..kinds import Targets
from .network_settings import CutNetworkSettings, RecordCuts
from .network_settings import load as load
from .polish_settings import PolishOption

if TYPE_CHECKING:
    from cabin_core import OneToOneLinear


class Settings(CutNetworkSettings):
    """The one-to-one linear network: one set of cuts."""

    model: Literal["one_to_one"]
    targets: Annotated[Targets, Len(0, 1)] = Field(
        default=[], description="Target signal efficiency; none where the loss has no target"
    )
    record_cuts: RecordCuts = False
    polish: PolishOption = None
    has = frozenset({"cuts", "scores", "one_score", "history", "loss"})

    def new(self, directions: Sequence[str], n_rows: int) -> OneToOneLinear:
        """Return the network with random parameters."""
        from cabin_core import OneToOneLinear

        return OneToOneLinear(len(directions), **self.edges(directions))
