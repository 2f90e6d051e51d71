"""The Delphes reader, on small files made here."""

import subprocess
import sys

import numpy as np
import pytest
import uproot

from scripts.physics.delphes import iterate_chunks
from scripts.physics.preselection import needed_branches, read_features, read_file
from tests.conftest import ROOT, environment
from tests.delphes_files import EVENTS, JETS, PAIR, SELECTION, event, truncate, write_delphes
from tests.physics.delphes_by_hand import (
    CARD_CUTS,
    FEATURES,
    JET_CUTS,
    stransverse_mass_by_search,
    with_leptons,
)


def test_cutflow_of_made_events(tmp_path):
    path = write_delphes(tmp_path / "made.root", EVENTS)
    table, cutflow = read_features(path, SELECTION, FEATURES)
    assert cutflow == {
        "all events": 7,
        "exactly two leptons, pT > 10 GeV": 6,
        "opposite charge": 5,
        "same flavour": 4,
        "leading jet pT > 100 GeV": 3,
        "MET > 200 GeV": 2,
    }
    assert table["met"].to_list() == pytest.approx([250.0, 240.0])


def test_features_by_hand(tmp_path):
    path = write_delphes(tmp_path / "made.root", EVENTS[:1])
    row = read_features(path, SELECTION, FEATURES)[0].loc[0]
    l1, l2, miss = 50 * np.exp([0.2j]), 30 * np.exp([2.0j]), 250 * np.exp([3.0j])
    assert row.to_dict() == pytest.approx(
        {
            "met": 250,
            "jet1_pt": 150,
            "dphi_l1_met": 2.8,
            "dphi_l2_met": 1.0,
            "mt_l1_met": np.sqrt(2 * 50 * 250 * (1 - np.cos(2.8))),
            "mt_l2_met": np.sqrt(2 * 30 * 250 * (1 - np.cos(1.0))),
            "dr_l1_l2": np.hypot(0.5, 1.8),
            "mll": np.sqrt(2 * 50 * 30 * (np.cosh(0.5) - np.cos(1.8))),
            "ptll": abs(l1 + l2)[0],
            "ht": 150 + 90 + 25,
            "n_jets": 3,
            "met_significance": 250 / np.sqrt(265),
            "mt2": stransverse_mass_by_search(l1, l2, miss)[0],
        },
        rel=1e-5,
    )


def test_features_of_jets_follow_the_definition_of_a_jet(tmp_path):
    path = write_delphes(tmp_path / "made.root", EVENTS[:1])
    asked = ["jet1_pt", "ht", "n_jets"]
    for jets, expected in (
        ({"pt": 25.0, "eta": None}, [150, 240, 2]),
        ({"pt": 20.0, "eta": 2.5}, [150, 175, 2]),
        ({"pt": 20.0, "eta": 0.4}, None),
    ):
        table, cutflow = read_features(path, SELECTION | {"jets": jets}, asked)
        assert table.to_numpy().tolist() == ([] if expected is None else [expected])
        assert any("leading jet pT > 100 GeV" in step for step in cutflow)


@pytest.mark.parametrize(
    ("changes", "step", "passes"),
    [
        ({"b_veto_pt": 30.0}, "no b-jet, pT > 30 GeV", True),
        ({"b_veto_pt": 24.0}, "no b-jet, pT > 24 GeV", False),
        ({"b_veto_pt": 24.0, "jets": {"pt": 25.0, "eta": None}}, "no b-jet, pT > 24 GeV", True),
        # Jets at -1.0, 0.3 and 2.9, MET at 3.0: the nearest is 0.1 away.
        ({"min_dphi_jet_met": 0.05}, "all jets at least 0.05 rad from MET", True),
        ({"min_dphi_jet_met": 0.4}, "all jets at least 0.4 rad from MET", False),
        ({"min_dphi_jet_met": 0.4, "jets": {"pt": 25.0, "eta": None}}, "all jets at least 0.4 rad", True),
    ],
)
def test_jet_steps_by_hand(tmp_path, changes, step, passes):
    path = write_delphes(tmp_path / "made.root", EVENTS[:1])
    table, cutflow = read_features(path, SELECTION | changes, ["met"])
    assert list(cutflow)[-1].startswith(step)
    assert list(cutflow.values())[-1] == len(table) == passes


def test_b_tag_is_bit_0_and_dphi_wraps(tmp_path):
    other_bits = event(electrons=PAIR, jets=[(150, 0.5, -3.1, 0b110)])
    path = write_delphes(tmp_path / "made.root", [other_bits])
    _, cutflow = read_features(path, SELECTION | {"b_veto_pt": 30.0, "min_dphi_jet_met": 0.4}, ["met"])
    assert list(cutflow.values())[-2:] == [1, 0]  # -3.1 is 0.18 from 3.0


