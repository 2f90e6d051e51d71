"""A small fully connected network, for comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ..settings import Targets
from .network_settings import HiddenLayers, InitialWeights, NetworkSettings
from .network_settings import load as load

if TYPE_CHECKING:
    from cabin_core import FullyConnectedNetwork


class Settings(NetworkSettings):
    """Layers of ReLU nodes, then a sigmoid."""

    model: Literal["fully_connected"]
    targets: Targets = Field(default=[], description="Signal efficiencies of the working points on the score")
    hidden_layers: HiddenLayers
    initial_weights: InitialWeights = "uniform"
    has = frozenset({"scores", "one_score", "history", "loss"})

    def new(self, directions: Sequence[str], n_rows: int) -> FullyConnectedNetwork:
        """Return the network with random parameters."""
        from cabin_core import FullyConnectedNetwork

        return FullyConnectedNetwork(len(directions), self.hidden_layers)
