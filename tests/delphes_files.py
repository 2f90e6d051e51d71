"""Small files like those of Delphes, but with flat leaves, and settings to read them with."""

from pathlib import Path

import awkward as ak
import numpy as np
import uproot

from scripts.physics.delphes import make_tree

SELECTION = {
    "leptons": {
        "pt": 10.0,
        "electron_eta": None,
        "muon_eta": None,
        "electron_isolation": None,
        "muon_isolation": None,
    },
    "jets": {"pt": 20.0, "eta": None},
    "opposite_charge": True,
    "same_flavour": True,
    "leading_jet_pt": 100.0,
    "met": 200.0,
    "b_veto_pt": None,
    "min_dphi_jet_met": None,
    "muons_in_met": True,
}
#: The leaves of each collection in the order of the tuples in an event.
LEAVES = {
    "Electron": ("PT", "Eta", "Phi", "Charge", "IsolationVar"),
    "Muon": ("PT", "Eta", "Phi", "Charge", "IsolationVar"),
    "Jet": ("PT", "Eta", "Phi", "BTag"),
    "MissingET": ("MET", "Phi"),
}
TYPES = {"Charge": np.int32, "BTag": np.uint32}
PAIR = [(50, 0.1, 0.2, 1, 0.05), (30, -0.4, 2.0, -1, 0.2)]
JETS = [(150, 0.5, -1.0, 0), (90, -3.0, 0.3, 0), (25, 0.0, 2.9, 1)]
MET = [(250, 3.0)]


def event(*, electrons=(), muons=(), jets=JETS, met=MET) -> dict[str, list[tuple]]:
    """Return one event; pT in GeV, angles in rad."""
    return {"Electron": list(electrons), "Muon": list(muons), "Jet": list(jets), "MissingET": list(met)}


# The first passes SELECTION, as the last does; each of the others fails in one way.
EVENTS = [
    event(electrons=PAIR),
    event(),  # no lepton
    event(electrons=PAIR, jets=[]),
    event(electrons=PAIR, met=[]),
    event(electrons=PAIR[:1], muons=PAIR[1:]),
    event(muons=[PAIR[0], (*PAIR[1][:3], 1, 0.2)]),  # equal charges
    event(muons=[(40, 0.1, 3.0, 1, 0.0), (30, 0.0, 3.0, -1, 0.0)], met=[(240, 3.0)]),
]


def write_delphes(
    path: Path,
    events: list[dict],
    drop: tuple[str, ...] = (),
    tree: str = "Delphes",
    weights: list[float] | None = None,
) -> Path:
    """Write events, without the branches to drop; with weights if there are some."""
    columns = {}
    if weights is not None:
        values = ak.unflatten(np.array(weights, dtype=np.float32), np.ones(len(weights), dtype=int))
        columns["Event"] = ak.zip({"Weight": values})
    for name, leaves in LEAVES.items():
        counts = np.array([len(one[name]) for one in events], dtype=int)
        objects = [values for one in events for values in one[name]]
        arrays = {
            leaf: ak.unflatten(
                np.array([values[i] for values in objects], dtype=TYPES.get(leaf, np.float32)), counts
            )
            for i, leaf in enumerate(leaves)
            if f"{name}.{leaf}" not in drop
        }
        if arrays:
            columns[name] = ak.zip(arrays)
    with uproot.recreate(path) as root_file:
        make_tree(root_file, columns, tree)
        if events:
            root_file[tree].extend(columns)
    return path


def truncate(path: Path, fraction: float = 0.5) -> Path:
    """Cut a file short."""
    content = path.read_bytes()
    path.write_bytes(content[: int(fraction * len(content))])
    return path
