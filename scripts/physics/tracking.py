"""Charged particles in the tracker of the parametrised ATLAS detector (Delphes 3.5.0, ATLAS card)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .particles import ELECTRON, MUON
from .smearing import by_region, kept, log_normal

Array = NDArray[Any]

FIELD = 2.0  # T, along the beam
RADIUS = 1.15  # m
HALF_LENGTH = 3.51  # m
#: Momentum [GeV] of a particle of unit charge on a circle of 1 m in a field of 1 T.
GEV_PER_TESLA_METRE = 0.299792458
LOWEST_PT = 0.1  # GeV
_REGIONS = (1.5, 2.5)
#: sigma(pT)/pT = hypot(constant, slope * pT) in |eta| <= 0.5, 1.5, 2.5; slope in 1/GeV.
_RESOLUTION = {
    "hadron": ((0.06, 0.10, 0.25), (1.3e-3, 1.7e-3, 3.1e-3)),
    "electron": ((0.03, 0.05, 0.15), (1.3e-3, 1.7e-3, 3.1e-3)),
    "muon": ((0.010, 0.015, 0.025), (1.0e-4, 1.5e-4, 3.5e-4)),
}


def calorimeter_entry(
    charge: Array, momentum: tuple[Array, Array, Array], vertex: tuple[Array, Array, Array]
) -> tuple[Array, Array, Array]:
    """Return the points where particles leave the tracker, on straight lines or helices.

    Parameters
    ----------
    charge : ndarray, shape (n_particles,)
        Charge [e].
    momentum : tuple of ndarray, shape (n_particles,)
        x, y and z components [GeV]; the transverse momentum must not be zero.
    vertex : tuple of ndarray, shape (n_particles,)
        x, y and z of the point of production [m].

    Returns
    -------
    tuple of ndarray
        Pseudorapidity and azimuth [rad] of the point on the surface of the tracker, seen from the centre;
        and whether there is a point: particles produced outside never enter.
    """
    px, py, pz = momentum
    x, y, z = vertex
    pt, phi = np.hypot(px, py), np.arctan2(py, px)
    inside = (np.hypot(x, y) <= RADIUS) & (np.abs(z) <= HALF_LENGTH)
    # Path lengths are in the transverse plane [m]; particles without pz never reach an end cap.
    with np.errstate(divide="ignore", over="ignore"):
        to_end = np.abs((np.copysign(HALF_LENGTH, pz) - z) * pt / pz)
    # Straight lines: the path to the barrel solves |vertex + path * direction| = RADIUS.
    along = x * np.cos(phi) + y * np.sin(phi)
    across = x * np.sin(phi) - y * np.cos(phi)
    to_barrel = np.sqrt(np.maximum(RADIUS**2 - across**2, 0.0)) - along
    path = np.minimum(to_barrel, to_end)
    at_x, at_y = x + path * np.cos(phi), y + path * np.sin(phi)

    bent = np.flatnonzero(charge != 0)
    radius = pt[bent] / (GEV_PER_TESLA_METRE * FIELD * np.abs(charge[bent]))  # of the circle [m]
    turn = -np.sign(charge[bent])  # positive charges turn clockwise
    # The centre is on the side to which the particle turns; start is the angle seen from the centre.
    start = phi[bent] - turn * np.pi / 2
    centre_x, centre_y = x[bent] - radius * np.cos(start), y[bent] - radius * np.sin(start)
    offset, direction = np.hypot(centre_x, centre_y), np.arctan2(centre_y, centre_x)
    # On the circle at an angle u from the direction of its centre, the distance from the axis is RADIUS where
    # cos u = cosine, and less behind that; tight circles (cosine above 1) never get there.
    cosine = (RADIUS**2 - offset**2 - radius**2) / np.maximum(2 * radius * offset, 1e-12)
    behind = np.remainder(turn * (start - direction), 2 * np.pi)
    to_barrel = 2 * np.pi - np.arccos(np.clip(cosine, -1, 1)) - behind
    with np.errstate(over="ignore"):
        turns_to_end = to_end[bent] / radius
    turned = np.minimum(np.where(cosine < 1, to_barrel, np.inf), turns_to_end)
    # A particle on a circle without motion along the beam never leaves the tracker.
    stuck = np.isinf(turned)
    inside[bent[stuck]] = False
    turned[stuck] = 0.0
    path[bent] = turned * radius
    at_x[bent] = centre_x + radius * np.cos(start + turn * turned)
    at_y[bent] = centre_y + radius * np.sin(start + turn * turned)
    at_z = z + path * pz / pt
    return np.arcsinh(at_z / np.maximum(np.hypot(at_x, at_y), 1e-9)), np.arctan2(at_y, at_x), inside


def tracking_efficiency(code: Array, pt: Array, eta: Array) -> Array:
    """Return the probability that a charged particle leaves a track.

    Parameters
    ----------
    code : ndarray of int, shape (n_particles,)
        PDG codes, absolute.
    pt : ndarray, shape (n_particles,)
        Transverse momentum [GeV].
    eta : ndarray, shape (n_particles,)
        Pseudorapidity of the point where the particle leaves the tracker.
    """
    slow, fast = pt <= 1, pt > 100
    hadron = by_region(eta, _REGIONS, (np.where(slow, 0.70, 0.95), np.where(slow, 0.60, 0.85)))
    electron = by_region(
        eta,
        _REGIONS,
        (np.select([slow, fast], [0.73, 0.99], 0.95), np.select([slow, fast], [0.50, 0.90], 0.83)),
    )
    muon = by_region(eta, _REGIONS, (np.where(slow, 0.75, 0.99), np.where(slow, 0.70, 0.98)))
    efficiency: Array = np.select([code == ELECTRON, code == MUON], [electron, muon], hadron)
    return np.where(pt > LOWEST_PT, efficiency, 0.0)


def momentum_resolution(code: Array, pt: Array, eta: Array) -> Array:
    """Return sigma(pT)/pT of tracks, at most 1; arguments as in :func:`tracking_efficiency`."""
    by_kind = {
        kind: by_region(eta, (0.5, 1.5, 2.5), tuple(map(lambda a, b: np.hypot(a, b * pt), *parameters)))
        for kind, parameters in _RESOLUTION.items()
    }
    chosen: Array = np.select(
        [code == ELECTRON, code == MUON], [by_kind["electron"], by_kind["muon"]], by_kind["hadron"]
    )
    return np.clip(chosen, 0.0, 1.0)


def measure_tracks(particles: dict[str, Array], random: Generator) -> tuple[Array, dict[str, Array]]:
    """Return the tracks of charged particles.

    Parameters
    ----------
    particles : dict of ndarray, shape (n_particles,)
        ``code`` (PDG, absolute), ``charge``, ``pt`` [GeV], and ``surface_eta``, the pseudorapidity of the
        point where the particle leaves the tracker.
    random : Generator

    Returns
    -------
    tuple
        The indices of the particles that leave a track, and the measured ``pt`` [GeV] and ``resolution``,
        sigma(pT)/pT, of each track.
    """
    code, pt, eta = particles["code"], particles["pt"], particles["surface_eta"]
    charged = np.flatnonzero(particles["charge"] != 0)
    found = charged[kept(tracking_efficiency(code[charged], pt[charged], eta[charged]), random)]
    resolution = momentum_resolution(code[found], pt[found], eta[found])
    return found, {"pt": log_normal(pt[found], resolution * pt[found], random), "resolution": resolution}
