"""The preselection of dilepton events, its cutflow, and the features of the events that pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import vector
from numpy.typing import NDArray

from .delphes import CHUNK_SIZE, TREE, Chunk, Collection, iterate_chunks
from .event_weights import WEIGHT_BRANCH, WeightSums, sums_after_steps, weights_of
from .features import DELPHES_FEATURES, DileptonEvents

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Objects:
    """Objects of one kind in selected events.

    Attributes
    ----------
    row : ndarray of int, shape (n_objects,)
        Index of the selected event of each object, in increasing order.
    leaves : dict of ndarray, each of shape (n_objects,)
    """

    row: NDArray[np.intp]
    leaves: dict[str, NDArray[Any]]

    def __getitem__(self, leaf: str) -> NDArray[Any]:
        """Return one leaf."""
        return self.leaves[leaf]

    def kept(self, mask: Mask) -> Objects:
        """Return the objects of a mask."""
        return Objects(self.row[mask], {leaf: values[mask] for leaf, values in self.leaves.items()})


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


def select_events(
    chunk: Chunk, selection: dict[str, Any]
) -> tuple[DileptonEvents, dict[str, NDArray[np.intp]]]:
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
        The events that pass, and the positions of the events left after each step, in order.
    """
    is_lepton = {name: _are_leptons(chunk[name], name, selection["leptons"]) for name in LEPTONS}
    n_leptons = sum(_counts(chunk[name], mask) for name, mask in is_lepton.items())
    events = np.flatnonzero(n_leptons == 2)
    leptons = _leptons(chunk)
    first, second = _pairs(
        [_places(chunk[name], events, mask) for name, mask in is_lepton.items()],
        [len(mask) for mask in is_lepton.values()],
        leptons["PT"],
    )
    left = {"all events": np.arange(chunk.n_events), _describe_leptons(selection["leptons"]): events}
    kept = np.ones(len(events), dtype=bool)
    if selection["opposite_charge"]:
        kept &= leptons["Charge"][first] * leptons["Charge"][second] < 0
        left["opposite charge"] = events[kept]
    if selection["same_flavour"]:
        kept &= leptons["flavour"][first] == leptons["flavour"][second]
        left["same flavour"] = events[kept]

    # From here on only the events of these pairs are used; they are numbered as rows.
    pairs = np.flatnonzero(kept)
    events, n_rows = events[pairs], len(pairs)
    jets = _in_rows(chunk["Jet"], events)
    jets = jets.kept(_are_jets(jets, selection["jets"]))
    met = _missing_momentum(
        _in_rows(chunk["MissingET"], events),
        None if selection["muons_in_met"] else _in_rows(chunk["Muon"], events),
        n_rows,
    )
    jets_pt = jets["PT"].astype(float)
    jet1_pt = np.zeros(n_rows)
    np.maximum.at(jet1_pt, jets.row, jets_pt)

    steps: dict[str, Mask] = {}
    steps[_describe_leading_jet(selection)] = jet1_pt > selection["leading_jet_pt"]
    steps[f"MET > {selection['met']:g} GeV"] = met.pt > selection["met"]
    if selection["b_veto_pt"] is not None:
        vetoing = ((jets["BTag"] & B_TAG_BIT) != 0) & (jets_pt > selection["b_veto_pt"])
        steps[f"no b-jet, pT > {selection['b_veto_pt']:g} GeV"] = (
            np.bincount(jets.row[vetoing], minlength=n_rows) == 0
        )
    if selection["min_dphi_jet_met"] is not None:
        directions = vector.array({"pt": jets_pt, "phi": jets["Phi"].astype(float)})
        near = np.abs(directions.deltaphi(met[jets.row])) < selection["min_dphi_jet_met"]
        steps[f"all jets at least {selection['min_dphi_jet_met']:g} rad from MET"] = (
            np.bincount(jets.row[near], minlength=n_rows) == 0
        )
    kept = np.ones(n_rows, dtype=bool)
    for name, passed in steps.items():
        kept &= passed
        left[name] = events[kept]
    selected = DileptonEvents(
        l1=_massless(leptons, first[pairs[kept]]),
        l2=_massless(leptons, second[pairs[kept]]),
        met=met[kept],
        jet1_pt=jet1_pt[kept],
        ht=np.bincount(jets.row, jets_pt, n_rows)[kept].astype(float),
        n_jets=np.bincount(jets.row, minlength=n_rows)[kept].astype(float),
    )
    return selected, left


@dataclass(frozen=True)
class SelectedFile:
    """The selected events of one Delphes file.

    Attributes
    ----------
    features : DataFrame
        One column for each feature and one row for each selected event.
    numbers : ndarray of int, shape (n_selected,)
        Position of each in the file, from 0.
    counts : dict of int
        Number of events after each step.
    weights : ndarray, shape (n_selected,), optional
        Weights of the selected events; None for a file without weights.
    sums : dict of WeightSums
        Sums of weights after each step; empty for a file without weights.
    """

    features: pd.DataFrame
    numbers: NDArray[np.intp]
    counts: dict[str, int]
    weights: NDArray[np.float64] | None
    sums: dict[str, WeightSums]


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
    file = read_file(path, selection, features, chunk_size)
    return file.features, file.counts


