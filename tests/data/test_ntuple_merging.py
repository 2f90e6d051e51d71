"""From ntuples of several processes to feature table and cutflow, by the scripts of the rules."""

import re

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import uproot
import yaml

from scripts.data.feature_table import read_feature_table
from scripts.data.stored_table import stored
from scripts.data.thinning import read_shown_events
from tests.conftest import ROOT
from tests.data.ntuples import GENUINE, needs_genuine
from tests.ntuple_files import ntuple_study, read_study


def write(path, **columns):
    pd.DataFrame(columns).to_parquet(path)
    return str(path)


@pytest.fixture
def files(tmp_path):
    """Signal in two files, two backgrounds and data; every second event has a weight of -0.5."""
    random = np.random.default_rng(5)
    made = {}
    for name, n_events in (("s_a", 40), ("s_b", 60), ("one", 80), ("two", 50), ("data", 30)):
        weight = np.where(np.arange(n_events) % 2, -0.5, 2.0)
        columns = {"x": random.normal(size=n_events), "y": random.uniform(size=n_events)}
        made[name] = write(tmp_path / f"{name}.parquet", **columns, w=weight, n=np.arange(n_events) + 1000)
    return made


@pytest.fixture
def processes(files):
    return {
        "s": {"files": [files["s_a"], files["s_b"]]},
        "one": {"files": [files["one"]]},
        "two": {"files": [files["two"]]},
    }


def frames(files, *names):
    return pd.concat([pd.read_parquet(files[name]) for name in names], ignore_index=True)


def test_yields_and_cutflow_against_a_few_lines(tmp_path, files, processes):
    processes["s"] |= {"cross_section": 2.0, "k_factor": 1.5, "filter_efficiency": 0.5}
    processes["one"] |= {"cross_section": 7.0, "sum_of_weights": 1000.0}
    processes["two"] |= {"cross_section": 3.0, "weight": "w * w"}
    processes["data"] = {"files": [files["data"]]}
    entry = ntuple_study(
        processes,
        ("x", "z"),
        luminosity=10.0,
        columns={"z": "y * 2"},
        weight="w",
        preselection=[{"high y": "y > 0.3"}, "z < 1.9"],
    )
    table, flow = read_study(tmp_path, entry)
    assert list(flow.index) == ["all events", "high y", "z < 1.9"]
    right, expected = {}, {}
    for name, of_files, power in (("s", ("s_a", "s_b"), 1), ("one", ("one",), 1), ("two", ("two",), 2)):
        events = frames(files, *of_files)
        events["weight"] = events["w"] ** power
        passes = [events, events[events["y"] > 0.3]]
        passes.append(passes[1][passes[1]["y"] * 2 < 1.9])
        total = 1000.0 if name == "one" else events["weight"].sum()
        factor = 10.0 * {"s": 1.5, "one": 7.0, "two": 3.0}[name] / total
        right[name] = passes[-1].assign(weight=passes[-1]["weight"] * factor)
        sums = np.array([step["weight"].sum() for step in passes])
        errors = np.array([np.sqrt((step["weight"] ** 2).sum()) for step in passes])
        expected[name] = factor * sums, factor * errors
        assert flow[name].to_list() == [len(step) for step in passes]
        for ending, values in (("", sums), ("_uncertainty", errors)):
            assert flow[f"{name}_weighted{ending}"].to_numpy() == pytest.approx(values, rel=1e-12)
            scaled = flow[f"{name}_expected{ending}"].to_numpy()
            assert scaled == pytest.approx(values * factor, rel=1e-12)
    assert flow["signal"].to_list() == flow["s"].to_list()
    assert flow["background"].to_list() == (flow["one"] + flow["two"]).to_list()
    assert flow["signal_expected"].to_numpy() == pytest.approx(expected["s"][0], rel=1e-12)
    together = np.hypot(expected["one"][1], expected["two"][1])
    assert flow["background_expected_uncertainty"].to_numpy() == pytest.approx(together, rel=1e-12)
    assert list(table.columns) == ["x", "z", "label", "split", "weight", "process", "event"]
    for name, events in right.items():
        written = table[table["process"] == name]
        assert written["x"].to_list() == events["x"].to_list()
        assert written["z"].to_list() == (events["y"] * 2).to_list()
        assert written["weight"].to_numpy() == pytest.approx(events["weight"].to_numpy(), rel=1e-12)
        # The position in the files of the process.
        assert written["event"].to_list() == events.index.to_list()
        assert set(written["label"]) == {int(name == "s")}
    assert table["process"].drop_duplicates().to_list() == ["s", "one", "two", "data"]


