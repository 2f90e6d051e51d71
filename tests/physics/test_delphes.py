"""The Delphes reader, on small files made here and on genuine ones where they are present."""

from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from scripts.physics.delphes import read_features
from scripts.physics.features import DELPHES_FEATURES
from scripts.physics.kinematics import delta_phi, delta_r, transverse_mass

SELECTION = {
    "lepton_pt": 10.0,
    "leading_jet_pt": 100.0,
    "met": 200.0,
    "opposite_charge": True,
    "same_flavour": True,
    "muons_in_met": True,
}
FEATURES = list(DELPHES_FEATURES)

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
    table, cutflow = read_features(
        [GENUINE / f"{name}.root"], SELECTION | {"muons_in_met": muons_in_met}, FEATURES
    )
    assert cutflow["all events"] == 4000
    assert list(cutflow.values())[-1] == len(table) == passing


@needs_genuine
def test_genuine_file_with_every_branch():
    _, cutflow = read_features([GENUINE / "slepton_200_180_full50.root"], SELECTION, FEATURES)
    assert cutflow["all events"] == 50


@needs_genuine
@pytest.mark.parametrize("name", ["slepton_200_180_stock", "ww_stock"])
def test_genuine_features_event_by_event(name):
    """The same features by a plain loop over events."""
    path = GENUINE / f"{name}.root"
    with uproot.open(path) as root_file:
        tree = root_file["Delphes"]
        branches = ["PT", "Eta", "Phi", "Charge"]
        collections = {
            kind: [tree[f"{kind}.{branch}"].array().to_list() for branch in branches]
            for kind in ("Electron", "Muon")
        }
        jets = tree["Jet.PT"].array().to_list()
        met, met_phi = (tree[f"MissingET.{leaf}"].array().to_list() for leaf in ("MET", "Phi"))
    rows = []
    for event in range(len(jets)):
        leptons = sorted(
            (
                (*values, kind)
                for kind, columns in collections.items()
                for values in zip(*(column[event] for column in columns), strict=True)
                if values[0] > 10
            ),
            key=lambda lepton: -lepton[0],
        )
        if len(leptons) != 2 or leptons[0][3] == leptons[1][3] or leptons[0][4] != leptons[1][4]:
            continue
        if not jets[event] or max(jets[event]) <= 100 or met[event][0] <= 200:
            continue
        vectors = [lepton[0] * np.exp(1j * lepton[2]) for lepton in leptons]
        miss = met[event][0] * np.exp(1j * met_phi[event][0])
        dphi = [abs(np.angle(vector / miss)) for vector in vectors]
        rows.append(
            {
                "met": met[event][0],
                "jet1_pt": max(jets[event]),
                "dphi_l1_met": dphi[0],
                "dphi_l2_met": dphi[1],
                "mt_l1_met": np.sqrt(2 * (abs(vectors[0]) * abs(miss) - (vectors[0] * miss.conj()).real)),
                "mt_l2_met": np.sqrt(2 * (abs(vectors[1]) * abs(miss) - (vectors[1] * miss.conj()).real)),
                "dr_l1_l2": np.hypot(leptons[0][1] - leptons[1][1], abs(np.angle(vectors[0] / vectors[1]))),
            }
        )
    table, _ = read_features([path], SELECTION, FEATURES)
    assert len(table) == len(rows)
    for feature in FEATURES:
        expected = np.array([row[feature] for row in rows])
        np.testing.assert_allclose(table[feature], expected, rtol=1e-5, atol=1e-5, err_msg=feature)


# An electron pair that passes, and events that each fail in one way.
EVENTS = [
    {"e": [(50, 0.1, 0.2, 1), (30, -0.4, 2.0, -1)], "mu": [], "jets": [150.0, 90.0], "met": [(250.0, 3.0)]},
    {"e": [], "mu": [], "jets": [150.0], "met": [(250.0, 3.0)]},  # no lepton
    {"e": [(50, 0.1, 0.2, 1), (30, -0.4, 2.0, -1)], "mu": [], "jets": [], "met": [(250.0, 3.0)]},  # no jet
    {"e": [(50, 0.1, 0.2, 1), (30, -0.4, 2.0, -1)], "mu": [], "jets": [150.0], "met": []},  # no MET entry
    {"e": [(50, 0.1, 0.2, 1)], "mu": [(30, -0.4, 2.0, -1)], "jets": [150.0], "met": [(250.0, 3.0)]},
    {"e": [], "mu": [(50, 0.1, 0.2, 1), (30, -0.4, 2.0, 1)], "jets": [150.0], "met": [(250.0, 3.0)]},
    {"e": [], "mu": [(40, 0.1, 3.0, 1), (30, 0.0, 3.0, -1)], "jets": [150.0], "met": [(240.0, 3.0)]},
]