def read_file(
    path: Path | str,
    selection: dict[str, Any],
    features: Sequence[str],
    chunk_size: int = CHUNK_SIZE,
    tree: str = TREE,
) -> SelectedFile:
    """Read the selected events of a tree of one file; else as :func:`read_features`."""
    branches = needed_branches(selection)
    # Starts with an empty chunk, so that a file without events still gives all columns and steps.
    selected, left = select_events(_empty_chunk(branches), selection)
    parts, counts, numbers = [_values(selected, features)], dict.fromkeys(left, 0), [np.arange(0)]
    sums: dict[str, WeightSums] = {}
    weights: list[NDArray[np.float64]] = []
    n_read = 0
    for chunk in iterate_chunks(path, branches, chunk_size, [WEIGHT_BRANCH], tree):
        selected, left = select_events(chunk, selection)
        parts.append(_values(selected, features))
        counts = {step: counts[step] + len(events) for step, events in left.items()}
        *_, kept = left.values()
        numbers.append(n_read + kept)
        n_read += chunk.n_events
        of_events = weights_of(chunk, path)
        if of_events is not None:
            weights.append(of_events[kept])
            of_chunk = sums_after_steps(of_events, left)
            sums = {step: sums.get(step, WeightSums()) + total for step, total in of_chunk.items()}
    columns = {name: np.concatenate([part[name] for part in parts]) for name in features}
    return SelectedFile(
        pd.DataFrame(columns),
        np.concatenate(numbers),
        counts,
        np.concatenate(weights) if weights else None,
        sums,
    )


def _values(events: DileptonEvents, features: Sequence[str]) -> dict[str, NDArray[np.floating]]:
    return {name: DELPHES_FEATURES[name](events) for name in features}


def _empty_chunk(branches: Sequence[str]) -> Chunk:
    collections: dict[str, Collection] = {}
    for branch in branches:
        name, leaf = branch.split(".")
        collection = collections.setdefault(name, Collection(np.zeros(1, dtype=np.int64), {}))
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


def _are_jets(jets: Objects, settings: dict[str, Any]) -> Mask:
    kept: Mask = jets["PT"] > settings["pt"]
    if settings["eta"] is not None:
        kept &= np.abs(jets["Eta"]) <= settings["eta"]
    return kept


def _counts(collection: Collection, mask: Mask) -> NDArray[np.intp]:
    """Return the number of objects of a mask in each event."""
    counts = np.diff(collection.bounds)
    others = np.flatnonzero(~mask)
    # Most are of the mask, so the others are counted.
    np.subtract.at(counts, np.searchsorted(collection.bounds, others, side="right") - 1, 1)
    return counts


def _places(
    collection: Collection, events: NDArray[np.intp], mask: Mask | None = None
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the objects (of a mask) in some events: their index in ``events``, and in the collection."""
    starts = collection.bounds[events]
    counts = collection.bounds[events + 1] - starts
    row = np.repeat(np.arange(len(events)), counts)
    # Objects of an event are neighbours: where they start in the file, less where they start among these.
    at = np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(len(row))
    if mask is not None:
        kept = mask[at]
        row, at = row[kept], at[kept]
    return row, at


def _in_rows(collection: Collection, events: NDArray[np.intp]) -> Objects:
    """Return the objects in some events, with the index in ``events`` as their row."""
    row, at = _places(collection, events)
    return Objects(row, {leaf: values[at] for leaf, values in collection.leaves.items()})


def _leptons(chunk: Chunk) -> dict[str, NDArray[Any]]:
    """Return the leaves of all leptons of a chunk, and their flavour: the number of their collection."""
    leptons = {
        leaf: np.concatenate([chunk[name][leaf] for name in LEPTONS])
        for leaf in ("PT", "Eta", "Phi", "Charge")
    }
    return leptons | {"flavour": np.repeat([0, 1], [len(chunk[name]["PT"]) for name in LEPTONS])}


def _pairs(
    places: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]], sizes: Sequence[int], pt: NDArray[Any]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the leading and the second of two leptons an event, as positions among all leptons.

    Parameters
    ----------
    places : sequence of tuple
        Event and position of the leptons of each collection.
    sizes : sequence of int
        Number of all leptons of each collection.
    pt : ndarray
        Of all leptons, one collection after the other.
    """
    row = np.concatenate([rows for rows, _ in places])
    before = np.cumsum([0, *sizes[:-1]])
    at = np.concatenate([there + first for (_, there), first in zip(places, before, strict=True)])
    one, other = at[np.argsort(row, kind="stable")].reshape(-1, 2).T
    falling = pt[one] >= pt[other]
    return np.where(falling, one, other), np.where(falling, other, one)


def _missing_momentum(missing: Objects, muons: Objects | None, n_rows: int) -> vector.MomentumNumpy2D:
    """Return MET, 0 in events without an entry, minus the momenta of muons if it does not include them."""
    pt, phi = np.zeros(n_rows), np.zeros(n_rows)
    pt[missing.row], phi[missing.row] = missing["MET"], missing["Phi"]
    met = vector.array({"pt": pt, "phi": phi})
    if muons is None:
        return met
    of_muons = vector.array({"pt": muons["PT"].astype(float), "phi": muons["Phi"].astype(float)})
    return vector.array(
        {
            axis: getattr(met, axis)
            - np.bincount(muons.row, weights=getattr(of_muons, axis), minlength=n_rows)
            for axis in ("px", "py")
        }
    )


def _massless(leptons: dict[str, NDArray[Any]], at: NDArray[np.intp]) -> vector.MomentumNumpy4D:
    components = {name: leptons[leaf][at].astype(float) for name, leaf in (("pt", "PT"), ("eta", "Eta"))}
    phi = leptons["Phi"][at].astype(float)
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
