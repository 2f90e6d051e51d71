"""PDG codes and columns of generated events, which all steps of the simulation share."""

from __future__ import annotations

ELECTRON, MUON = 11, 13
NEUTRALINO = 1000022
#: Particles that a detector does not see: neutrinos and the neutralino.
INVISIBLE = frozenset({12, 14, 16, NEUTRALINO})
#: Collections of a generated event and their columns: all particles that reach the detector, with momentum
#: [GeV] and production vertex [mm], and the b and c quarks, which define the flavour of jets.
EVENT_COLUMNS = {
    "particles": ("pid", "charge", "px", "py", "pz", "energy", "x", "y", "z"),
    "heavy_quarks": ("pid", "px", "py", "pz"),
}