def test_steps_come_in_the_order_of_the_settings_and_only_those_asked_for(tmp_path):
    path = write_delphes(tmp_path / "made.root", EVENTS)
    _, every = read_features(path, JET_CUTS, ["met"])
    assert [step.split(",")[0] for step in every] == [
        "all events",
        "exactly two leptons",
        "opposite charge",
        "same flavour",
        "leading jet pT > 100 GeV",
        "MET > 200 GeV",
        "no b-jet",
        "all jets at least 0.4 rad from MET",
    ]
    _, few = read_features(path, SELECTION | {"opposite_charge": False, "same_flavour": False}, ["met"])
    assert list(few.values()) == [7, 6, 5, 4]


@pytest.mark.parametrize(
    ("settings", "n_with_two", "label"),
    [
        ({"electron_isolation": 0.1}, 3, "electron isolation <= 0.1"),
        ({"muon_isolation": 0.1}, 4, "muon isolation <= 0.1"),
        ({"electron_eta": 0.2}, 3, "electron abs(eta) <= 0.2"),
        ({"muon_eta": 0.2}, 4, "muon abs(eta) <= 0.2"),
        ({"pt": 30.0}, 0, "pT > 30 GeV"),
        ({"pt": 29.0}, 6, "pT > 29 GeV"),
    ],
)
def test_two_leptons_are_counted_after_their_definition(tmp_path, settings, n_with_two, label):
    path = write_delphes(tmp_path / "made.root", EVENTS)
    _, cutflow = read_features(path, with_leptons(**settings), ["met"])
    step, count = list(cutflow.items())[1]
    assert label in step
    assert count == n_with_two


def test_a_third_lepton_fails_unless_the_definition_drops_it(tmp_path):
    third = event(electrons=PAIR, muons=[(12, 0.0, 0.0, 1, 0.9)])
    path = write_delphes(tmp_path / "made.root", [third])
    assert read_features(path, SELECTION, ["met"])[0].empty
    assert len(read_features(path, with_leptons(muon_isolation=0.25), ["met"])[0]) == 1


def test_muons_are_subtracted_where_met_lacks_them(tmp_path):
    soft = event(electrons=PAIR, muons=[(8, 0.0, 3.0, 1, 0.0)])  # no lepton of the selection, yet in MET
    path = write_delphes(tmp_path / "made.root", [*EVENTS, soft])
    table, _ = read_features(path, SELECTION | {"muons_in_met": False, "met": 100.0}, ["met"])
    # The muons of the seventh event point along its MET: 240 - 70.
    assert table["met"].to_list() == pytest.approx([250.0, 170.0, 242.0], rel=1e-5)


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 100])
def test_chunks_add_up(tmp_path, chunk_size):
    path = write_delphes(tmp_path / "made.root", EVENTS * 3)
    whole, whole_flow = read_features(path, JET_CUTS, FEATURES)
    chunked, chunked_flow = read_features(path, JET_CUTS, FEATURES, chunk_size)
    assert whole.equals(chunked)
    assert whole_flow == chunked_flow


def test_leptons_of_both_kinds_are_ordered_by_pt(tmp_path):
    mixed = event(electrons=[(20, 1.0, 0.0, 1, 0.0)], muons=[(60, -1.0, 1.0, -1, 0.0)])
    path = write_delphes(tmp_path / "made.root", [mixed])
    table, _ = read_features(path, SELECTION | {"same_flavour": False}, ["dphi_l1_met", "dphi_l2_met"])
    assert table.loc[0].to_list() == pytest.approx([2.0, 3.0], rel=1e-6)


def test_collections_need_not_be_ordered_by_pt(tmp_path):
    shuffled = event(electrons=PAIR[::-1], jets=JETS[::-1])
    path = write_delphes(tmp_path / "made.root", [EVENTS[0], shuffled])
    table, _ = read_features(path, SELECTION, FEATURES)
    assert table.loc[0].to_list() == pytest.approx(table.loc[1].to_list(), rel=1e-12)


def test_only_what_is_needed_is_read(tmp_path):
    unneeded = ("Electron.IsolationVar", "Muon.IsolationVar", "Jet.Eta", "Jet.Phi", "Jet.BTag")
    path = write_delphes(tmp_path / "made.root", EVENTS, drop=unneeded)
    assert len(read_features(path, SELECTION, FEATURES)[0]) == 2
    assert not set(unneeded) & set(needed_branches(SELECTION))
    everything = JET_CUTS | {"leptons": CARD_CUTS["leptons"]}
    assert set(unneeded) <= set(needed_branches(everything))
    with pytest.raises(ValueError, match=f"made.root: no branch {', '.join(unneeded)} in the tree Delphes"):
        read_features(path, everything, FEATURES)