def write_delphes(path: Path, events: list[dict], drop: tuple[str, ...] = (), tree: str = "Delphes") -> Path:
    def leaves(kind: str) -> ak.Array:
        names = ("PT", "Eta", "Phi", "Charge")
        columns = [[[lepton[i] for lepton in event[kind]] for event in events] for i in range(4)]
        arrays = [
            ak.values_astype(ak.from_iter([[0.0], *column])[1:], np.int32 if name == "Charge" else np.float32)
            for name, column in zip(names, columns, strict=True)
        ]
        return ak.zip(dict(zip(names, arrays, strict=True)))

    def padded(column: list) -> ak.Array:
        # A leading entry gives an empty column its type.
        return ak.values_astype(ak.from_iter([[0.0], *column])[1:], np.float32)

    met = {
        name: padded([[entry[i] for entry in event["met"]] for event in events])
        for i, name in enumerate(("MET", "Phi"))
    }
    columns = {
        "Electron": leaves("e"),
        "Muon": leaves("mu"),
        "Jet": ak.zip({"PT": padded([event["jets"] for event in events])}),
        "MissingET": ak.zip(met),
    }
    kept = {
        name: [field for field in array.fields if f"{name}.{field}" not in drop]
        for name, array in columns.items()
    }
    columns = {name: columns[name][fields] for name, fields in kept.items() if fields}
    with uproot.recreate(path) as root_file:
        root_file.mktree(
            tree,
            {name: array.type.content for name, array in columns.items()},
            counter_name=lambda counted: counted + "_size",
            field_name=lambda outer, inner: inner if outer == "" else f"{outer}.{inner}",
        )
        root_file[tree].extend(columns)
    return path


def test_cutflow_of_made_events(tmp_path):
    path = write_delphes(tmp_path / "made.root", EVENTS)
    table, cutflow = read_features([path], SELECTION, FEATURES)
    assert list(cutflow.values()) == [7, 6, 5, 4, 3, 2]
    assert table["met"].to_list() == pytest.approx([250.0, 240.0])
    assert table.loc[0, "mt_l2_met"] == pytest.approx(np.sqrt(2 * 30 * 250 * (1 - np.cos(1.0))), rel=1e-6)
    assert table.loc[0, "dphi_l1_met"] == pytest.approx(2.8, rel=1e-6)
    assert table.loc[0, "dr_l1_l2"] == pytest.approx(np.hypot(0.5, 1.8), rel=1e-6)


def test_muons_are_subtracted_where_met_lacks_them(tmp_path):
    path = write_delphes(tmp_path / "made.root", EVENTS)
    table, _ = read_features([path], SELECTION | {"muons_in_met": False, "met": 100.0}, ["met"])
    # The muons of the last event point along its MET: 240 - 70.
    assert table["met"].to_list() == pytest.approx([250.0, 170.0], rel=1e-5)


def test_chunks_and_files_add_up(tmp_path, monkeypatch):
    paths = [write_delphes(tmp_path / f"made{i}.root", EVENTS) for i in range(2)]
    whole, whole_flow = read_features(paths, SELECTION, FEATURES)
    monkeypatch.setattr("scripts.physics.delphes.iterate_events.__defaults__", (2,))
    chunked, chunked_flow = read_features(paths, SELECTION, FEATURES)
    assert whole.equals(chunked)
    assert whole_flow == chunked_flow
    assert whole_flow["all events"] == 14


def test_leptons_of_both_kinds_are_ordered_by_pt(tmp_path):
    event = {"e": [(20, 1.0, 0.0, 1)], "mu": [(60, -1.0, 1.0, -1)], "jets": [150.0], "met": [(250.0, 3.0)]}
    path = write_delphes(tmp_path / "made.root", [event])
    table, _ = read_features([path], SELECTION | {"same_flavour": False}, ["dphi_l1_met", "dphi_l2_met"])
    assert table.loc[0].to_list() == pytest.approx([2.0, 3.0], rel=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_text("no root file"), "bad.root"),
        (lambda path: write_delphes(path, EVENTS, tree="Events"), "no tree Delphes"),
        (lambda path: write_delphes(path, EVENTS, drop=("Jet.PT",)), "no branch Jet.PT"),
        (lambda path: write_delphes(path, EVENTS, drop=("Muon.Charge",)), "no branch Muon.Charge"),
    ],
)
def test_unreadable_files_name_themselves(tmp_path, make, message):
    path = tmp_path / "bad.root"
    make(path)
    with pytest.raises(ValueError, match=message) as caught:
        read_features([path], SELECTION, FEATURES)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("kept", [0, 100, 2000, 0.5, 0.95])
def test_truncated_file(tmp_path, kept):
    path = write_delphes(tmp_path / "cut.root", EVENTS * 200)
    content = path.read_bytes()
    path.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    with pytest.raises(ValueError, match=r"cut.root"):
        read_features([path], SELECTION, FEATURES)


def test_delta_phi_is_in_zero_to_pi():
    phi = np.linspace(-np.pi, np.pi, 41)
    angles = delta_phi(phi[:, None], phi[None, :])
    assert angles.min() >= 0
    assert angles.max() <= np.pi
    np.testing.assert_allclose(np.cos(angles), np.cos(phi[:, None] - phi[None, :]), atol=1e-12)


def test_kinematics_by_hand():
    one = np.array([1.0])
    assert transverse_mass(40 * one, 90 * one, np.pi * one)[0] == pytest.approx(120.0)
    assert transverse_mass(40 * one, 90 * one, 0 * one)[0] == 0
    assert delta_r(0 * one, 3.1 * one, 3 * one, -3.1 * one)[0] == pytest.approx(np.hypot(3, 2 * np.pi - 6.2))
