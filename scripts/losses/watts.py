"""The losses of G. Watts' notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from .base import OwnLossSettings

if TYPE_CHECKING:
    from cabin_core import ExpectedYields

    from .base import Trained


class Settings(OwnLossSettings):
    """A loss of G. Watts' notebooks."""

    watts: Literal["significance", "cross_entropy", "squares", "softmax"] = Field(
        description="Name of the loss; `softmax` is the softmax over events, with which cuts drift"
    )

    @property
    def needs_probabilities(self) -> bool:
        """Whether scores must lie in [0, 1]: only for the cross-entropy, which takes logarithms."""
        return self.watts == "cross_entropy"

    @property
    def depends_on_scale(self) -> bool:
        """Whether a common factor of all weights changes the training: the losses are sums, not means."""
        return True

    def build(self, network: Trained, yields: ExpectedYields | None) -> Any:
        """Return the loss of the core."""
        from cabin_core import WattsLoss

        return WattsLoss(self.watts)
