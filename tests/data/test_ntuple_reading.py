"""Values of events by hand: columns, what is missing, and values that are no numbers."""

import awkward as ak
import numpy as np
import pandas as pd
import pytest

from tests.ntuple_files import ntuple_study, read_study

#: pT of jets, sorted; the last event has a sentinel of an old ntuple.
JETS = [[50.0, 30.0], [], [40.0], [10.0], [60.0, 20.0, 5.0], [-999.0]]


@pytest.fixture
def files(tmp_path):
    """A signal with jets, and a flat background with a sentinel."""
    n_events = np.arange(len(JETS))
    jets = ak.zip(
        {"jet_pt": ak.Array(JETS), "n": ak.Array(n_events), "met": ak.Array(n_events * 10.0)}, depth_limit=1
    )
    ak.to_parquet(jets, tmp_path / "jets.parquet")
    background = {"lead": [70.0, -999.0, 80.0, 5.0], "n": [7, 8, 9, 10], "met": [1.0, 2.0, 3.0, 4.0]}
    pd.DataFrame(background).to_parquet(tmp_path / "flat.parquet")
    return tmp_path


def processes(files, **signal):
    return {
        "s": {"files": [str(files / "jets.parquet")], "columns": {"lead": "jet_pt[0]"}, **signal},
        "b": {"files": [str(files / "flat.parquet")]},
    }


SPLIT = {"by": "n % 3 == 0 or n == 10"}


def events_of(table, process):
    return table.loc[table["process"] == process, "event"].to_list()


@pytest.mark.parametrize(
    ("choice", "signal", "background", "counts"),
    [
        ("fail", [0, 2, 4], [0, 2], {"s": 3, "b": 2}),
        ("pass", [0, 1, 2, 4, 5], [0, 1, 2], {"s": 5, "b": 3}),
    ],
)
def test_an_event_without_the_object(files, choice, signal, background, counts):
    entry = ntuple_study(
        processes(files),
        ("met",),
        SPLIT,
        preselection=["lead > 20"],
        missing={"lead": -999.0, "jet_pt": -999.0},
        without_object=choice,
    )
    table, flow = read_study(files, entry)
    assert events_of(table, "s") == signal
    assert events_of(table, "b") == background
    assert flow.loc["lead > 20", ["s", "b"]].to_dict() == counts
    assert flow["s_missing"].to_list() == [0, 2]
    assert flow["b_missing"].to_list() == [0, 1]


def test_without_the_sentinel_it_is_a_value(files):
    table, flow = read_study(
        files, ntuple_study(processes(files), ("met",), SPLIT, preselection=["lead < 20"])
    )
    assert events_of(table, "s") == [3, 5]
    assert flow["s_missing"].to_list() == [0, 1]


def test_events_that_lack_a_feature_are_a_step_of_the_cutflow(files):
    entry = ntuple_study(processes(files), ("lead",), SPLIT, missing={"lead": -999.0, "jet_pt": -999.0})
    table, flow = read_study(files, entry)
    assert list(flow.index) == ["all events", "all features there"]
    assert flow["s"].to_list() == [6, 4]
    assert flow["s_missing"].to_list() == [0, 2]
    assert flow["b_weighted"].to_list() == [4.0, 3.0]
    assert table["lead"].to_list() == [50.0, 40.0, 10.0, 60.0, 70.0, 80.0, 5.0]


def test_a_feature_that_is_missing_where_such_events_pass(files):
    entry = ntuple_study(processes(files), ("lead",), SPLIT, without_object="pass")
    with pytest.raises(
        ValueError, match=r"jets.parquet: the column lead is missing in event 1 of the file: with"
    ):
        read_study(files, entry)


