"""The cutflow of the final cuts: what is left without each, by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from scripts.data.cut_table import CUT_COLUMNS, PROPERTY_COLUMNS
from scripts.evaluation.n_minus_one import ALL_CUTS, count_without_each
from scripts.kinds import ConfigError, module_of
from scripts.parsing import parse_kind
from scripts.tables.inputs import TableInputs
from tests.studies import NETWORKS, make_study
from tests.tables.files import NAN, write_csv

FEATURES = ["x", "y", "z"]
#: x, y, z, label, split, weight, process. No event fails the cut z > 0.
EVENTS = [
    (5.0, 5.0, 1.0, 1, "test", 2.0, "vbf"),
    (5.0, 9.0, 1.0, 1, "test", 1.0, "vbf"),  # beyond the window of y
    (5.0, 1.0, 1.0, 1, "test", 3.0, "vbf"),  # below it
    (0.0, 5.0, 1.0, 1, "test", 1.0, "vbf"),  # below x
    (0.0, 9.0, 1.0, 1, "test", 7.0, "vbf"),  # fails two
    (5.0, 5.0, 1.0, 1, "train", 50.0, "vbf"),
    (5.0, 5.0, 1.0, 0, "test", 2.0, "top"),
    (5.0, 5.0, 1.0, 0, "test", -1.0, "top"),
    (0.0, 5.0, 1.0, 0, "test", 3.0, "top"),
    (5.0, 5.0, 1.0, 0, "train", 1.0, "top"),
    (5.0, 9.0, 1.0, -1, "data", 1.0, "run_1"),
    (5.0, 5.0, 1.0, -1, "data", 1.0, "run_1"),
]
CUTS = [
    (0.5, "x", ">", 1.0, 0.0),
    (0.5, "y", ">", 2.0, 0.0),
    (0.5, "y", "<", 8.0, 0.0),
    (0.5, "z", ">", 0.0, 0.0),
    (0.9, "x", ">", -1.0, 0.0),
]


def write_events(folder, rows=EVENTS):
    table = pd.DataFrame(rows, columns=[*FEATURES, "label", "split", "weight", "process"])
    # Data has row groups of its own.
    path = folder / "features.parquet"
    table.assign(label=table["label"].astype(np.int8)).to_parquet(path, index=False, row_group_size=2)
    return path


def make_table(tmp_path, cuts=None, networks=("scan",), models=None, **keys):
    entry = {"table": "n_minus_one", "caption": "A table.", "networks": list(networks), **keys}
    targets = {"scan": NETWORKS["scan"] | {"targets": [0.9, 0.5, 0.1]}}
    study = make_study(
        features=[{"name": name, "direction": ">", "unit": "GeV"} for name in FEATURES],
        networks=models or targets,
    )
    paths = [cuts or write_csv(tmp_path / "cuts.csv", CUT_COLUMNS, *CUTS)] * len(networks)
    files = {"features": [write_events(tmp_path)], "cuts": paths}
    return module_of("table", "n_minus_one").make_table(TableInputs(parse_kind("table", entry), study, files))


def test_counts_and_sums_by_hand(tmp_path):
    table = make_table(tmp_path).set_index("feature")
    assert table.columns.to_list() == [
        *("network", "target_efficiency", "cut"),
        *(f"vbf{end}" for end in ("", "_weighted", "_weighted_uncertainty", "_efficiency")),
        *(f"top{end}" for end in ("", "_weighted", "_weighted_uncertainty", "_efficiency")),
        *("run_1", "run_1_efficiency"),
    ]
    assert table.index.to_list() == [*FEATURES, ALL_CUTS]
    assert set(table["target_efficiency"]) == {0.5}
    assert table["cut"].to_list() == ["> 1 GeV", "> 2 GeV, < 8 GeV", "> 0 GeV", ""]
    assert table["vbf"].to_list() == [2, 3, 1, 1]
    assert table["vbf_weighted"].to_list() == [3.0, 6.0, 2.0, 2.0]
    assert_allclose(table["vbf_weighted_uncertainty"], np.sqrt([4 + 1, 4 + 1 + 9, 4, 4]))
    # The last is that of all cuts: of 14 before any cut.
    assert_allclose(table["vbf_efficiency"], [2 / 3, 2 / 6, 1.0, 2 / 14])
    assert table["top"].to_list() == [3, 2, 2, 2]
    assert table["top_weighted"].to_list() == [4.0, 1.0, 1.0, 1.0]
    assert_allclose(table["top_weighted_uncertainty"], np.sqrt([4 + 1 + 9, 5, 5, 5]))
    assert_allclose(table["top_efficiency"], [1 / 4, 1.0, 1.0, 1 / 4])
    assert table["run_1"].to_list() == [1, 2, 1, 1]
    assert_allclose(table["run_1_efficiency"], [1.0, 0.5, 1.0, 0.5])


def test_a_target_is_chosen_and_cuts_that_it_lacks_have_no_row(tmp_path):
    table = make_table(tmp_path, target=0.9)
    assert table["feature"].to_list() == ["x", ALL_CUTS]
    assert table["vbf"].to_list() == [5, 5]
    # At a target without a cut all events pass.
    table = make_table(tmp_path, target=0.1)
    assert table["feature"].to_list() == [ALL_CUTS]
    assert table["vbf_efficiency"].to_list() == [1.0]


def test_networks_are_shown_near_the_middle_target_of_the_first_that_has_some(tmp_path):
    models = {
        "bce": NETWORKS["one_to_one"],
        "scan": NETWORKS["scan"] | {"targets": [0.2, 0.5, 0.9]},
        "other": NETWORKS["scan"] | {"targets": [0.1, 0.6]},
    }
    cuts = write_csv(tmp_path / "all.csv", CUT_COLUMNS, *CUTS, (NAN, "x", "<", 1.0, 0.0))
    table = make_table(tmp_path, cuts, list(models), models)
    found = table.groupby("network", sort=False)["target_efficiency"].first()
    assert found.fillna(-1).to_dict() == {"bce": -1, "scan": 0.5, "other": 0.6}
    assert table[table["network"] == "bce"]["vbf"].to_list() == [5, 2]


def test_cuts_in_bins_of_a_property(tmp_path):
    """The bins stay known without the cuts on a feature that only some bins have."""
    rows = [
        ((0.5, "x", ">", 1.0, 0.0), ("z", 0.0, 2.0)),
        ((0.5, "y", "<", 8.0, 0.0), ("z", 0.0, 2.0)),
        ((0.5, "x", ">", 6.0, 0.0), ("z", 2.0, 4.0)),
    ]
    cuts = pd.DataFrame([(*a, *b) for a, b in rows], columns=[*CUT_COLUMNS, *PROPERTY_COLUMNS])
    events = [
        (5.0, 5.0, 1.0, 1, "test", 1.0, "s"),
        (5.0, 9.0, 1.0, 1, "test", 1.0, "s"),
        (5.0, 9.0, 3.0, 1, "test", 1.0, "s"),
        (7.0, 9.0, 3.0, 1, "test", 1.0, "s"),
    ]
    found = count_without_each(write_events(tmp_path, events), cuts, 0.5, FEATURES)
    assert dict(zip(found["feature"], found["events"], strict=True)) == {"x": 3, "y": 3, ALL_CUTS: 2}
    cuts.to_csv(tmp_path / "binned.csv", index=False)
    assert make_table(tmp_path, tmp_path / "binned.csv")["cut"].to_list() == ["by z", "by z", ""]


def test_nothing_left_by_the_others_has_no_efficiency(tmp_path):
    events = [(0.0, 9.0, 1.0, 1, "test", 1.0, "s"), (5.0, 5.0, 1.0, 0, "train", 1.0, "b")]
    cuts = pd.DataFrame(CUTS, columns=CUT_COLUMNS)
    found = count_without_each(write_events(tmp_path, events), cuts, 0.5, FEATURES)
    of_signal, of_background = (found[found["process"] == name] for name in "sb")
    assert of_signal["events"].to_list() == [0, 0, 0, 0]
    assert of_signal["efficiency"].fillna(-1).to_list() == [-1, -1, -1, 0.0]
    assert of_background["efficiency"].isna().all()


@given(
    x=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(-2, 3)), min_size=1, max_size=30)
)
def test_what_a_cut_removes_alone_is_the_difference(tmp_path_factory, x):
    rows = [(float(a), float(b), 1.0, 1, "test", float(w), "s") for a, b, w in x]
    cuts = pd.DataFrame([CUTS[0], (0.5, "y", "<", 2.0, 0.0)], columns=CUT_COLUMNS)
    path = write_events(tmp_path_factory.mktemp("drawn"), rows)
    found = count_without_each(path, cuts, 0.5, FEATURES).set_index("feature")["weighted"]
    alone = sum(w for a, b, w in x if a <= 1 and b < 2)
    assert found["x"] - found[ALL_CUTS] == pytest.approx(alone)


def test_faults():
    table = {"table": "n_minus_one", "caption": "A table.", "networks": ["scan"]}
    with pytest.raises(ConfigError, match=r"tables\.one\.target: scan: unknown target 0.4: one of 0.3, 0.6"):
        make_study(check=True, tables={"one": table | {"target": 0.4}})
    with pytest.raises(ConfigError, match="bdt, of the model bdt, has no cuts"):
        make_study(
            check=True, networks={"bdt": NETWORKS["bdt"]}, tables={"one": table | {"networks": ["bdt"]}}
        )
    process = {"events": 9, "mean": [0.0, 0.0], "width": [1.0, 1.0]}
    source = {
        "kind": "processes",
        "seed": 1,
        "processes": {"cut": {"class": "signal"} | process, "b": {"class": "background"} | process},
    }
    with pytest.raises(ConfigError, match="the table has a column cut already: give the process cut another"):
        make_study(check=True, source=source, tables={"one": table})
