"""The simple linear network (Eq 9 of arXiv:2502.08615)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ..settings import Targets
from .network_settings import NetworkSettings
from .network_settings import load as load

if TYPE_CHECKING:
    from cabin_core import LinearNetwork


class Settings(NetworkSettings):
    """A weighted sum of the features, then a sigmoid."""

    model: Literal["linear"]
    targets: Targets = Field(default=[], description="Signal efficiencies of the working points on the score")
    bias: bool = Field(default=False, description="Whether it has a bias, which the paper's lacks")
    has = frozenset({"scores", "one_score", "history", "loss", "boundary"})

    def new(self, directions: Sequence[str], n_rows: int) -> LinearNetwork:
        """Return the network with random parameters."""
        from cabin_core import LinearNetwork

        return LinearNetwork(len(directions), bias=self.bias)