def test_file_without_events(tmp_path):
    path = write_delphes(tmp_path / "none.root", [])
    table, cutflow = read_features(path, SELECTION, FEATURES)
    assert list(table.columns) == FEATURES
    assert table.empty
    assert set(table.dtypes) == {np.dtype(float)}
    assert list(cutflow.values()) == [0] * 6


def spoilt(name: str, leaf: int, value: float) -> list[dict]:
    """The made events with one value of the first object of three of them replaced."""
    events = [{key: list(objects) for key, objects in one.items()} for one in EVENTS]
    for one in (events[0], events[3], events[4]):
        if one[name]:
            objects = list(one[name][0])
            objects[leaf] = value
            one[name][0] = tuple(objects)
    return events


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_text("no root file"), "not a ROOT file, or cut short: "),
        (lambda path: path.write_text(""), "not a ROOT file, or cut short: "),
        (lambda path: path.mkdir(), "not a ROOT file, or cut short: "),
        (lambda path: write_delphes(path, EVENTS, tree="Events"), "no tree Delphes"),
        (lambda path: write_delphes(path, EVENTS, drop=("Jet.PT",)), "no branch Jet.PT"),
        (lambda path: write_delphes(path, EVENTS, drop=("Muon.Charge",)), "no branch Muon.Charge"),
        (
            lambda path: write_delphes(path, spoilt("Jet", 0, np.nan)),
            "branch Jet.PT is NaN or infinite 3 times in events 0 to 6",
        ),
        (
            lambda path: write_delphes(path, spoilt("MissingET", 1, -np.inf)),
            "branch MissingET.Phi is NaN or infinite 2 times in events 0 to 6",
        ),
    ],
)
def test_bad_files_name_themselves_in_one_line(tmp_path, make, message):
    path = tmp_path / "bad.root"
    make(path)
    with pytest.raises(ValueError, match=message) as caught:
        read_features(path, SELECTION, FEATURES)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none.root: no such file"):
        read_features(tmp_path / "none.root", SELECTION, FEATURES)


def test_values_that_are_not_used_may_be_anything(tmp_path):
    path = write_delphes(tmp_path / "made.root", spoilt("Electron", 4, np.nan))
    assert len(read_features(path, SELECTION, FEATURES)[0]) == 2


def test_tree_of_another_program(tmp_path):
    path = tmp_path / "flat.root"
    branches = {branch: np.ones(3, np.float32) for branch in needed_branches(SELECTION)}
    with uproot.recreate(path) as root_file:
        root_file.mktree("Delphes", dict.fromkeys(branches, np.float32))
        root_file["Delphes"].extend(branches)
    with pytest.raises(ValueError, match=r"flat.root: branch \w+.\w+ is not a list an event"):
        read_features(path, SELECTION, FEATURES)
    with uproot.recreate(path) as root_file:
        root_file.mkrntuple("Delphes", branches)
    with pytest.raises(ValueError, match=r"flat.root: no tree Delphes"):
        read_features(path, SELECTION, FEATURES)


def test_a_tree_in_a_folder_is_named(tmp_path):
    path = write_delphes(tmp_path / "a.root", EVENTS, tree="ntuple/Delphes")
    with pytest.raises(ValueError, match=r"no tree Delphes: .* It has ntuple/Delphes: name one"):
        read_file(path, SELECTION, ["met"])
    assert len(read_file(path, SELECTION, ["met"], tree="ntuple/Delphes").features) == 2
    # An address, of this disk.
    assert len(read_file(f"file://{path}", SELECTION, ["met"], tree="ntuple/Delphes").features) == 2


@pytest.mark.parametrize("kept", [0, 0.01, 0.1, 0.5, 0.95, 0.999])
def test_truncated_file(tmp_path, kept):
    path = truncate(write_delphes(tmp_path / "cut.root", EVENTS * 200), kept)
    with pytest.raises(ValueError, match=r"cut.root: not a ROOT file, or cut short: "):
        read_features(path, SELECTION, FEATURES)


def test_damaged_inside(tmp_path):
    path = write_delphes(tmp_path / "hole.root", EVENTS * 200)
    content = bytearray(path.read_bytes())
    with uproot.open(path) as root_file:
        seek = int(root_file["Delphes"]["Muon.Eta"].member("fBasketSeek")[0])
    content[seek + 70 : seek + 170] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"hole.root: not a ROOT file, or cut short: "):
        list(iterate_chunks(path, needed_branches(SELECTION)))


def test_reading_needs_neither_torch_nor_plots():
    """A job a file: what each has to import counts."""
    code = (
        "import sys, scripts.read_delphes;"
        "print([name for name in ('torch', 'sklearn', 'matplotlib', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