def test_without_luminosity_the_weight_is_that_of_the_event(tmp_path, processes):
    processes["one"]["k_factor"] = 1.25
    table, flow = read_study(tmp_path, ntuple_study(processes, weight="w"))
    assert set(table.loc[table["process"] == "one", "weight"]) == {2.5, -0.625}
    assert set(table.loc[table["process"] == "two", "weight"]) == {2.0, -0.5}
    assert not [name for name in flow if "expected" in name]


def test_data_is_in_table_and_cutflow_and_nobody_gets_it(tmp_path, files, processes):
    processes["data"] = {"files": [files["data"]]}
    entry = ntuple_study(processes, weight="w * 3", event="n", preselection=["y > 0.5"])
    table, flow = read_study(tmp_path, entry)
    events = frames(files, "data")
    data = table[table["process"] == "data"]
    assert data["event"].to_list() == events.loc[events["y"] > 0.5, "n"].to_list()
    assert set(data["label"]) == {-1}
    assert set(data["split"]) == {"data"}
    assert set(data["weight"]) == {1.0}
    assert flow["data"].to_list() == [30, len(data)]
    assert set(flow) >= {"data", "data_missing"}
    assert "data_weighted" not in flow
    path = tmp_path / "features.parquet"
    both_classes = table[table["process"] != "data"]
    for read in (read_feature_table(path, ["x"]), read_shown_events(path)):
        assert read.equals(both_classes)
    on_disk = stored(path, ["x"])
    assert len(on_disk) == len(both_classes)
    (block,) = on_disk.blocks()
    assert block.values[0].tolist() == both_classes["x"].to_list()
    assert pq.ParquetFile(path).num_row_groups == 2


def test_a_long_table_with_data(tmp_path, monkeypatch, files, processes):
    processes["data"] = {"files": [files["data"]]}
    table, _ = read_study(tmp_path, ntuple_study(processes))
    monkeypatch.setattr("scripts.data.thinning.MOST_EVENTS", 10)
    shown = read_shown_events(tmp_path / "features.parquet")
    assert shown.equals(table[table["process"] != "data"])


def test_row_groups_across_parts(tmp_path, monkeypatch, processes):
    whole, _ = read_study(tmp_path, ntuple_study(processes))
    monkeypatch.setattr("scripts.data.ntuple_part.ROW_GROUP", 37)
    monkeypatch.setattr("scripts.data.ntuple_reading.CHUNK", 11)
    table, _ = read_study(tmp_path, ntuple_study(processes))
    assert table.equals(whole)
    groups = pq.ParquetFile(tmp_path / "features.parquet").metadata
    assert [groups.row_group(n).num_rows for n in range(groups.num_row_groups)] == [37] * 6 + [8]


def test_split_by_an_expression(tmp_path, files, processes):
    processes["data"] = {"files": [files["data"]]}
    entry = ntuple_study(processes, split={"by": "n % 5 == 0"}, event="n")
    table, _ = read_study(tmp_path, entry)
    events = table[table["label"] >= 0]
    assert (events["split"] == np.where(events["event"] % 5 == 0, "test", "train")).all()


