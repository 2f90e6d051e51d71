"""Ntuples of experiments and of the scikit-hep test data, where they are present."""

import awkward as ak
import numpy as np
import pytest

from scripts.data.ntuple_file import open_ntuple, sum_of_branch
from scripts.data.ntuple_paths import find_files
from tests.data.ntuples import GENUINE, fault, needs_genuine, read, types

pytestmark = needs_genuine
FOLDER = GENUINE / "ntuples"


def test_nanoaod_as_tree_and_rntuple_has_the_same_values():
    tree, rntuple = FOLDER / "nano_dy.root", FOLDER / "nano_dy_rntuple.root"
    with open_ntuple(tree, "Events") as one, open_ntuple(rntuple) as two:
        assert set(one.names) <= set(two.names)
        assert one.n_events == two.n_events == 40
        names = [*one.names[::25], "genWeight", "nMuon", "Muon_pt", "Jet_pt", "HLT_IsoMu24", "event"]
        (a,), (b,) = one.iterate(names), two.iterate(names)
    for name in names:
        assert isinstance(a[name], np.ndarray) == isinstance(b[name], np.ndarray)
        lists = [ak.num(values).to_list() for values in (a[name], b[name]) if values.ndim > 1]
        assert lists == [] or lists[0] == lists[1]
        flat = [ak.to_numpy(ak.flatten(values, axis=None)) for values in (a[name], b[name])]
        np.testing.assert_array_equal(*flat)


@pytest.mark.parametrize(
    ("name", "tree", "n_events", "n_negative"),
    [("nano_dy", "Events", 40, 9), ("nano_dy_rntuple", None, 40, 9), ("nano_tt_v12", None, 200, 1)],
)
def test_nanoaod(name, tree, n_events, n_negative):
    path = FOLDER / f"{name}.root"
    names = ["genWeight", "MET_pt", "PV_npvs", "nJet", "Jet_pt"]
    values = read(path, names, tree, step=17)
    assert len(values["MET_pt"]) == n_events
    assert sum(weight < 0 for weight in values["genWeight"]) == n_negative
    assert [len(jets) for jets in values["Jet_pt"]] == values["nJet"]
    assert types(path, names, tree)[-1] == "var * float32"


def test_other_tree_of_nanoaod():
    path = FOLDER / "nano_dy.root"
    assert fault(path) == "2 trees, Events, Runs: name the one to read, such as `tree: Events`"
    assert sum_of_branch(path, "Runs", "genEventSumw_") == pytest.approx(15166686735.858717)
    assert "(the closest is genEventSumw_) in the tree Runs" in fault(path, ["genEventSumw"], "Runs")


def test_hzz_and_zmumu():
    names = ["Muon_Px", "Jet_ID", "triggerIsoMu24", "NMuon", "EventWeight"]
    path = FOLDER / "uproot-HZZ.root"
    assert types(path, names) == ["var * float32", "var * bool", "|b1", "<i4", "<f4"]
    hzz = read(path, names)
    weights = np.array(hzz["EventWeight"])
    two_muons = np.array([len(muons) >= 2 for muons in hzz["Muon_Px"]])
    assert (len(weights), int(two_muons.sum())) == (2421, 1413)
    assert weights.sum() == pytest.approx(16.922521)
    assert weights[two_muons].sum() == pytest.approx(10.142988)
    assert sum_of_branch(path, None, "EventWeight") == pytest.approx(16.922521)
    zmumu = read(FOLDER / "uproot-Zmumu.root", ["Type", "Q1", "Q2"], step=500)
    counts = {kind: zmumu["Type"].count(kind) for kind in ("GG", "GT", "TT")}
    assert counts == {"GG": 516, "GT": 1145, "TT": 643}
    assert sum(a * b < 0 for a, b in zip(zmumu["Q1"], zmumu["Q2"], strict=True)) == 2147


@pytest.mark.parametrize("name", ["s{1}.root", "s[1].root", "s 1.root"])
def test_names_that_look_like_patterns(tmp_path, name):
    path = tmp_path / name
    path.write_bytes((GENUINE / "cases" / "signal.root").read_bytes())
    (found,) = find_files([str(path)])
    assert len(read(found, ["Event.Weight"])["Event.Weight"]) == 300


def test_split_objects_of_delphes():
    path = GENUINE / "delphes" / "slepton_200_180_full50.root"
    values = read(path, ["Jet.PT", "Jet/Jet.PT", "Jet_size", "Event.Weight"])
    assert values["Jet.PT"] == values["Jet/Jet.PT"]
    assert [len(jets) for jets in values["Jet.PT"]] == values["Jet_size"]
    assert all(len(weights) == 1 for weights in values["Event.Weight"])
    assert fault(path, ["Jet"]).startswith("no branch Jet (the closest is ")
    assert "holds TRef" in fault(path, ["Track.Particle"])
    assert fault(path, ["Particle.fBits"]).startswith("branch Particle.fBits cannot be read, the file is ")
