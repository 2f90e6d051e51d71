"""Particles in all steps of the simulation: PDG codes, and the columns of generated events."""

from __future__ import annotations

ELECTRON, MUON = 11, 13
NEUTRALINO = 1000022
#: Particles without a trace in a detector: neutrinos and the neutralino.
INVISIBLE = frozenset({12, 14, 16, NEUTRALINO})
#: Collections of a generated event and the columns of each: all particles that reach the detector, with
#: momenta [GeV] and place of production [mm], and the b and c quarks, which tell the flavour of jets.
EVENT_COLUMNS = {
    "particles": ("pid", "charge", "px", "py", "pz", "energy", "x", "y", "z"),
    "heavy_quarks": ("pid", "px", "py", "pz"),
}
