"""Towers of the parametrised ATLAS calorimeters (Delphes 3.5.0, ATLAS card), combined with tracks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .particles import INVISIBLE, MUON
from .smearing import by_region, log_normal

Array = NDArray[Any]

#: K0S and Lambda give energy to both calorimeters.
_ELECTROMAGNETIC = {**dict.fromkeys((11, 22, 111), 1.0), **dict.fromkeys((310, 3122), 0.3)}
_HADRONIC = {**dict.fromkeys((11, 22, 111, MUON, *INVISIBLE), 0.0), **dict.fromkeys((310, 3122), 0.7)}


@dataclass(frozen=True)
class Calorimeter:
    """One calorimeter.

    Attributes
    ----------
    eta_edges : ndarray, shape (n_rings + 1,)
        Edges of its rings of towers.
    n_phi : ndarray of int, shape (n_rings,)
        Towers in each ring.
    fractions : mapping of int to float
        Fraction of a particle's energy that the calorimeter measures, by absolute PDG code.
    other_fraction : float
        The same fraction for all other particles.
    lowest_energy : float
        Smallest energy of a tower [GeV]; the energy must also exceed twice its resolution.
    resolution : callable
        Function of eta and energy [GeV] that gives the spread of a measured energy [GeV].
    """

    eta_edges: Array
    n_phi: Array
    fractions: Mapping[int, float]
    other_fraction: float
    lowest_energy: float
    resolution: Callable[[Array, Array], Array]

    def taken(self, code: Array) -> Array:
        """Return the fraction of the energy that this calorimeter measures, shape as ``code``."""
        return np.select(
            [code == particle for particle in self.fractions],
            list(self.fractions.values()),
            self.other_fraction,
        )


LOWEST_SIGNIFICANCE = 2.0


def _electromagnetic_resolution(eta: Array, energy: Array) -> Array:
    central = np.hypot(0.0017 * energy, 0.101 * np.sqrt(energy))
    forward = np.hypot(0.035 * energy, 0.285 * np.sqrt(energy))
    return by_region(eta, (3.2, 4.9), (central, forward))


def _hadronic_resolution(eta: Array, energy: Array) -> Array:
    root = np.sqrt(energy)
    barrel = np.sqrt((0.0302 * energy) ** 2 + (0.5205 * root) ** 2 + 1.59**2)
    endcap = np.hypot(0.05 * energy, 0.706 * root)
    forward = np.hypot(0.0942 * energy, 1.0 * root)
    return by_region(eta, (1.7, 3.2, 4.9), (barrel, endcap, forward))


def _rings(fine: Array, n_fine: int, coarse: Array, n_coarse: int) -> tuple[Array, Array]:
    """Return edges and numbers of towers of the rings; the upper edge of a ring sets its granularity."""
    edges = np.concatenate([fine, coarse])
    counts = np.concatenate([np.full(len(fine), n_fine), np.full(len(coarse), n_coarse)])
    order = np.argsort(edges)
    return edges[order], counts[order][1:]


def _both_sides(edges: list[float]) -> Array:
    return np.concatenate([-np.array(edges), edges])


ECAL = Calorimeter(
    *_rings(
        0.0174 * np.arange(-169, 171),
        360,
        np.append(_both_sides([3.125, 3.3, 3.475, 3.65, 3.825, 4, 4.175, 4.35, 4.525, 4.7, 5]), -2.958),
        36,
    ),
    fractions=_ELECTROMAGNETIC,
    other_fraction=0.0,
    lowest_energy=0.5,
    resolution=_electromagnetic_resolution,
)
HCAL = Calorimeter(
    *_rings(
        np.concatenate([np.arange(-25, 27) / 10, [-3.2, 3.3]]),
        36,
        np.array(
            [
                *(-4.9, -4.7, -4.5, -4.3, -4.1, -3.9, -3.7, -3.5, -3.3, -3, -2.8, -2.6),
                *(2.8, 3, 3.2, 3.5, 3.7, 3.9, 4.1, 4.3, 4.5, 4.7, 4.9),
            ]
        ),
        18,
    ),
    fractions=_HADRONIC,
    other_fraction=1.0,
    lowest_energy=1.0,
    resolution=_hadronic_resolution,
)


@dataclass(frozen=True)
class Towers:
    """Towers of many events; arrays have shape (n_towers,) unless stated otherwise.

    Attributes
    ----------
    event : ndarray of int
    eta, phi : ndarray
        Position, drawn at random inside the tower [rad].
    energy : ndarray
        Measured energy [GeV]; 0 below the thresholds.
    excess : ndarray
        Energy in excess of the tracks [GeV], from photons or neutral hadrons; 0 if not significant.
    track_tower : ndarray of int, shape (n_tracks,)
        Index of the tower that a track points to; -1 beyond the calorimeter.
    track_factor : ndarray, shape (n_tracks,)
        Factor on the momentum of a track for the best agreement of track and tower.
    """

    event: Array
    eta: Array
    phi: Array
    energy: Array
    excess: Array
    track_tower: Array
    track_factor: Array


def fill_towers(
    calorimeter: Calorimeter, particles: dict[str, Array], tracks: dict[str, Array], random: Generator
) -> Towers:
    """Return the towers that particles fill, and corrections of the tracks that point to them.

    Parameters
    ----------
    calorimeter : Calorimeter
    particles : dict of ndarray, shape (n_particles,)
        ``event``, ``code`` (PDG, absolute), ``energy`` [GeV], ``surface_eta``, ``surface_phi`` [rad].
    tracks : dict of ndarray, shape (n_tracks,)
        Tracks of the particles that this calorimeter measures: ``event``, ``energy`` [GeV], ``resolution``
        (relative), ``surface_eta``, ``surface_phi``.
    random : Generator
    """
    deposit = calorimeter.taken(particles["code"]) * particles["energy"]
    hit = deposit > 0
    cell = _cells(calorimeter, particles["surface_eta"][hit], particles["surface_phi"][hit])
    track_cell = _cells(calorimeter, tracks["surface_eta"], tracks["surface_phi"])
    n_cells = int(calorimeter.n_phi.sum())
    keys = np.concatenate([particles["event"][hit] * n_cells + cell, tracks["event"] * n_cells + track_cell])
    inside = np.concatenate([cell, track_cell]) >= 0
    tower_keys, tower_of_inside = np.unique(keys[inside], return_inverse=True)
    tower_of = np.full(len(keys), -1)
    tower_of[inside] = tower_of_inside
    of_particle, of_track = np.split(tower_of, [len(cell)])

    def total(towers: Array, values: Array) -> Array:
        return np.bincount(towers[towers >= 0], values[towers >= 0], minlength=len(tower_keys))

    low, high = _edges(calorimeter, tower_keys % n_cells)
    centre = 0.5 * (low[0] + high[0])
    true_energy = total(of_particle, deposit[hit])
    energy = log_normal(true_energy, calorimeter.resolution(centre, true_energy), random)
    sigma = calorimeter.resolution(centre, energy)
    energy = np.where(
        energy < np.maximum(calorimeter.lowest_energy, LOWEST_SIGNIFICANCE * sigma), 0.0, energy
    )
    eta = random.uniform(low[0], high[0])
    phi = random.uniform(low[1], high[1])

    track_energy = total(of_track, tracks["energy"])
    track_sigma = np.sqrt(total(of_track, (tracks["resolution"] * tracks["energy"]) ** 2))
    excess = np.maximum(energy - track_energy, 0.0)
    spread = np.hypot(track_sigma, sigma)
    significant = (excess > calorimeter.lowest_energy) & (excess > LOWEST_SIGNIFICANCE * spread)
    # The mean of both measurements, weighted by precision, unless the tower has an excess over the tracks.
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = np.array([track_sigma**-2.0, sigma**-2.0])
        best = (weights * [track_energy, energy]).sum(axis=0) / weights.sum(axis=0)
        factor = np.where(significant | (track_energy == 0), 1.0, best / track_energy)
    return Towers(
        event=tower_keys // n_cells,
        eta=eta,
        phi=phi,
        energy=energy,
        excess=np.where(significant, excess, 0.0),
        track_tower=of_track,
        track_factor=factor[of_track],
    )


def _cells(calorimeter: Calorimeter, eta: Array, phi: Array) -> Array:
    """Return the index of the tower at each position; -1 beyond the calorimeter."""
    ring = np.searchsorted(calorimeter.eta_edges, eta, side="left") - 1
    inside = (ring >= 0) & (ring < len(calorimeter.n_phi))
    ring = np.where(inside, ring, 0)
    n_phi = calorimeter.n_phi[ring]
    slot = np.floor((phi + np.pi) / (2 * np.pi) * n_phi).astype(np.int64) % n_phi
    first = np.cumsum(calorimeter.n_phi) - calorimeter.n_phi
    return np.where(inside, first[ring] + slot, -1)


def _edges(calorimeter: Calorimeter, cell: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return the lower and upper edges of towers in eta and phi."""
    ends = np.cumsum(calorimeter.n_phi)
    ring = np.searchsorted(ends, cell, side="right")
    n_phi = calorimeter.n_phi[ring]
    slot = cell - (ends[ring] - n_phi)
    width = 2 * np.pi / n_phi
    low_phi = -np.pi + slot * width
    return (calorimeter.eta_edges[ring], low_phi), (calorimeter.eta_edges[ring + 1], low_phi + width)
