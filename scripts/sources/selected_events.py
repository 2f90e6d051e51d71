"""Common settings of sources of ROOT files: the preselection and the weights of the selected events."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Le
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ..kinds import SourceSettings
from ..physics.features import DELPHES_FEATURES
from ..settings import Fault, NotNegative, Positive, Settings

if TYPE_CHECKING:
    from ..study import Study

LARGEST_ETA = Field(description="Largest abs(eta)")
LARGEST_ISOLATION = Field(
    description="Largest IsolationVar of Delphes: pT around the lepton divided by its own. A card "
    "that does not compute it writes -999, which passes"
)


class Leptons(Settings):
    """Requirements on a lepton; an event must have exactly two leptons."""

    pt: NotNegative = Field(description="Smallest pT [GeV]")
    electron_eta: Positive | None = LARGEST_ETA
    muon_eta: Positive | None = LARGEST_ETA
    electron_isolation: NotNegative | None = LARGEST_ISOLATION
    muon_isolation: NotNegative | None = LARGEST_ISOLATION


class Jets(Settings):
    """Requirements on a jet, used in every step and feature."""

    pt: NotNegative = Field(description="Smallest pT [GeV]")
    eta: Positive | None = LARGEST_ETA


class Selection(Settings):
    """Preselection; its steps are applied in the order of the keys. With null there is no requirement."""

    leptons: Leptons = Field(description="Requirements on the leptons")
    jets: Jets = Field(description="Requirements on the jets")
    opposite_charge: bool = Field(description="Whether the leptons must have opposite charges")
    same_flavour: bool = Field(description="Whether the leptons must be two electrons or two muons")
    leading_jet_pt: NotNegative = Field(description="Smallest pT of the leading jet [GeV]")
    met: NotNegative = Field(description="Smallest missing transverse momentum, MET [GeV]")
    b_veto_pt: NotNegative | None = Field(
        description="pT above which no jet may be b-tagged (bit 0 of Jet.BTag) [GeV]"
    )
    min_dphi_jet_met: Annotated[NotNegative, Le(3.14159)] | None = Field(
        description="Smallest angle in phi between a jet and MET [rad]"
    )
    muons_in_met: bool = Field(
        description="Whether the MET in the file includes muons, which depends on the Delphes card; the "
        "stock ATLAS card includes them. With false the momenta of all muons are subtracted, "
        "as needed for cards that compute MET from calorimeter towers alone"
    )

    @model_validator(mode="after")
    def _has_vetoed_jets(self) -> Selection:
        if self.b_veto_pt is not None and self.b_veto_pt < self.jets.pt:
            text = (
                "b_veto_pt is below jets.pt, under which there are no jets: lower jets.pt, or raise b_veto_pt"
            )
            raise PydanticCustomError("b_veto", text)
        return self


class SelectedEvents(SourceSettings):
    """A source of ROOT files, whose events pass a preselection."""

    selection: Selection = Field(description="Preselection of the events")
    luminosity: Positive | None = Field(default=None, description="Integrated luminosity [fb^-1]")
    balance: bool = Field(
        default=False,
        description="Whether to keep, after the preselection, as many events of the larger class as the "
        "smaller class has; the kept events get larger weights, so that the sum of weights "
        "does not change",
    )
    equal_class_weights: bool | None = Field(
        default=None,
        description="Whether the training gives both classes the same sum of weights; weights are left as "
        "they are where absent. Only the binary cross-entropy depends on it: where the "
        "weight of the background is many times that of the signal, every score would be near "
        "0. Efficiencies, ROC curves and figures are the same either way",
    )

    @property
    def known_columns(self) -> Collection[str]:
        """The features that can be computed from the events."""
        return DELPHES_FEATURES

    @property
    def weighting(self) -> dict[str, Any]:
        """The arguments of the merging: luminosity, cross-sections and whether classes are balanced."""
        given = self.model_dump()
        return {name: given.get(name) for name in ("luminosity", "cross_sections", "balance")}

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for weights that differ without ``equal_class_weights``, and a draw without seed."""
        if self.luminosity is not None and self.equal_class_weights is None:
            text = (
                "the classes then differ in weight: say with equal_class_weights, true or false, whether the "
                "training weighs both the same"
            )
            yield "luminosity", text
        if self.balance and study.folds is not None:
            yield "balance", "it draws by the seed of the split, which folds have none of: remove it"
