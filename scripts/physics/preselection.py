"""The preselection of dilepton events, its cutflow, and the features of the events that pass."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import vector
from numpy.typing import NDArray

from .delphes import CHUNK_SIZE, Chunk, Collection, iterate_chunks
from .features import DELPHES_FEATURES, DileptonEvents

Mask = NDArray[np.bool_]

LEPTONS = ("Electron", "Muon")
#: Bit of ``Jet.BTag`` for the first b-tagging module of a card.
B_TAG_BIT = 1


def needed_branches(selection: dict[str, Any]) -> list[str]:
    """Return the branches that the preselection and the features need."""
    leptons, jets = selection["leptons"], selection["jets"]
    needed = {f"{name}.{leaf}": True for name in LEPTONS for leaf in ("PT", "Eta", "Phi", "Charge")}
    needed |= {
        "Electron.IsolationVar": leptons["electron_isolation"] is not None,
        "Muon.IsolationVar": leptons["muon_isolation"] is not None,
        "Jet.PT": True,
        "Jet.Eta": jets["eta"] is not None,
        "Jet.Phi": selection["min_dphi_jet_met"] is not None,
        "Jet.BTag": selection["b_veto_pt"] is not None,
        "MissingET.MET": True,
        "MissingET.Phi": True,
    }
    return [branch for branch, is_needed in needed.items() if is_needed]


def select_events(chunk: Chunk, selection: dict[str, Any]) -> tuple[DileptonEvents, dict[str, int]]:
    """Apply the preselection.

    Parameters
    ----------
    chunk : Chunk
        With the branches of :func:`needed_branches`.
    selection : dict
        ``source.selection`` of a study; workflow/schemas/config.schema.json says what each key means.

    Returns
    -------
    tuple of DileptonEvents and dict
        The events that pass, and the number of events after each step, in order.
    """
    is_lepton = {name: _are_leptons(chunk[name], name, selection["leptons"]) for name in LEPTONS}
    n_leptons = np.zeros(chunk.n_events, dtype=np.intp)
    for name, mask in is_lepton.items():
        n_leptons += np.bincount(chunk[name].event[mask], minlength=chunk.n_events)
    # From here on only events with exactly two leptons are used; they are numbered as rows.
    has_two = n_leptons == 2
    n_rows = int(has_two.sum())
    row = np.where(has_two, np.cumsum(has_two) - 1, -1)
    first, second = _pairs([_in_rows(chunk[name], row, mask) for name, mask in is_lepton.items()])
    jets = _in_rows(chunk["Jet"], row, _are_jets(chunk["Jet"], selection["jets"]))
    met = _missing_momentum(
        _in_rows(chunk["MissingET"], row),
        None if selection["muons_in_met"] else _in_rows(chunk["Muon"], row),
        n_rows,
    )
    jets_pt = jets["PT"].astype(float)
    jet1_pt = np.zeros(n_rows)
    np.maximum.at(jet1_pt, jets.event, jets_pt)

    steps: dict[str, Mask] = {}
    if selection["opposite_charge"]:
        steps["opposite charge"] = first["Charge"] * second["Charge"] < 0
    if selection["same_flavour"]:
        steps["same flavour"] = first["flavour"] == second["flavour"]
    steps[_describe_leading_jet(selection)] = jet1_pt > selection["leading_jet_pt"]
    steps[f"MET > {selection['met']:g} GeV"] = met.pt > selection["met"]
    if selection["b_veto_pt"] is not None:
        vetoing = ((jets["BTag"] & B_TAG_BIT) != 0) & (jets_pt > selection["b_veto_pt"])
        steps[f"no b-jet, pT > {selection['b_veto_pt']:g} GeV"] = (
            np.bincount(jets.event[vetoing], minlength=n_rows) == 0
        )
    if selection["min_dphi_jet_met"] is not None:
        directions = vector.array({"pt": jets_pt, "phi": jets["Phi"].astype(float)})
        near = np.abs(directions.deltaphi(met[jets.event])) < selection["min_dphi_jet_met"]
        steps[f"all jets at least {selection['min_dphi_jet_met']:g} rad from MET"] = (
            np.bincount(jets.event[near], minlength=n_rows) == 0
        )

    counts = {"all events": chunk.n_events, _describe_leptons(selection["leptons"]): n_rows}
    kept = np.ones(n_rows, dtype=bool)
    for name, passed in steps.items():
        kept &= passed
        counts[name] = int(kept.sum())
    selected = DileptonEvents(
        l1=_massless(first, kept),
        l2=_massless(second, kept),
        met=met[kept],
        jet1_pt=jet1_pt[kept],
        ht=np.bincount(jets.event, jets_pt, n_rows)[kept].astype(float),
        n_jets=np.bincount(jets.event, minlength=n_rows)[kept].astype(float),
    )
    return selected, counts


def read_features(
    path: Path, selection: dict[str, Any], features: Sequence[str], chunk_size: int = CHUNK_SIZE
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Read the features of the selected events of one Delphes file.

    Parameters
    ----------
    path : Path
        A Delphes ROOT file.
    selection : dict
        As in :func:`select_events`.
    features : sequence of str
        Names in :data:`scripts.physics.features.DELPHES_FEATURES`.
    chunk_size : int
        Events read at once.

    Returns
    -------
    tuple of DataFrame and dict
        One column for each feature and one row for each selected event; and the number of events after each
        step.

    Raises
    ------
    FileNotFoundError, ValueError
        As :func:`scripts.physics.delphes.iterate_chunks` does.
    """
    branches = needed_branches(selection)
    # Starts with an empty chunk, so that a file without events still gives all columns and steps.
    selected, cutflow = select_events(_empty_chunk(branches), selection)
    parts = [_tabulate(selected, features)]
    for chunk in iterate_chunks(path, branches, chunk_size):
        selected, counts = select_events(chunk, selection)
        parts.append(_tabulate(selected, features))
        cutflow = {step: cutflow[step] + count for step, count in counts.items()}
    return pd.concat(parts, ignore_index=True), cutflow


