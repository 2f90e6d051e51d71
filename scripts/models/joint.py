"""Cuts as a preselection and a network behind them, trained together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from ..settings import Positive, PositiveShare
from .cut_network_settings import CutNetworkSettings, RecordCuts
from .network_settings import HiddenLayers, InitialWeights
from .network_settings import load as load

if TYPE_CHECKING:
    from cabin_core import JointNetwork


class Settings(CutNetworkSettings):
    """The product of one set of cuts, as a preselection, and a fully connected network."""

    model: Literal["joint"]
    kept_fraction: PositiveShare | None = Field(
        default=None,
        description="Largest fraction of the background that the cuts pass on to the network; no limit "
        "where absent",
    )
    hidden_layers: HiddenLayers
    initial_weights: InitialWeights = "uniform"
    classifier_output: Literal["sigmoid", "raw"] = Field(
        default="sigmoid",
        description="Whether the output of the network behind the cuts passes through a sigmoid",
    )
    classifier_learning_rate: Positive | None = Field(
        default=None,
        description="Learning rate of the network behind the cuts; that of the cuts where absent",
    )
    record_cuts: RecordCuts = False
    has = frozenset({"cuts", "scores", "one_score", "history", "loss", "classifier"})
    #: Beyond any cut, too, but not so far that the network behind the cuts hangs on a single event.
    farthest: ClassVar[float] = 100.0

    @model_validator(mode="after")
    def _chain(self) -> Settings:
        if self.kept_fraction is not None and self.loss.name != "joint":
            raise ValueError("kept_fraction: only the loss joint holds it")
        if self.classifier_output == "raw" and self.loss.needs_probabilities:
            raise ValueError("this loss needs probabilities: classifier_output must be sigmoid")
        return self

    def new(self, directions: Sequence[str], n_rows: int) -> JointNetwork:
        """Return the network with random parameters."""
        from cabin_core import CutNetwork, FullyConnectedNetwork, JointNetwork

        n_features = len(directions)
        cuts = CutNetwork(n_features, n_rows, **self.edges(directions))
        classifier = FullyConnectedNetwork(
            n_features,
            self.hidden_layers,
            n_rows,
            sigmoid=self.classifier_output == "sigmoid",
            events_innermost=True,
        )
        return JointNetwork(cuts, classifier)
