"""Preselections and the stransverse mass, for tests of the Delphes reader."""

import numpy as np

from scripts.physics.features import DELPHES_FEATURES
from tests.delphes_files import SELECTION

FEATURES = list(DELPHES_FEATURES)


def with_leptons(**settings: float) -> dict:
    return SELECTION | {"leptons": SELECTION["leptons"] | settings}


def stransverse_mass_by_search(vector1, vector2, miss, mass=100.0):
    """The least, over all ways to share MET, of the larger transverse mass [GeV].

    Arrays of complex momenta. The squared masses are convex in the share, so thirds of an interval can go.
    """
    bound = 5000 * (abs(vector1) + abs(vector2) + abs(miss) + mass)

    def squared_mass(visible, share):
        return mass**2 + 2 * (abs(visible) * np.hypot(mass, abs(share)) - (visible * share.conj()).real)

    def least(function):
        low, high = -bound, bound
        for _ in range(90):
            left, right = low + (high - low) / 3, high - (high - low) / 3
            rises = function(left) < function(right)
            low, high = np.where(rises, low, left), np.where(rises, right, high)
        return function((low + high) / 2)

    def larger(share):
        return np.maximum(squared_mass(vector1, share), squared_mass(vector2, miss - share))

    return np.sqrt(least(lambda x: least(lambda y: larger(x + 1j * y))))


CARD_CUTS = with_leptons(electron_eta=1.4, muon_eta=2.0, electron_isolation=0.05, muon_isolation=0.1)
JET_CUTS = SELECTION | {"jets": {"pt": 30.0, "eta": 2.5}, "b_veto_pt": 30.0, "min_dphi_jet_met": 0.4}
