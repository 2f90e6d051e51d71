"""Features of dilepton events with a jet and missing transverse momentum, by their names in the config."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scripts.physics.kinematics import Floats, delta_phi, delta_r, transverse_mass


@dataclass(frozen=True)
class DileptonEvents:
    """Selected events; each attribute has shape (n_events,).

    ``l1`` and ``l2`` are the leptons by falling pT, ``jet1`` is the jet of largest pT. Momenta in GeV,
    angles in rad.
    """

    l1_pt: Floats
    l1_eta: Floats
    l1_phi: Floats
    l2_pt: Floats
    l2_eta: Floats
    l2_phi: Floats
    jet1_pt: Floats
    met: Floats
    met_phi: Floats

    def dphi_l1_met(self) -> Floats:
        """Angle between leading lepton and MET [rad]."""
        return delta_phi(self.l1_phi, self.met_phi)

    def dphi_l2_met(self) -> Floats:
        """Angle between second lepton and MET [rad]."""
        return delta_phi(self.l2_phi, self.met_phi)

    def mt_l1_met(self) -> Floats:
        """Transverse mass of leading lepton and MET [GeV]."""
        return transverse_mass(self.l1_pt, self.met, self.dphi_l1_met())

    def mt_l2_met(self) -> Floats:
        """Transverse mass of second lepton and MET [GeV]."""
        return transverse_mass(self.l2_pt, self.met, self.dphi_l2_met())

    def dr_l1_l2(self) -> Floats:
        """Distance of the leptons in eta and phi."""
        return delta_r(self.l1_eta, self.l1_phi, self.l2_eta, self.l2_phi)


#: The seven features of arXiv:2502.08615, Section 5.
DELPHES_FEATURES: dict[str, Callable[[DileptonEvents], Floats]] = {
    "met": lambda events: events.met,
    "jet1_pt": lambda events: events.jet1_pt,
    "dphi_l1_met": DileptonEvents.dphi_l1_met,
    "dphi_l2_met": DileptonEvents.dphi_l2_met,
    "mt_l1_met": DileptonEvents.mt_l1_met,
    "mt_l2_met": DileptonEvents.mt_l2_met,
    "dr_l1_l2": DileptonEvents.dr_l1_l2,
}
