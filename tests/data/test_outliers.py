"""Values that are absurdly far out: told with their event, and without harm to cuts and scores."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scripts.data.outliers import report_far_values
from scripts.physics.preselection import read_file
from tests import trainings
from tests.data.test_sample_weights import CASES, OPEN, merge, needs_cases, read, vary
from tests.delphes_files import write_delphes
from tests.ntuple_files import ntuple_study, read_study
from tests.studies import NETWORKS

FEATURES = ["jet1_pt", "met", "dr_l1_l2"]
DIRECTIONS = ["<", ">", ">"]
SCAN = NETWORKS["scan"] | {"epochs": 150, "learning_rate": 0.1, "targets": [0.5, 0.8]}
MODELS = {
    "scan": SCAN,
    "linear": NETWORKS["linear"] | {"epochs": 50, "targets": [0.5, 0.8]},
    "fully_connected": NETWORKS["fully_connected"] | {"epochs": 50},
    "blocks": SCAN | {"out_of_core": True},
    "joint": NETWORKS["joint"] | {"epochs": 30},
    "kcuts": NETWORKS["kcuts"],
    "bdt": NETWORKS["bdt"],
}


def test_each_is_a_line_and_many_are_counted(caplog):
    log = logging.getLogger("cabin.read_delphes")
    events = pd.DataFrame({"a": np.arange(40.0), "b": np.zeros(40)})
    report_far_values(log, "x.root", events, np.arange(40))
    assert not caplog.text
    events.loc[7, "a"] = -1e12
    report_far_values(log, "x.root", events, 100 + np.arange(40))
    assert [record.getMessage() for record in caplog.records] == [
        "x.root: event 107: a is -1e+12, where the median is 19.5 and the robust width 13.8124: look at this "
        "event; it does not move the scale of a study with `scaling: robust`"
    ]
    caplog.clear()
    events["b"] = np.where(np.arange(40) < 34, np.arange(40), 1e300)
    report_far_values(log, "x.root", events, np.arange(40))
    assert len(caplog.records) == 6
    assert caplog.records[-1].getMessage() == "x.root: 2 more values are as far out"
    caplog.clear()
    report_far_values(log, "x.root", events.iloc[:15], np.arange(15))
    assert not caplog.text


def test_the_number_of_an_event_is_that_in_its_file(tmp_path, caplog):
    events = vary(30)
    events[3]["MissingET"] = []  # does not pass
    events[20]["Jet"] = [(1e30, 0.5, -1.0, 0)]
    file = write_delphes(tmp_path / "a.root", events)
    assert 3 not in read_file(file, OPEN, FEATURES, 7).numbers
    read(tmp_path, "a", file)
    assert [record.getMessage()[:60] for record in caplog.records] == [
        f"{file}: event 20: jet1_pt is 1e+30, where"[:60]
    ]


def cuts_of(folder: Path, table: pd.DataFrame, entry: dict, scaling: str) -> pd.DataFrame:
    folder.mkdir()
    table.to_parquet(folder / "features.parquet")
    files = trainings.train(folder / "features.parquet", folder, entry, FEATURES, DIRECTIONS, scaling=scaling)
    metrics = pd.read_csv(files["metrics"])
    assert np.isfinite(metrics.filter(regex="signal|background|auc")).all(axis=None)
    return pd.read_csv(files["cuts"]).assign(auc=metrics["auc"].iloc[0])


@needs_cases
def test_the_case_of_a_huge_jet(tmp_path, caplog):
    tables = {}
    for name in ("signal", "signal_one_huge_jet"):
        (tmp_path / name).mkdir()
        tables[name], _ = merge(
            tmp_path / name, [CASES / f"{name}.root"], [CASES / "background_signed_weights.root"]
        )
    assert len(tables["signal"]) == len(tables["signal_one_huge_jet"])
    messages = [record.getMessage() for record in caplog.records]
    lines = [line for line in messages if "event 150: jet1_pt is 1e+30" in line]
    assert len(lines) == 1
    assert "signal_one_huge_jet.root" in lines[0]
    plain, huge = (
        cuts_of(tmp_path / f"{name}_cuts", table, SCAN, "robust") for name, table in tables.items()
    )
    jets = np.sort(tables["signal"]["jet1_pt"])
    of_jets = plain["feature"] == "jet1_pt"
    for one, other in zip(plain.loc[of_jets, "cut"], huge.loc[of_jets, "cut"], strict=True):
        assert abs(np.searchsorted(jets, one) - np.searchsorted(jets, other)) <= 3


@pytest.mark.parametrize("far", [1e12, 1e300])
@pytest.mark.parametrize("name", MODELS)
def test_no_model_is_harmed_by_one_event(tmp_path, name, far):
    generator = np.random.default_rng(1)
    label = np.arange(600) % 2
    values = generator.normal(np.outer(label, [-1.0, 1.0, 1.0]), 1.0)
    table = pd.DataFrame(values, columns=FEATURES).assign(label=label, weight=1.0)
    table["split"] = np.where(np.arange(600) % 10 < 3, "test", "train")
    spoilt = table.copy()
    spoilt.loc[[205, 202], "jet1_pt"] = far  # a signal event of the training, a background event of the test
    one, other = (
        cuts_of(tmp_path / number, events, MODELS[name], "robust")
        for number, events in (("one", table), ("other", spoilt))
    )
    if len(one):
        np.testing.assert_allclose(one["auc"], other["auc"], atol=0.02)
    if name in ("scan", "blocks"):
        np.testing.assert_allclose(one["cut"], other["cut"], atol=0.05)


@pytest.mark.parametrize("own_numbers", [False, True])
def test_far_values_of_ntuples_are_named_with_file_and_event(tmp_path, caplog, monkeypatch, own_numbers):
    monkeypatch.setattr("scripts.data.ntuple_part.ROW_GROUP", 64)
    monkeypatch.setattr("scripts.data.outliers.MOST_ROWS", 300)
    generator = np.random.default_rng(3)
    for name in ("s-0", "s-1", "b"):
        x, y = generator.normal(size=(2, 500))
        if name == "s-1":
            x[[7, 300]], y[300] = 1e12, -1e300
            y[499] = 1e5  # far, but not absurdly
        columns = {"x": x, "y": y, "n": 1000 + np.arange(500), "kept": np.arange(500) != 4}
        pd.DataFrame(columns).to_parquet(tmp_path / f"{name}.parquet")
    entry = ntuple_study(
        {"s": {"files": [f"{tmp_path}/s-*.parquet"]}, "b": {"files": [f"{tmp_path}/b.parquet"]}},
        ("x", "y"),
        preselection=["kept"],
        **({"event": "n"} if own_numbers else {}),
    )
    read_study(tmp_path, entry)
    lines = [one.getMessage() for one in caplog.records if "robust width" in one.getMessage()]
    first = 1000 if own_numbers else 0
    expected = [(7, "x is 1e+12"), (300, "x is 1e+12"), (300, "y is -1e+300")]
    assert [line.split(",")[0] for line in lines] == [
        f"s: {tmp_path}/s-1.parquet: event {first + number}: {value}" for number, value in expected
    ]


def test_many_far_values_of_ntuples_are_counted(tmp_path, caplog):
    x = np.where(np.arange(100) < 90, np.arange(100) % 9, 1e300)
    pd.DataFrame({"x": x}).to_parquet(tmp_path / "s.parquet")
    pd.DataFrame({"x": np.arange(100.0)}).to_parquet(tmp_path / "b.parquet")
    files = {name: {"files": [f"{tmp_path}/{name}.parquet"]} for name in ("s", "b")}
    read_study(tmp_path, ntuple_study(files))
    lines = [one.getMessage() for one in caplog.records if " far out" in one.getMessage()]
    assert lines == ["s: 5 more values are as far out"]
