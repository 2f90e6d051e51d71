"""The Lovasz Z loss of arXiv:2412.09500."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from ..settings import NotNegative, Positive
from ..settings import Settings as Part
from .base import OwnLossSettings, needed

if TYPE_CHECKING:
    from cabin_core import ExpectedYields

    from .base import Trained


class ZLoss(Part):
    """Options of the Lovasz Z loss, for networks without cuts; the study needs a `counting_experiment`."""

    error: Literal["hinge", "sigmoid", "cross_entropy", "focal"] = Field(
        description="How the error of an event follows from the output of the network"
    )
    epsilon: Positive | None = Field(
        default=None,
        description="Constant that is added to the background yield [events]; the signal yield where absent",
    )
    focal_exponent: NotNegative = Field(
        default=2.0, description="Exponent of the focal error; other errors ignore it"
    )


class Settings(OwnLossSettings):
    """The Lovasz Z loss of arXiv:2412.09500."""

    lovasz_z: ZLoss = Field(description="Options of the Lovasz Z loss")

    @property
    def needs_yields(self) -> bool:
        """Whether yields are needed: yes, for the significance."""
        return True

    def check_network(self, network: Trained) -> None:
        """Raise for a network with cuts, which has no raw outputs."""
        if "cuts" in network.has:
            raise ValueError(
                f"lovasz_z needs raw outputs, which a {network.model} network lacks: take a linear network"
            )

    def build(self, network: Trained, yields: ExpectedYields | None) -> Any:
        """Return the loss of the core."""
        from cabin_core import LovaszZLoss

        expected = needed(yields, "the loss lovasz_z")
        return LovaszZLoss(
            **self.lovasz_z.model_dump(), signal_yield=expected.signal, background_yield=expected.background
        )
