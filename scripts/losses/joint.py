"""The cross-entropy of cuts, as a preselection, and a classifier behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from ..settings import Pair, Positive, PositiveShare, Share
from ..settings import Settings as Part
from .base import OwnLossSettings

if TYPE_CHECKING:
    from cabin_core import ExpectedYields, JointLoss

    from .base import Trained


class ChainLoss(Part):
    """Options of the loss, for a joint network with a kept_fraction."""

    stiffness: Positive = Field(
        default=10.0, description="Stiffness of the constraint that holds the kept fraction of the background"
    )
    order_share: PositiveShare = Field(
        default=0.5,
        description="Share of the epochs in which the order of the mean over the signal grows from 0 to "
        "1. At order 0 the mean is that of the logarithms, which has a single minimum; at "
        "order 1 it is the efficiency",
    )
    coupling: Share = Field(
        default=0.5,
        description="Weight of the cross-entropy for the cuts at the end of the training; the signal "
        "efficiency has the rest",
    )
    handover: Pair = Field(
        default=[0.4, 0.7],
        description="Shares of the epochs between which the gradient of the cuts passes from the signal "
        "efficiency alone to its sum with the cross-entropy of cuts and network together",
    )

    @field_validator("handover")
    @classmethod
    def _increasing(cls, shares: list[float]) -> list[float]:
        if not 0 <= shares[0] <= shares[1] <= 1:
            raise ValueError(f"handover must be two shares of the epochs in increasing order: {shares}")
        return shares


class Settings(OwnLossSettings):
    """The loss of cuts and a network that are trained together."""

    joint: ChainLoss = Field(description="Options of the loss")

    def check_network(self, network: Trained) -> None:
        """Raise for a network without a kept fraction."""
        if getattr(network, "kept_fraction", None) is None:
            raise ValueError("the loss joint is of a joint network with a kept_fraction")

    def build(self, network: Trained, yields: ExpectedYields | None = None) -> JointLoss:
        """Return the loss of the core, for the kept fraction of the network."""
        from cabin_core import JointLoss

        return JointLoss([getattr(network, "kept_fraction", 1.0)], **self.joint.model_dump())
