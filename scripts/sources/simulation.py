"""Events of Pythia 8 with a detector simulation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ..settings import Count, Fault, NotNegative, Number, Positive, Seed, Text
from ..settings import Settings as Part
from .selected_events import LARGEST_ETA, SelectedEvents, Selection

if TYPE_CHECKING:
    from ..study import Study

#: Largest abs(eta) at which the detector finds leptons.
LEPTON_REACH = 2.5
#: Distances of the generator filter from the preselection [GeV]. MET must be lower because of the smearing
#: by the detector. The pair pT must not be far above that of the leading jet, which can be the whole recoil.
MET_MARGIN, PAIR_PT_MARGIN = 30.0, 20.0


class Process(Part):
    """Process and number of events of a sample."""

    process: Literal["sleptons", "ww"] = Field(description="Process that Pythia generates")
    events: Count = Field(description="Number of events that pass the generator filter, of all jobs together")
    slepton_mass: Positive | None = Field(
        default=None, description="Mass of selectrons and smuons [GeV]; only for `sleptons`"
    )
    mass_gap: Positive | None = Field(
        default=None, description="Slepton mass minus neutralino mass [GeV]; only for `sleptons`"
    )

    @model_validator(mode="after")
    def _has_masses(self) -> Process:
        masses = {"slepton_mass": self.slepton_mass, "mass_gap": self.mass_gap}
        for name, value in masses.items():
            if (value is not None) != (self.process == "sleptons"):
                text = (
                    "the key `{name}` is missing"
                    if value is None
                    else "unknown key {name}; known here: process, events"
                )
                raise PydanticCustomError("masses", text, {"name": name})
        return self


class Filter(Part):
    """Requirements at parton level, which must be looser than the preselection after the detector."""

    pair_pt: NotNegative = Field(description="Smallest pT of the pair of sleptons or W bosons [GeV]")
    met: NotNegative = Field(description="Smallest pT of all neutrinos and neutralinos together [GeV]")
    lepton_pt: NotNegative = Field(description="Smallest pT that two electrons or muons must have [GeV]")
    lepton_eta: Positive | None = LARGEST_ETA
    same_flavour: bool = Field(description="Whether the leptons must be two electrons or two muons")


class Generator(Part):
    """Settings of Pythia 8; the events depend only on these keys, not on the number of cores."""

    energy: Number = Field(ge=100.0, description="Energy of the collision in the centre of mass [GeV]")
    multiparton_interactions: bool = Field(description="Whether to simulate these; takes ten times as long")
    seed: Seed = Field(description="Seed of the generator")
    jobs: Count = Field(description="Number of independent jobs that share the events of a sample")
    filter: Filter = Field(description="Requirements on the generated events, before the detector")


class Detector(Part):
    """The built-in ATLAS response, or the real Delphes with `program` and `card`."""

    response: Literal["parametrised", "delphes"] = Field(
        description="Built-in parametrised response, or the real Delphes"
    )
    seed: Seed = Field(description="Seed of the response")
    program: Text = Field(description="Name or path of the program `DelphesHepMC3`")
    card: Text = Field(description="Path of a Delphes card, or the name of a card that comes with Delphes")

    @property
    def event_format(self) -> Literal["parquet", "hepmc"]:
        """Ending of the files of generated events for this detector."""
        return "parquet" if self.response == "parametrised" else "hepmc"

    @property
    def used(self) -> dict[str, Any]:
        """The settings that the response depends on."""
        used = {"response", "seed"} if self.response == "parametrised" else None
        return self.model_dump(include=used)


class Settings(SelectedEvents):
    """Events of Pythia 8 with a detector simulation."""

    kind: Literal["simulation"]
    signal: Process = Field(description="Signal process")
    background: Process = Field(description="Background process")
    generator: Generator = Field(description="Settings of Pythia")
    detector: Detector = Field(description="Settings of the detector")

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for settings of a sample, the filter or the response that do not fit the others."""
        yield from super().check(study)
        for sample, process in (("signal", self.signal), ("background", self.background)):
            gap, mass = process.mass_gap, process.slepton_mass
            if gap is not None and mass is not None and gap >= mass:
                text = (
                    f"{gap:g} GeV leaves the neutralino no mass: it must be below slepton_mass, {mass:g} GeV"
                )
                yield f"{sample}.mass_gap", text
        if self.detector.response == "parametrised" and not self.selection.muons_in_met:
            text = (
                "the MET of the parametrised response includes muons, false would subtract them twice: set "
                "it to true"
            )
            yield "selection.muons_in_met", text
        yield from _biases(self.generator.filter, self.selection)


def _biases(required: Filter, selection: Selection) -> Iterator[Fault]:
    """Yield a fault if the generator filter drops events that could pass the preselection."""
    leptons = selection.leptons
    reach = max(
        LEPTON_REACH if eta is None else min(eta, LEPTON_REACH)
        for eta in (leptons.electron_eta, leptons.muon_eta)
    )
    largest = {
        "pair_pt": selection.leading_jet_pt + PAIR_PT_MARGIN,
        "met": max(selection.met - MET_MARGIN, 0),
        "lepton_pt": leptons.pt,
    }
    faults = {
        key: (f"{getattr(required, key):g}", f"at most {limit:g} for it")
        for key, limit in largest.items()
        if getattr(required, key) > limit
    }
    if required.lepton_eta is not None and required.lepton_eta < reach:
        faults["lepton_eta"] = f"{required.lepton_eta:g}", f"null or at least {reach:g}"
    if required.same_flavour and not selection.same_flavour:
        faults["same_flavour"] = "true", "false, as selection.same_flavour is"
    for key, (value, looser) in faults.items():
        text = f"{value} drops events that pass the preselection: it must be {looser}"
        yield f"generator.filter.{key}", text