def _tabulate(events: DileptonEvents, features: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({name: DELPHES_FEATURES[name](events) for name in features})


def _empty_chunk(branches: Sequence[str]) -> Chunk:
    collections: dict[str, Collection] = {}
    for branch in branches:
        name, leaf = branch.split(".")
        collection = collections.setdefault(name, Collection(np.empty(0, dtype=np.intp), {}))
        collection.leaves[leaf] = np.empty(0, dtype=np.int32 if leaf in ("Charge", "BTag") else np.float32)
    return Chunk(0, collections)


def _are_leptons(leptons: Collection, name: str, settings: dict[str, Any]) -> Mask:
    kept: Mask = leptons["PT"] > settings["pt"]
    eta, isolation = settings[f"{name.lower()}_eta"], settings[f"{name.lower()}_isolation"]
    if eta is not None:
        kept &= np.abs(leptons["Eta"]) <= eta
    if isolation is not None:
        # A card without an isolation module writes -999, which passes.
        kept &= leptons["IsolationVar"] <= isolation
    return kept


def _are_jets(jets: Collection, settings: dict[str, Any]) -> Mask:
    kept: Mask = jets["PT"] > settings["pt"]
    if settings["eta"] is not None:
        kept &= np.abs(jets["Eta"]) <= settings["eta"]
    return kept


def _in_rows(collection: Collection, row: NDArray[np.intp], mask: Mask | None = None) -> Collection:
    """Return the objects (of a mask) in events that have a row, with the row as their event index."""
    rows = row[collection.event]
    in_row = rows >= 0
    kept = np.flatnonzero(in_row if mask is None else in_row & mask)
    return Collection(rows[kept], {leaf: values[kept] for leaf, values in collection.leaves.items()})


def _pairs(collections: Sequence[Collection]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the leaves of the leading and of the second lepton of each row, each of shape (n_rows,)."""
    leaves = {
        leaf: np.concatenate([collection[leaf] for collection in collections])
        for leaf in ("PT", "Eta", "Phi", "Charge")
    }
    sizes = [len(collection.event) for collection in collections]
    leaves["flavour"] = np.repeat(np.arange(len(collections)), sizes)
    row = np.concatenate([collection.event for collection in collections])
    one, other = np.argsort(row, kind="stable").reshape(-1, 2).T
    falling = leaves["PT"][one] >= leaves["PT"][other]
    first, second = np.where(falling, one, other), np.where(falling, other, one)
    return (
        {leaf: values[first] for leaf, values in leaves.items()},
        {leaf: values[second] for leaf, values in leaves.items()},
    )


def _missing_momentum(missing: Collection, muons: Collection | None, n_rows: int) -> vector.MomentumNumpy2D:
    """Return MET, 0 in events without an entry, minus the momenta of muons if it does not include them."""
    pt, phi = np.zeros(n_rows), np.zeros(n_rows)
    pt[missing.event], phi[missing.event] = missing["MET"], missing["Phi"]
    met = vector.array({"pt": pt, "phi": phi})
    if muons is None:
        return met
    of_muons = vector.array({"pt": muons["PT"].astype(float), "phi": muons["Phi"].astype(float)})
    return vector.array(
        {
            axis: getattr(met, axis)
            - np.bincount(muons.event, weights=getattr(of_muons, axis), minlength=n_rows)
            for axis in ("px", "py")
        }
    )


def _massless(lepton: dict[str, Any], kept: Mask) -> vector.MomentumNumpy4D:
    components = {name: lepton[leaf][kept].astype(float) for name, leaf in (("pt", "PT"), ("eta", "Eta"))}
    phi = lepton["Phi"][kept].astype(float)
    return vector.array({**components, "phi": phi, "mass": np.zeros(len(phi))})


def _describe_leptons(settings: dict[str, Any]) -> str:
    limits = [f"exactly two leptons, pT > {settings['pt']:g} GeV"]
    for key, text in (("eta", "abs(eta)"), ("isolation", "isolation")):
        for name in ("electron", "muon"):
            if settings[f"{name}_{key}"] is not None:
                limits.append(f"{name} {text} <= {settings[f'{name}_{key}']:g}")
    return ", ".join(limits)


def _describe_leading_jet(selection: dict[str, Any]) -> str:
    eta = selection["jets"]["eta"]
    inside = "" if eta is None else f", abs(eta) <= {eta:g}"
    return f"leading jet pT > {selection['leading_jet_pt']:g} GeV{inside}"
