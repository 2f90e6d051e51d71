"""Features of dilepton events with jets and missing transverse momentum, by their names in the config.

The first line of each docstring describes the feature; docs/reference/features.md lists them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import vector

Floats = NDArray[np.floating]

#: Mass of each invisible particle that :func:`mt2` assumes [GeV].
TRIAL_MASS = 100.0
#: Ratio of mass and pT that :func:`mt2` gives each lepton. For massless leptons with an angle below 1e-6 rad
#: between them the package returns values up to 1e79. This mass changes the result by at most about 1e-6.
MASS_OVER_PT = 1e-5


@dataclass(frozen=True)
class DileptonEvents:
    """Selected events; each attribute has shape (n_events,).

    Attributes
    ----------
    l1, l2 : vector.MomentumNumpy4D
        The leptons in order of decreasing pT [GeV, rad]; massless, because Delphes stores no lepton mass.
    met : vector.MomentumNumpy2D
        Missing transverse momentum [GeV, rad].
    jet1_pt : ndarray
        Largest pT of the selected jets [GeV].
    ht : ndarray
        Scalar sum of the pT of the selected jets [GeV].
    n_jets : ndarray
        Number of selected jets.
    """

    l1: vector.MomentumNumpy4D
    l2: vector.MomentumNumpy4D
    met: vector.MomentumNumpy2D
    jet1_pt: Floats
    ht: Floats
    n_jets: Floats


def met(events: DileptonEvents) -> Floats:
    """Missing transverse momentum [GeV]."""
    return np.asarray(events.met.pt)


def jet1_pt(events: DileptonEvents) -> Floats:
    """Transverse momentum of the leading jet [GeV]."""
    return events.jet1_pt


def dphi_l1_met(events: DileptonEvents) -> Floats:
    """Angle between the leading lepton and MET in the transverse plane, 0 to pi [rad]."""
    return np.asarray(np.abs(events.l1.deltaphi(events.met)))


def dphi_l2_met(events: DileptonEvents) -> Floats:
    """Angle between the second lepton and MET in the transverse plane, 0 to pi [rad]."""
    return np.asarray(np.abs(events.l2.deltaphi(events.met)))


def mt_l1_met(events: DileptonEvents) -> Floats:
    """Transverse mass of the leading lepton and MET [GeV]."""
    return _transverse_mass(events.l1.pt, events.met.pt, dphi_l1_met(events))


def mt_l2_met(events: DileptonEvents) -> Floats:
    """Transverse mass of the second lepton and MET [GeV]."""
    return _transverse_mass(events.l2.pt, events.met.pt, dphi_l2_met(events))


def dr_l1_l2(events: DileptonEvents) -> Floats:
    """Distance of the leptons in eta and phi."""
    return np.asarray(events.l1.deltaR(events.l2))


def mll(events: DileptonEvents) -> Floats:
    """Invariant mass of the leptons [GeV]."""
    # For parallel leptons rounding can give E^2 - p^2 < 0, which vector reports as a negative mass.
    return np.asarray(np.maximum((events.l1 + events.l2).mass, 0.0))


def ptll(events: DileptonEvents) -> Floats:
    """Transverse momentum of the lepton pair [GeV]."""
    return np.asarray((events.l1 + events.l2).pt)


def ht(events: DileptonEvents) -> Floats:
    """Scalar sum of the pT of the selected jets, HT [GeV]."""
    return events.ht


def n_jets(events: DileptonEvents) -> Floats:
    """How many jets are selected."""
    return events.n_jets


def met_significance(events: DileptonEvents) -> Floats:
    """MET / sqrt(HT), a proxy for the significance of MET without object resolutions [sqrt(GeV)]."""
    return met(events) / np.sqrt(events.ht)


def mt2(events: DileptonEvents) -> Floats:
    """Stransverse mass of massless leptons and two invisible particles of 100 GeV [GeV]."""
    # Imported here, because the names of all features are needed without it.
    from mt2 import mt2 as stransverse_mass

    visible = [
        component
        for lepton in (events.l1, events.l2)
        for component in (MASS_OVER_PT * lepton.pt, lepton.px, lepton.py)
    ]
    return np.asarray(stransverse_mass(*visible, events.met.px, events.met.py, TRIAL_MASS, TRIAL_MASS))


def _transverse_mass(pt1: Floats, pt2: Floats, dphi: Floats) -> Floats:
    """Return ``sqrt(2 pt1 pt2 (1 - cos dphi))`` of two massless momenta [GeV]."""
    return np.asarray(np.sqrt(2 * pt1 * pt2 * (1 - np.cos(dphi))))


#: The seven features of arXiv:2502.08615, Section 5, and others that dilepton analyses use.
DELPHES_FEATURES: dict[str, Callable[[DileptonEvents], Floats]] = {
    function.__name__: function
    for function in (
        met,
        jet1_pt,
        dphi_l1_met,
        dphi_l2_met,
        mt_l1_met,
        mt_l2_met,
        dr_l1_l2,
        mll,
        ptll,
        ht,
        n_jets,
        met_significance,
        mt2,
    )
}
