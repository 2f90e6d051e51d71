"""The Delphes reader on genuine files, where they are present."""

from pathlib import Path

import numpy as np
import pytest
import uproot

from scripts.physics.preselection import read_features
from tests.delphes_files import SELECTION, truncate
from tests.physics.delphes_by_hand import (
    CARD_CUTS,
    FEATURES,
    JET_CUTS,
    stransverse_mass_by_search,
    with_leptons,
)

GENUINE = Path(__file__).parents[3] / "shared" / "delphes"
needs_genuine = pytest.mark.skipif(
    not GENUINE.is_dir(), reason="the genuine Delphes files are not beside this checkout"
)


@needs_genuine
@pytest.mark.parametrize(
    ("name", "muons_in_met", "passing"),
    [
        ("slepton_200_180_stock", True, 875),
        ("ww_stock", True, 135),
        ("slepton_200_180_mapyde", True, 932),
        ("slepton_200_180_mapyde", False, 814),
        ("ww_mapyde", True, 358),
        ("ww_mapyde", False, 132),
    ],
)
def test_genuine_counts(name, muons_in_met, passing):
    selection = SELECTION | {"muons_in_met": muons_in_met}
    table, cutflow = read_features(GENUINE / f"{name}.root", selection, FEATURES)
    assert cutflow["all events"] == 4000
    assert list(cutflow.values())[-1] == len(table) == passing


@needs_genuine
def test_genuine_file_with_every_branch():
    _, cutflow = read_features(GENUINE / "slepton_200_180_full50.root", SELECTION, FEATURES)
    assert cutflow["all events"] == 50


@needs_genuine
def test_uncomputed_isolation_passes():
    """The group's card writes -999."""
    tight = with_leptons(electron_isolation=0.0, muon_isolation=0.0)
    for name, same in (("ww_mapyde", True), ("ww_stock", False)):
        path = GENUINE / f"{name}.root"
        counts = [list(read_features(path, chosen, FEATURES)[1].values()) for chosen in (SELECTION, tight)]
        assert (counts[0] == counts[1]) == same


def read_by_hand(path: Path, selection: dict) -> dict[str, np.ndarray]:
    """The same features and steps by a plain loop over the events of a genuine file."""
    leaves = {
        **dict.fromkeys(("Electron", "Muon"), ("PT", "Eta", "Phi", "Charge", "IsolationVar")),
        "Jet": ("PT", "Eta", "Phi", "BTag"),
        "MissingET": ("MET", "Phi"),
    }
    with uproot.open(path) as root_file:
        tree = root_file["Delphes"]
        columns = {
            f"{name}.{leaf}": tree[f"{name}.{leaf}"].array().to_list()
            for name in leaves
            for leaf in leaves[name]
        }
    rows = []
    for number in range(len(columns["Jet.PT"])):
        found = {
            name: list(zip(*(columns[f"{name}.{leaf}"][number] for leaf in leaves[name]), strict=True))
            for name in leaves
        }
        of_leptons = selection["leptons"]
        leptons = [
            (*lepton, name)
            for name in ("Electron", "Muon")
            for lepton in found[name]
            if lepton[0] > of_leptons["pt"]
            and abs(lepton[1]) <= (of_leptons[f"{name.lower()}_eta"] or np.inf)
            and lepton[4] <= (of_leptons[f"{name.lower()}_isolation"] or np.inf)
        ]
        if len(leptons) != 2 or leptons[0][3] == leptons[1][3] or leptons[0][5] != leptons[1][5]:
            continue
        leptons.sort(key=lambda lepton: -lepton[0])
        ((met, met_phi),) = found["MissingET"]
        miss = met * np.exp(1j * met_phi)
        if not selection["muons_in_met"]:
            miss -= sum(muon[0] * np.exp(1j * muon[2]) for muon in found["Muon"])
        jets = [
            jet
            for jet in found["Jet"]
            if jet[0] > selection["jets"]["pt"] and abs(jet[1]) <= (selection["jets"]["eta"] or np.inf)
        ]
        if not jets or max(jets)[0] <= selection["leading_jet_pt"] or abs(miss) <= selection["met"]:
            continue
        veto = selection["b_veto_pt"]
        if veto is not None and any(jet[3] & 1 and jet[0] > veto for jet in jets):
            continue
        if any(
            abs(np.angle(np.exp(1j * jet[2]) / miss)) < (selection["min_dphi_jet_met"] or 0) for jet in jets
        ):
            continue
        vectors = [lepton[0] * np.exp(1j * lepton[2]) for lepton in leptons]
        deta = leptons[0][1] - leptons[1][1]
        dphi_ll = abs(np.angle(vectors[0] / vectors[1]))
        mass_squared = 2 * leptons[0][0] * leptons[1][0] * (np.cosh(deta) - np.cos(dphi_ll))
        transverse = [np.sqrt(2 * (abs(v) * abs(miss) - (v * miss.conj()).real)) for v in vectors]
        ht = sum(jet[0] for jet in jets)
        rows.append(
            {
                "met": abs(miss),
                "jet1_pt": max(jets)[0],
                "dphi_l1_met": abs(np.angle(vectors[0] / miss)),
                "dphi_l2_met": abs(np.angle(vectors[1] / miss)),
                "mt_l1_met": transverse[0],
                "mt_l2_met": transverse[1],
                "dr_l1_l2": np.hypot(deta, dphi_ll),
                "mll": np.sqrt(mass_squared),
                "ptll": abs(sum(vectors)),
                "ht": ht,
                "n_jets": len(jets),
                "met_significance": abs(miss) / np.sqrt(ht),
                "vectors": (*vectors, miss),
            }
        )
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    columns["mt2"] = stransverse_mass_by_search(*columns.pop("vectors").T)
    return columns


@needs_genuine
@pytest.mark.parametrize(
    ("name", "selection"),
    [
        ("slepton_200_180_stock", SELECTION),
        ("ww_stock", CARD_CUTS),
        ("ww_mapyde", SELECTION | {"muons_in_met": False}),
        ("slepton_200_180_mapyde", JET_CUTS),
    ],
    ids=["stock", "lepton cuts", "muons", "jet cuts"],
)
def test_genuine_features_event_by_event(name, selection):
    path = GENUINE / f"{name}.root"
    expected = read_by_hand(path, selection)
    table, _ = read_features(path, selection, FEATURES)
    assert len(table) == len(expected["met"]) > 50
    assert set(expected) == set(FEATURES)
    for feature in FEATURES:
        np.testing.assert_allclose(table[feature], expected[feature], rtol=1e-5, atol=1e-5, err_msg=feature)


@needs_genuine
@pytest.mark.parametrize("kept", [0.1, 0.6, 0.99])
def test_truncated_genuine_file(tmp_path, kept):
    path = tmp_path / "cut.root"
    path.write_bytes((GENUINE / "ww_stock.root").read_bytes())
    with pytest.raises(ValueError, match=r"cut.root: not a ROOT file, or cut short: "):
        read_features(truncate(path, kept), SELECTION, FEATURES)