@pytest.mark.parametrize(
    ("given", "split", "fold"),
    [
        # The position in the files of the process, over both files of the signal.
        ({}, {"folds": 3}, lambda events: events["n"] - 1000 + 40 * (events["of"] == "s_b")),
        ({"event": "n"}, {"folds": 3}, lambda events: events["n"]),
        ({"event": "n"}, {"folds": 3, "by": "where(n >= 1010, n * 7, -n)"}, None),
    ],
)
def test_folds(tmp_path, files, processes, given, split, fold):
    processes["data"] = {"files": [files["data"]]}
    entry = ntuple_study(processes, ("x", "y"), split=split, preselection=["y > 0.2"], weight="w", **given)
    table, _ = read_study(tmp_path, entry)
    names = ("s_a", "s_b", "one", "two", "data")
    events = pd.concat([pd.read_parquet(files[name]).assign(of=name) for name in names], ignore_index=True)
    numbers = np.where(events["n"] >= 1010, events["n"] * 7, -events["n"]) if fold is None else fold(events)
    expected = events.assign(fold=numbers % 3)[events["y"] > 0.2]
    assert table["fold"].to_list() == expected["fold"].to_list()
    assert table.columns[-1] == "fold"
    assert set(table.loc[table["label"] >= 0, "split"]) == {"test"}
    assert set(table.loc[table["label"] < 0, "split"]) == {"data"}
    schema = pq.read_schema(tmp_path / "features.parquet")
    assert str(schema.field("fold").type) == "int16"


