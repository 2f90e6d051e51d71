"""The losses of G. Watts' notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from .base import OwnLossSettings

if TYPE_CHECKING:
    from cabin_core import ExpectedYields

    from .base import Trained


class Settings(OwnLossSettings):
    """A loss of G. Watts' notebooks, on its own."""

    watts: Literal["significance", "cross_entropy", "squares", "softmax"] = Field(
        description="Name of the loss; `softmax` is the softmax over events, with which cuts drift"
    )

    @property
    def needs_probabilities(self) -> bool:
        """The cross-entropy takes logarithms, the others any scores."""
        return self.watts == "cross_entropy"

    def build(self, network: Trained, yields: ExpectedYields | None) -> Any:
        """Return the loss of the core."""
        from cabin_core import WattsLoss

        return WattsLoss(self.watts)
