"""Reading Delphes ROOT files, chunk by chunk, with a dilepton preselection and its cutflow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pandas as pd
import uproot

from scripts.physics.features import DELPHES_FEATURES, DileptonEvents

TREE = "Delphes"
LEPTONS = {"Electron": 11, "Muon": 13}
# Named branches only: some others of genuine files (*.fBits) cannot be decoded.
BRANCHES = (
    *(f"{lepton}.{leaf}" for lepton in LEPTONS for leaf in ("PT", "Eta", "Phi", "Charge")),
    "Jet.PT",
    "MissingET.MET",
    "MissingET.Phi",
)
#: Events read at once: about 100 bytes each, whatever the size of the file.
CHUNK_SIZE = 100_000


def iterate_events(files: Sequence[Path], chunk_size: int = CHUNK_SIZE) -> Iterator[ak.Array]:
    """Yield the events of Delphes files, ``chunk_size`` at a time, as records of the branches.

    Raises
    ------
    ValueError
        If a file is not ROOT or cut short, or has no Delphes tree or lacks a branch; it names the file.
    """
    for path in files:
        try:
            with uproot.open(path) as root_file:
                if TREE not in root_file.keys(cycle=False):
                    raise ValueError(f"no tree {TREE}: is this the output of Delphes?")
                tree = root_file[TREE]
                # The keys of split collections are "Electron/Electron.PT".
                present = {key.rsplit("/", 1)[-1] for key in tree.keys()}  # noqa: SIM118
                missing = [branch for branch in BRANCHES if branch not in present]
                if missing:
                    raise ValueError(f"no branch {', '.join(missing)} in tree {TREE}")
                for start in range(0, tree.num_entries, chunk_size):
                    stop = min(start + chunk_size, tree.num_entries)
                    yield ak.zip(
                        {name: tree[name].array(entry_start=start, entry_stop=stop) for name in BRANCHES},
                        depth_limit=1,
                    )
        except Exception as error:
            # uproot raises many types on damaged input; the reader of the message needs the file.
            raise ValueError(f"{path}: {error or type(error).__name__}") from error


def select_events(events: ak.Array, selection: dict[str, Any]) -> tuple[DileptonEvents, dict[str, int]]:
    """Apply the preselection of a dilepton search.

    Parameters
    ----------
    events : ak.Array
        Of :func:`iterate_events`.
    selection : dict
        ``lepton_pt``, ``leading_jet_pt`` and ``met`` [GeV], ``opposite_charge``, ``same_flavour`` and
        ``muons_in_met``.

    Returns
    -------
    tuple of DileptonEvents and dict
        The events that pass, and the number left after each step, in order.
    """
    leptons = _leptons(events)
    met, met_phi = _missing_momentum(events, muons_included=selection["muons_in_met"])
    jet1_pt = ak.to_numpy(ak.fill_none(ak.max(events["Jet.PT"], axis=1), 0.0))

    leptons = leptons[leptons.pt > selection["lepton_pt"]]
    has_two = ak.to_numpy(ak.num(leptons) == 2)
    counts = {
        "all events": len(events),
        f"exactly two leptons, pT > {selection['lepton_pt']:g} GeV": int(has_two.sum()),
    }
    # From here on every event has two leptons, and all quantities are flat arrays.
    first, second = (
        {name: _column(leptons[has_two], name, nth) for name in leptons.fields} for nth in (0, 1)
    )
    jet1_pt, met, met_phi = jet1_pt[has_two].astype(float), met[has_two], met_phi[has_two]

    steps = {}
    if selection["opposite_charge"]:
        steps["opposite charge"] = first["charge"] * second["charge"] < 0
    if selection["same_flavour"]:
        steps["same flavour"] = first["flavour"] == second["flavour"]
    steps[f"leading jet pT > {selection['leading_jet_pt']:g} GeV"] = jet1_pt > selection["leading_jet_pt"]
    steps[f"MET > {selection['met']:g} GeV"] = met > selection["met"]
    kept = np.ones(len(met), dtype=bool)
    for name, passed in steps.items():
        kept &= passed
        counts[name] = int(kept.sum())

    selected = DileptonEvents(
        l1_pt=first["pt"][kept],
        l1_eta=first["eta"][kept],
        l1_phi=first["phi"][kept],
        l2_pt=second["pt"][kept],
        l2_eta=second["eta"][kept],
        l2_phi=second["phi"][kept],
        jet1_pt=jet1_pt[kept],
        met=met[kept],
        met_phi=met_phi[kept],
    )
    return selected, counts


def read_features(
    files: Sequence[Path], selection: dict[str, Any], features: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Read the features of the selected events of one class.

    Parameters
    ----------
    files : sequence of Path
        Delphes ROOT files, read in this order.
    selection : dict
        As :func:`select_events` takes it.
    features : sequence of str
        Names in :data:`scripts.physics.features.DELPHES_FEATURES`.

    Returns
    -------
    tuple of DataFrame and dict
        One column a feature, and the cutflow.

    Raises
    ------
    ValueError
        As :func:`iterate_events` does, or if the files hold no event at all.
    """
    parts: list[pd.DataFrame] = []
    cutflow: dict[str, int] = {}
    for events in iterate_events(files):
        selected, counts = select_events(events, selection)
        parts.append(pd.DataFrame({name: DELPHES_FEATURES[name](selected) for name in features}))
        cutflow = {step: cutflow.get(step, 0) + count for step, count in counts.items()}
    if not parts:
        raise ValueError(f"{', '.join(map(str, files))}: no events in the tree {TREE}")
    return pd.concat(parts, ignore_index=True), cutflow


def _leptons(events: ak.Array) -> ak.Array:
    """Return electrons and muons of each event together, by falling pT."""
    collections = [
        ak.zip(
            {
                "pt": events[f"{name}.PT"],
                "eta": events[f"{name}.Eta"],
                "phi": events[f"{name}.Phi"],
                "charge": events[f"{name}.Charge"],
                "flavour": ak.full_like(events[f"{name}.Charge"], flavour),
            }
        )
        for name, flavour in LEPTONS.items()
    ]
    leptons = ak.concatenate(collections, axis=1)
    return leptons[ak.argsort(leptons.pt, axis=1, ascending=False, stable=True)]


def _column(leptons: ak.Array, name: str, nth: int) -> Any:
    return ak.to_numpy(leptons[name][:, nth]).astype(float)


def _missing_momentum(events: ak.Array, *, muons_included: bool) -> tuple[Any, Any]:
    met = ak.to_numpy(ak.fill_none(ak.firsts(events["MissingET.MET"]), 0.0)).astype(float)
    phi = ak.to_numpy(ak.fill_none(ak.firsts(events["MissingET.Phi"]), 0.0)).astype(float)
    if muons_included:
        return met, phi
    muon_x = ak.to_numpy(ak.sum(events["Muon.PT"] * np.cos(events["Muon.Phi"]), axis=1))
    muon_y = ak.to_numpy(ak.sum(events["Muon.PT"] * np.sin(events["Muon.Phi"]), axis=1))
    x, y = met * np.cos(phi) - muon_x, met * np.sin(phi) - muon_y
    return np.hypot(x, y), np.arctan2(y, x)
