"""A parametrised ATLAS detector, which turns stable particles into reconstructed objects.

Parameters and order of the steps are those of the ATLAS card of Delphes 3.5.0. The field bends charged
particles on their way to the calorimeters; tracks are lost and smeared; towers are filled and smeared; and
electrons, muons, photons, jets and missing momentum are built from tracks and towers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import awkward as ak
import fastjet
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .calorimeter import ECAL, HCAL, Towers, fill_towers
from .particles import ELECTRON, MUON
from .smearing import by_region, kept
from .tracking import calorimeter_entry, measure_tracks

Array = NDArray[Any]
#: Objects of many events as flat arrays: ``event``, ``pt`` [GeV], ``eta``, ``phi``, ...
Columns = dict[str, Array]

ISOLATION_CONE = 0.5
LOWEST_ISOLATION_PT = 0.5  # GeV, of objects that count in the cone
JETS = fastjet.JetDefinition(fastjet.antikt_algorithm, 0.6)
LOWEST_PT = 3e-5  # GeV; below, a particle flies along the beam
LOWEST_JET_PT = 20.0  # GeV, before the energy scale
FLAVOUR_CONE = 0.5
LARGEST_FLAVOUR_ETA, LOWEST_FLAVOUR_PT = 2.5, 1.0
#: Leaves of each collection by their names in Delphes' output, with the columns that fill them.
LEAVES: Mapping[str, Mapping[str, str]] = {
    "Electron": {"PT": "pt", "Eta": "eta", "Phi": "phi", "Charge": "charge", "IsolationVar": "isolation"},
    "Muon": {"PT": "pt", "Eta": "eta", "Phi": "phi", "Charge": "charge", "IsolationVar": "isolation"},
    "Photon": {"PT": "pt", "Eta": "eta", "Phi": "phi", "E": "energy", "IsolationVar": "isolation"},
    "Jet": {"PT": "pt", "Eta": "eta", "Phi": "phi", "Mass": "mass", "Flavor": "flavour", "BTag": "b_tag"},
    "MissingET": {"MET": "pt", "Eta": "eta", "Phi": "phi"},
    "ScalarHT": {"HT": "pt"},
}
_TYPES = {"Charge": np.int32, "BTag": np.uint32, "Flavor": np.uint32}


def simulate_response(events: ak.Array, random: Generator) -> dict[str, ak.Array]:
    """Return the reconstructed objects of events.

    Parameters
    ----------
    events : ak.Array
        As :func:`scripts.physics.generation.stable_particles` returns them.
    random : Generator

    Returns
    -------
    dict of ak.Array
        The collections of :data:`LEAVES`, each with a list of records for each event, by decreasing pT.
    """
    n_events = len(events)
    particles = _particles(events)
    tracks = _tracks(particles, random)
    muons = _chosen(tracks, tracks["code"] == MUON)
    electrons = _chosen(tracks, tracks["code"] == ELECTRON)
    hadrons = _chosen(tracks, (tracks["code"] != ELECTRON) & (tracks["code"] != MUON))
    ecal = fill_towers(ECAL, particles, electrons, random)
    hcal = fill_towers(HCAL, particles, hadrons, random)

    # Energy flow: tracks, corrected by their towers, and the energy of the towers beyond the tracks.
    electrons = {**electrons, "pt": electrons["pt"] * ecal.track_factor, "tower": ecal.track_tower}
    hadrons = {**hadrons, "pt": hadrons["pt"] * hcal.track_factor}
    photons, neutral_hadrons = _excess(ecal), _excess(hcal)
    flow = _joined(hadrons, photons, neutral_hadrons)
    flow = _chosen(flow, flow["pt"] > LOWEST_ISOLATION_PT)

    # Photons are part of the energy flow in their own cone; electrons and muons are not in the energy flow.
    photons = _identified(photons, 2.5, 0.12, flow, random, in_cone=True)
    electrons = _identified(electrons, 2.5, 0.12, flow, random)
    good_muons = _identified({**muons, "number": np.arange(len(muons["pt"]))}, 2.7, 0.25, flow, random)
    # Photons are removed from the electrons, and both from the jets.
    electrons = _chosen(electrons, ~np.isin(electrons["tower"], photons["tower"]))

    constituents = _joined(_tower_momenta(ecal), _tower_momenta(hcal), muons)
    n_ecal, n_hcal = len(ecal.energy), len(hcal.energy)
    taken = np.zeros(len(constituents["pt"]), dtype=bool)
    taken[np.concatenate([photons["tower"], electrons["tower"]])] = True
    taken[n_ecal + n_hcal + good_muons["number"]] = True
    jets = _jets(constituents, taken, events, n_events, random)
    missing = _missing_momentum(constituents, n_events)
    objects = {
        "Electron": electrons,
        "Muon": good_muons,
        "Photon": photons,
        "Jet": jets,
        "MissingET": missing,
        "ScalarHT": _scalar_sum(_joined(electrons, good_muons, photons, jets), n_events),
    }
    return {name: _records(columns, LEAVES[name], n_events) for name, columns in objects.items()}


def _particles(events: ak.Array) -> Columns:
    """Return all stable particles as flat columns, with the position where they enter the calorimeters."""
    counts = ak.num(events.particles.pid).to_numpy()
    flat = {name: ak.flatten(events.particles[name]).to_numpy() for name in events.particles.fields}
    flat = {
        name: values.astype(float) if values.dtype.kind == "f" else values for name, values in flat.items()
    }
    pt = np.hypot(flat["px"], flat["py"])
    columns = {
        "event": np.repeat(np.arange(len(events)), counts),
        "code": np.abs(flat["pid"]),
        "charge": flat["charge"].astype(np.int32),
        "energy": flat["energy"],
        "pt": pt,
    }
    moving = pt > LOWEST_PT
    columns, flat = _chosen(columns, moving), _chosen(flat, moving)
    momentum = (flat["px"], flat["py"], flat["pz"])
    vertex = (flat["x"] / 1000, flat["y"] / 1000, flat["z"] / 1000)  # from mm
    surface_eta, surface_phi, inside = calorimeter_entry(columns["charge"], momentum, vertex)
    columns |= {"surface_eta": surface_eta, "surface_phi": surface_phi}
    columns |= {"eta": np.arcsinh(flat["pz"] / columns["pt"]), "phi": np.arctan2(flat["py"], flat["px"])}
    return _chosen(columns, inside)


def _tracks(particles: Columns, random: Generator) -> Columns:
    found, measured = measure_tracks(particles, random)
    true = _chosen(particles, found)
    # Direction and mass do not change.
    stretch = np.cosh(true["eta"])
    mass2 = np.maximum(true["energy"] ** 2 - (true["pt"] * stretch) ** 2, 0.0)
    return {**true, **measured, "energy": np.sqrt((measured["pt"] * stretch) ** 2 + mass2)}


def _excess(towers: Towers) -> Columns:
    """Return the neutral energy flow of a calorimeter."""
    columns = {
        "event": towers.event,
        "pt": towers.excess / np.cosh(towers.eta),
        "eta": towers.eta,
        "surface_eta": towers.eta,
        "phi": towers.phi,
        "energy": towers.excess,
        "tower": np.arange(len(towers.event)),
    }
    return _chosen(columns, towers.excess > 0)


def _tower_momenta(towers: Towers) -> Columns:
    return {
        "event": towers.event,
        "pt": towers.energy / np.cosh(towers.eta),
        "eta": towers.eta,
        "phi": towers.phi,
        "energy": towers.energy,
    }


def _identified(
    candidates: Columns,
    largest_eta: float,
    largest_isolation: float,
    flow: Columns,
    random: Generator,
    in_cone: bool = False,
) -> Columns:
    """Return the identified and isolated candidates, with their ``isolation``.

    ``in_cone`` says whether the candidates themselves are part of the energy flow.
    """
    in_reach = by_region(candidates["surface_eta"], (1.5, largest_eta), (0.95, 0.85))
    candidates = _chosen(candidates, kept((candidates["pt"] > 10) * in_reach, random))
    pt = candidates["pt"]
    cone = _cone_sum(candidates, flow, flow["pt"], ISOLATION_CONE)
    isolation = (cone - (pt if in_cone else 0.0)) / pt
    candidates = {**candidates, "isolation": np.maximum(isolation, 0.0)}
    return _chosen(candidates, isolation <= largest_isolation)


def _cone_sum(centres: Columns, objects: Columns, values: Array, radius: float) -> Array:
    """Return, for each centre, the sum of values of objects of its event within a distance."""
    order = np.argsort(objects["event"], kind="stable")
    first = np.searchsorted(objects["event"][order], centres["event"], side="left")
    counts = np.searchsorted(objects["event"][order], centres["event"], side="right") - first
    centre = np.repeat(np.arange(len(counts)), counts)
    position = np.arange(len(centre)) - np.repeat(np.cumsum(counts) - counts, counts)
    other = order[np.repeat(first, counts) + position]
    delta_eta = centres["eta"][centre] - objects["eta"][other]
    delta_phi = np.remainder(centres["phi"][centre] - objects["phi"][other] + np.pi, 2 * np.pi) - np.pi
    near = np.hypot(delta_eta, delta_phi) <= radius
    return np.bincount(centre[near], values[other[near]], minlength=len(counts))


def _jets(constituents: Columns, taken: Array, events: ak.Array, n_events: int, random: Generator) -> Columns:
    """Return jets made without the taken constituents, at the jet energy scale, with b tags."""
    seen = np.flatnonzero(constituents["pt"] > 0)
    seen = seen[np.argsort(constituents["event"][seen], kind="stable")]
    chosen = _chosen(constituents, seen)
    counts = np.bincount(chosen["event"], minlength=n_events)
    momenta = ak.zip(
        {
            "px": chosen["pt"] * np.cos(chosen["phi"]),
            "py": chosen["pt"] * np.sin(chosen["phi"]),
            "pz": chosen["pt"] * np.sinh(chosen["eta"]),
            "E": chosen["energy"],
        },
        with_name="Momentum4D",
    )
    clusters = fastjet.ClusterSequence(ak.unflatten(momenta, counts), JETS)
    found = clusters.inclusive_jets(min_pt=LOWEST_JET_PT)
    n_jets = ak.num(found).to_numpy()
    event = np.repeat(np.arange(n_events), n_jets)
    members = ak.flatten(clusters.constituent_index(min_pt=LOWEST_JET_PT), axis=1)
    n_members = ak.num(members).to_numpy()
    of_jet = np.repeat(np.arange(len(event)), n_members)
    first = np.cumsum(counts) - counts
    member = ak.flatten(members).to_numpy() + first[event[of_jet]]
    free = np.bincount(of_jet, taken[seen[member]], minlength=len(event)) == 0

    px, py, pz, energy = (ak.flatten(found[name]).to_numpy() for name in ("px", "py", "pz", "E"))
    pt = np.hypot(px, py)
    eta = np.arcsinh(pz / pt)
    scale = np.sqrt((3.0 - 0.2 * np.abs(eta)) ** 2 / pt + 1.0)
    mass = np.sqrt(np.maximum(energy**2 - pt**2 - pz**2, 0.0))
    jets = {"event": event, "pt": scale * pt, "eta": eta, "phi": np.arctan2(py, px), "mass": scale * mass}
    jets = _chosen(jets, free)
    jets["flavour"] = _flavour(jets, events)
    jets["b_tag"] = kept(_b_tag_efficiency(jets["pt"], jets["flavour"]), random)
    return jets


def _flavour(jets: Columns, events: ak.Array) -> Array:
    """Return 5 if a b quark lies in the cone of a jet, else 4 if a c quark does, else 0."""
    quarks = {name: ak.flatten(events.heavy_quarks[name]).to_numpy() for name in events.heavy_quarks.fields}
    pt = np.hypot(quarks["px"], quarks["py"])
    hard = pt > LOWEST_FLAVOUR_PT
    columns = {
        "event": np.repeat(np.arange(len(events)), ak.num(events.heavy_quarks.pid).to_numpy())[hard],
        "code": np.abs(quarks["pid"])[hard],
        "eta": np.arcsinh(quarks["pz"][hard] / pt[hard]),
        "phi": np.arctan2(quarks["py"], quarks["px"])[hard],
    }
    columns = _chosen(columns, np.abs(columns["eta"]) < LARGEST_FLAVOUR_ETA)
    flavour = np.zeros(len(jets["pt"]), dtype=np.int64)
    for code in (4, 5):  # the heavier quark comes last and overwrites the lighter one
        of_code = _chosen(columns, columns["code"] == code)
        flavour[_cone_sum(jets, of_code, np.ones(len(of_code["code"])), FLAVOUR_CONE) > 0] = code
    return flavour


def _b_tag_efficiency(pt: Array, flavour: Array) -> Array:
    bottom = 0.80 * np.tanh(0.003 * pt) * 30 / (1 + 0.086 * pt)
    charm = 0.20 * np.tanh(0.02 * pt) / (1 + 0.0034 * pt)
    return np.select([flavour == 5, flavour == 4], [bottom, charm], 0.002 + 7.3e-6 * pt)


def _missing_momentum(visible: Columns, n_events: int) -> Columns:
    x, y = (
        -np.bincount(visible["event"], visible["pt"] * of_phi(visible["phi"]), minlength=n_events)
        for of_phi in (np.cos, np.sin)
    )
    z = -np.bincount(visible["event"], visible["pt"] * np.sinh(visible["eta"]), minlength=n_events)
    pt = np.hypot(x, y)
    eta = np.arcsinh(np.divide(z, pt, out=np.zeros(n_events), where=pt > 0))
    return {"event": np.arange(n_events), "pt": pt, "eta": eta, "phi": np.arctan2(y, x)}


def _scalar_sum(objects: Columns, n_events: int) -> Columns:
    return {
        "event": np.arange(n_events),
        "pt": np.bincount(objects["event"], objects["pt"], minlength=n_events),
    }


def _chosen(columns: Columns, which: Array) -> Columns:
    return {name: values[which] for name, values in columns.items()}


def _joined(*collections: Columns) -> Columns:
    """Join collections, with the columns that all of them have."""
    common = [name for name in collections[0] if all(name in other for other in collections)]
    return {name: np.concatenate([collection[name] for collection in collections]) for name in common}


def _records(columns: Columns, leaves: Mapping[str, str], n_events: int) -> ak.Array:
    order = np.lexsort((-columns["pt"], columns["event"]))
    counts = np.bincount(columns["event"], minlength=n_events)
    fields = {
        leaf: columns[name][order].astype(_TYPES.get(leaf, np.float32)) for leaf, name in leaves.items()
    }
    return ak.unflatten(ak.zip(fields), counts)
