"""Kinematics in the transverse plane."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def delta_phi(phi1: Floats, phi2: Floats) -> Floats:
    """Return the unsigned angle between two directions in the transverse plane, in [0, pi] [rad]."""
    difference = np.abs(phi1 - phi2) % (2 * np.pi)
    angle: Floats = np.minimum(difference, 2 * np.pi - difference)
    return angle


def delta_r(eta1: Floats, phi1: Floats, eta2: Floats, phi2: Floats) -> Floats:
    """Return the distance in pseudorapidity and azimuth, dimensionless."""
    return np.hypot(eta1 - eta2, delta_phi(phi1, phi2))


def transverse_mass(pt1: Floats, pt2: Floats, delta_phi_12: Floats) -> Floats:
    """Return the transverse mass ``sqrt(2 pt1 pt2 (1 - cos dphi))`` of two massless momenta [GeV]."""
    mass: Floats = np.sqrt(2 * pt1 * pt2 * (1 - np.cos(delta_phi_12)))
    return mass
