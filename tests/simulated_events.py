"""Settings to generate few events with, and events made by hand."""

from pathlib import Path

import awkward as ak
import numpy as np

from scripts.physics.generation import Table, event_array

SLEPTONS = {"process": "sleptons", "slepton_mass": 200.0, "mass_gap": 20.0}
WW = {"process": "ww"}
#: As in config/paper/susy.yaml.
FILTER = {"pair_pt": 120.0, "met": 170.0, "lepton_pt": 9.0, "lepton_eta": 2.55, "same_flavour": True}
#: Of the genuine Delphes files.
GENUINE_FILTER = {"pair_pt": 175.0, "met": 0.0, "lepton_pt": 0.0, "lepton_eta": None, "same_flavour": False}
GENERATOR = {"energy": 13000.0, "multiparton_interactions": False, "seed": 1, "jobs": 1, "filter": FILTER}
MASSES = {11: 0.000511, 13: 0.10566, 211: 0.13957, 1000022: 180.0}
CHARGES = {11: -1, 13: -1, 211: 1}

GENUINE = Path(__file__).parents[2] / "shared" / "delphes"


def particle(pid: int, pt: float, eta: float, phi: float, place=(0.0, 0.0, 0.0)) -> tuple[float, ...]:
    """One stable particle: momentum in GeV, place of production in mm."""
    mass = MASSES.get(abs(pid), 0.0)
    charge = CHARGES.get(abs(pid), 0) * np.sign(pid)
    energy = np.sqrt((pt * np.cosh(eta)) ** 2 + mass**2)
    return (pid, charge, pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), energy, *place)


def quark(pid: int, pt: float, eta: float, phi: float) -> tuple[float, ...]:
    return (pid, pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta))


def made_event(particles=(), quarks=()) -> tuple[Table, Table]:
    """One event, as stable_particles returns it."""
    types = {"pid": np.int32, "charge": np.int8}
    tables = []
    for rows, names in ((particles, "pid charge px py pz energy x y z"), (quarks, "pid px py pz")):
        columns = np.array(list(rows), dtype=float).reshape(-1, len(names.split())).T
        tables.append(
            {
                name: column.astype(types.get(name, np.float32))
                for name, column in zip(names.split(), columns, strict=True)
            }
        )
    return tables[0], tables[1]


def repeated(n: int, particles=(), quarks=()) -> ak.Array:
    """The same event many times."""
    return event_array([made_event(particles, quarks)] * n)
