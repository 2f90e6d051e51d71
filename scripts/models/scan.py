"""A set of cuts for each target signal efficiency (Section 3 of arXiv:2502.08615)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import Len
from pydantic import Field

from .cut_network_settings import CutNetworkSettings, CutTargets, TargetOf
from .network_settings import load as load
from .polish_settings import PolishOption

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
    polish: PolishOption = None
    keeps_limits = True
    has = frozenset({"cuts", "scores", "history", "loss"})
    standard_networks: ClassVar[dict[str, dict[str, Any]]] = {
        # Close to the best cuts, and smooth; docs/explanation/optimum.md says how.
        "smooth_scan": {
            "weights": "directions",
            "start": 2.0,
            "activation_scale": 50.0,
            "monotone": True,
            "loss": {"log_background": 1.0, "constraint": 1000.0, "smoothness": 3.0},
            "optimizer": "adam",
            "learning_rate": 0.05,
            "epochs": 500,
            "most_epochs": 2000,
            "seed": 123,
            "schedule": {
                "first_activation_scale": 5.0,
                "last_learning_rate": 0.001,
                "first_goal": 0.7,
                "goals_move": [0.1, 0.3],
            },
        },
        # The paper's, with a learning rate for samples of any size.
        "scan": {
            "weights": "directions",
            "activation_scale": 15.0,
            "loss": {
                "efficiency": 10.0,
                "background": 0.1,
                "cut_size": 1e-5,
                "bce": 1e-3,
                "smoothness": 1.0,
            },
            "optimizer": "sgd",
            "learning_rate": 0.1,
            "epochs": 500,
            "most_epochs": 2000,
            "seed": 123,
        },
    }

    def new(self, directions: Sequence[str], n_rows: int) -> EfficiencyScanNetwork:
        """Return the network with random parameters."""
        from cabin_core import EfficiencyScanNetwork

        edges = self.edges(directions)
        return EfficiencyScanNetwork(len(directions), self.working_points, monotone=self.monotone, **edges)