@pytest.mark.parametrize(
    ("changes", "split", "message"),
    [
        (
            {"event": "n * 4"},
            {"folds": 4},
            "features.parquet: no signal event in fold 1: give more events, or ta",
        ),
        (
            {"event": "n"},
            {"folds": 2, "by": "y"},
            "split.by, 'y', is no integer of 8 bytes in 40 events, the f",
        ),
        ({}, {"folds": 2, "by": "k"}, "no column k (the closest is "),
    ],
)
def test_numbers_that_make_no_folds(tmp_path, processes, changes, split, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        read_study(tmp_path, ntuple_study(processes, split=split, **changes))


def test_files_of_the_test_sample(tmp_path, files):
    processes = {
        "s": {"files": [files["s_a"]], "test_files": [files["s_b"]]},
        "b": {"files": [files["one"]], "test_files": [files["two"]]},
        "data": {"files": [files["data"]]},
    }
    entry = ntuple_study(processes)
    del entry["split"]
    table, flow = read_study(tmp_path, entry)
    assert table.groupby(["process", "split"]).size().to_dict() == {
        ("s", "train"): 40,
        ("s", "test"): 60,
        ("b", "train"): 80,
        ("b", "test"): 50,
        ("data", "data"): 30,
    }
    assert flow["s"].to_list() == [100]


def test_a_sum_of_weights_of_another_tree(tmp_path, files, processes):
    for number, total in enumerate((30.0, 12.0)):
        with uproot.recreate(tmp_path / f"{number}.root") as file:
            x = np.arange(10.0) + number
            file["Events"] = {"x": x}
            file["Runs"] = {"total": np.array([total, 1.0])}
    processes["s"] = {
        "files": [str(tmp_path / "*.root")],
        "tree": "Events",
        "cross_section": 4.0,
        "sum_of_weights": {"tree": "Runs", "branch": "total"},
    }
    for name in ("one", "two"):
        processes[name]["cross_section"] = 1.0
    table, _ = read_study(tmp_path, ntuple_study(processes, luminosity=11.0))
    assert table.loc[table["label"] == 1, "weight"].to_list() == pytest.approx([1.0] * 20)
    assert table.loc[table["label"] == 0, "weight"].sum() == pytest.approx(22.0)


@pytest.mark.parametrize(
    ("process", "change", "message"),
    [
        ("one", {"where": "x > 1e9"}, "process one: no event at all: give files with events, or mend"),
        (
            "one",
            {"preselection": {"high y": "y > 2"}},
            "process one: no event passes: 'high y' leaves none of 80: loosen it",
        ),
        ("two", {"weight": "w * 0"}, "process two: the weights of its 50 events add up to 0, which has"),
        ("two", {"weight": "-w"}, "process two: the weights of its 50 events add up to -37.5, which has"),
        (
            "two",
            {"weight": "where(y > 0.3, -0.001, 10)"},
            "process two: the weights of events that pass add up to -0.0",
        ),
    ],
)
def test_what_cannot_be_used(tmp_path, processes, process, change, message):
    processes[process] |= change
    entry = ntuple_study(processes, weight="w", preselection=[{"high y": "y > 0.3"}])
    with pytest.raises(ValueError, match=message):
        read_study(tmp_path, entry)


def test_a_feature_with_one_value(tmp_path, processes):
    entry = ntuple_study(processes, ("x", "one"), columns={"one": "x * 0 + 1"})
    with pytest.raises(
        ValueError, match=r"features.parquet: column one has the same value in every training"
    ):
        read_study(tmp_path, entry)


@needs_genuine
def test_the_study_of_the_page_with_its_files(tmp_path):
    """The page shows this cutflow."""
    page = (ROOT / "docs" / "howto" / "ntuples.md").read_text()
    entry = yaml.safe_load(re.search(r"```yaml[^\n]*\n(.*?)```", page, re.DOTALL)[1])["studies"]["dimuon"]
    for process in entry["source"]["processes"].values():
        process["files"] = [str(GENUINE / "ntuples" / f"uproot-{name}") for name in process["files"]]
    table, flow = read_study(tmp_path, entry)
    assert flow["ZZ"].to_list() == [2421, 1413, 1397, 1298]
    assert flow["Z"].to_list() == [2304, 2304, 2147, 2004]
    assert flow["ZZ_weighted"].round(6).to_list() == [16.922521, 10.142988, 10.054272, 9.312535]
    squares = flow["ZZ_weighted_uncertainty"] ** 2
    assert squares.iloc[:2].to_numpy() == pytest.approx([0.14007407, 0.08418263], abs=5e-9)
    assert len(table) == 1298 + 2004
    assert table["mass"].between(60, 120).all()
    for step, row in flow.iterrows():
        shown = [f"{row[name]:.4f}" for name in ("ZZ_weighted", "ZZ_weighted_uncertainty")]
        assert f"| {step} | {row['ZZ']:.0f} | {' | '.join(shown)} | {row['Z']:.0f} |" in page


@needs_genuine
def test_a_process_is_a_part_of_a_file(tmp_path):
    file = str(GENUINE / "ntuples" / "uproot-Zmumu.root")
    processes = {
        "s": {"files": [file], "where": 'Type == "GT"'},
        "b": {"files": [file], "where": 'Type != "GT"'},
    }
    _, flow = read_study(tmp_path, ntuple_study(processes, ("pt1",)))
    assert (flow["s"].iloc[0], flow["b"].iloc[0]) == (1145, 516 + 643)


@needs_genuine
def test_nanoaod(tmp_path):
    folder = GENUINE / "ntuples"
    processes = {
        "s": {"files": [str(folder / "nano_tt_v12.root")], "tree": "Events"},
        "b": {"files": [str(folder / "nano_dy_rntuple.root")]},
    }
    entry = ntuple_study(
        processes,
        ("MET_pt", "ht"),
        columns={"good": "Jet_pt[(Jet_pt > 30) & (abs(Jet_eta) < 2.4)]", "ht": "sum(good)"},
        preselection=["len(good) >= 1"],
        weight="genWeight",
        event="event",
    )
    table, flow = read_study(tmp_path, entry)
    assert (flow["s"].iloc[0], flow["b"].iloc[0]) == (200, 40)
    assert (table["ht"] > 30).all()
    assert (table["weight"] < 0).any()
    assert table["event"].is_unique