def test_columns_of_columns_and_a_branch_of_the_same_name(files):
    entry = ntuple_study(
        processes(files),
        ("met", "ratio", "n_good"),
        SPLIT,
        columns={
            "ratio": "met / (1 + n_good)",
            "met": "met / 10",
            "good": "jet_pt[jet_pt > limit]",
            "limit": "20",
        },
        preselection=["n_good < 2"],
    )
    source = entry["source"]["processes"]
    source["s"]["columns"] = {"n_good": "len(good)"}
    source["b"]["columns"] = {"n_good": "lead > limit"}
    table, _ = read_study(files, entry)
    assert table["met"].to_list() == pytest.approx([1, 2, 3, 4, 5, 0.1, 0.2, 0.3, 0.4])
    assert table["n_good"].to_list() == [0, 1, 0, 1, 0, 1, 0, 1, 0]
    assert table["ratio"].to_numpy() == pytest.approx(table["met"] / (1 + table["n_good"]))
    assert [table[name].dtype.str for name in ("met", "ratio", "n_good")] == ["<f8"] * 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"columns": {"met": "log(met)"}},
            r"jets.parquet: the column met is NaN or infinite in event 0 of the file: take such events out "
            r".* 'log\(met\)' \(process s\)",
        ),
        (
            {"columns": {"met": "sqrt(met - 25)"}},
            "the column met is NaN or infinite in 3 events, the first is event 0 of the file",
        ),
        ({"preselection": {"high": "1 / met > 0"}}, None),
        (
            {"preselection": {"high": "sqrt(met - 15) >= 0"}},
            "the step 'high' is NaN or infinite in 2 events, the first is event 0 of the file",
        ),
        ({"weight": "1 / met"}, "the weight is NaN or infinite in event 0 of the file"),
        (
            {"weight": "jet_pt[0]"},
            "the weight is missing in event 1 of the file: each event needs one",
        ),
        ({"where": "log(met) > 1 or log(met) <= 1"}, None),
        ({"where": "sqrt(met - 5) > 1"}, "where is NaN or infinite in event 0 of the file"),
        ({"columns": {"met": "jet_pt"}}, "expression 'jet_pt': gives a list for each event: reduce it by"),
        ({"weight": "jet_pt"}, "expression 'jet_pt': gives a list for each event"),
        ({"preselection": {"high": "met"}}, "expression 'met': met is a number where a condition is needed"),
        (
            {"columns": {"met": "mett * 2"}},
            r"jets.parquet: no column mett \(the closest is met\), which columns.met needs \(process s\)",
        ),
        ({"preselection": {"high": "mett > 2"}}, "which preselection.high needs"),
        ({"tree": "Events"}, "jets.parquet: not a ROOT file, so it has no tree Events"),
        ({"missing": {"met": 0.0}, "weight": "met"}, "the weight is missing in event 0 of the file"),
    ],
)
def test_values_that_are_no_numbers(files, change, message):
    entry = ntuple_study(processes(files, **change), ("met",), SPLIT, preselection=[{"high": "n >= 0"}])
    if message is None:
        read_study(files, entry)
        return
    with pytest.raises(ValueError, match=message) as raised:
        read_study(files, entry)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (
            "met / 7",
            "event, 'met / 7', is no integer of 8 bytes in 5 events, the first is event 1 of the file",
        ),
        ("jet_pt[0]", "is no integer of 8 bytes in event 1 of the file"),
        ("met", None),
    ],
)
def test_numbers_of_events(files, event, message):
    entry = ntuple_study(processes(files), ("met",), SPLIT, event=event)
    entry["source"]["processes"]["b"]["columns"] = {"jet_pt": "n"}
    if message is None:
        assert events_of(read_study(files, entry)[0], "s") == [0, 10, 20, 30, 40, 50]
        return
    with pytest.raises(ValueError, match=message):
        read_study(files, entry)


def test_files_without_events_and_with_other_branches(files):
    ak.to_parquet(ak.zip({"other": ak.Array([1.0])[:0]}, depth_limit=1), files / "empty.parquet")
    more = {"n": [21], "met": [5.0], "lead": [1.0], "further": [3]}
    pd.DataFrame(more).to_parquet(files / "more.parquet")
    entry = ntuple_study(processes(files), ("met", "n"), SPLIT)
    names = ("empty", "flat", "more")
    entry["source"]["processes"]["b"]["files"] = [str(files / f"{name}.parquet") for name in names]
    table, flow = read_study(files, entry)
    assert table.loc[table["process"] == "b", "n"].to_list() == [7, 8, 9, 10, 21]
    assert events_of(table, "b") == [0, 1, 2, 3, 4]
    assert flow["b"].to_list() == [5]


def test_constants_alone(files):
    entry = ntuple_study(processes(files), ("met",), {"test_fraction": 0.5, "seed": 1}, columns={"met": "2"})
    with pytest.raises(ValueError, match="column met has the same value"):
        read_study(files, entry)


def test_an_event_is_of_the_test_or_not(files):
    entry = ntuple_study(processes(files), ("met",), {"by": "lead > 20"})
    with pytest.raises(
        ValueError, match=r"split.by is missing in event 1 of the file: it has to say of each"
    ):
        read_study(files, entry)
