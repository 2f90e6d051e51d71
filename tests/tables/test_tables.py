"""The tables of numbers, by hand."""

import inspect
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scripts.data.cut_table import CUT_COLUMNS
from scripts.evaluation import comparison, expected_yields
from scripts.kinds import module_of, modules
from scripts.parsing import parse_kind
from scripts.study import Study
from scripts.study_parsing import parse_study
from scripts.tables.inputs import TableInputs
from tests.configs import PAPER
from tests.ntuple_files import ntuple_study
from tests.studies import COUNTING_EXPERIMENT, NETWORKS, make_study
from tests.tables.files import FEATURES, NAN, write_csv

GAUSSIAN = parse_study("gaussian", PAPER["studies"]["gaussian"], check=False)


def made(
    kind: str, files: dict[str, Any], networks: dict[str, dict], study: Study | None = None
) -> pd.DataFrame:
    """Return a table of networks, given by name with their entries, of a study with MET and an angle."""
    if study is None:
        study = make_study(features=FEATURES, networks=networks or {"scan": NETWORKS["scan"]})
    settings = parse_kind("table", {"table": kind, "caption": "A table.", "networks": list(networks)})
    return module_of("table", kind).make_table(TableInputs(settings, study, files))


@pytest.fixture
def scan_cuts(tmp_path) -> Path:
    return write_csv(
        tmp_path / "scan.csv",
        CUT_COLUMNS,
        (0.9, "met_et", ">", 123.456789, -1.5),
        (0.9, "dphi", "<", 2.5, 0.5),
        (0.5, "met_et", ">", 200.0, 0.5),
        (0.5, "dphi", "<", -0.000125, -0.5),
    )


@pytest.fixture
def bce_cuts(tmp_path) -> Path:
    rows = [(NAN, "met_et", ">", 150.0, 0.0), (NAN, "dphi", "<", 2.0, 0.0)]
    return write_csv(tmp_path / "bce.csv", CUT_COLUMNS, *rows)


@pytest.mark.parametrize("kind", modules("table"))
def test_every_kind_makes_a_table_of_its_inputs(kind):
    assert list(inspect.signature(module_of("table", kind).make_table).parameters) == ["inputs"]


def test_hyperparameters_are_those_of_table_1_of_the_paper():
    names = GAUSSIAN.tables["table1"].networks
    table = made("hyperparameters", {}, {name: {} for name in names}, GAUSSIAN)
    values = dict(zip(table["Parameter"], table["Value"], strict=True))
    assert values == {"alpha": 10, "beta": 0.1, "gamma": 1e-5, "delta": 1e-3, "epsilon": 1}


def test_hyperparameters_of_terms_left_out_are_zero():
    table = made("hyperparameters", {}, {"net": NETWORKS["linear"] | {"loss": {"bce": 2}}})
    assert table["Value"].tolist() == [0, 0, 0, 2, 0]


def test_working_points_keep_every_digit(tmp_path):
    columns = ["target_efficiency", "signal_efficiency", "auc"]
    one = write_csv(tmp_path / "one.csv", columns, (NAN, 0.1 + 0.2, 0.9))
    two = write_csv(tmp_path / "two.csv", columns, (0.2, 0.21, 0.8), (0.5, 0.49, 0.85))
    networks = {
        "bce": NETWORKS["one_to_one"] | {"epochs": 200},
        "scan": NETWORKS["scan"] | {"epochs": 1000},
    }
    table = made("working_points", {"metrics": [one, two]}, networks)
    assert list(table.columns) == ["network", "epochs", *columns]
    assert table["network"].tolist() == ["bce", "scan", "scan"]
    assert table["epochs"].tolist() == [200, 1000, 1000]
    assert table["signal_efficiency"].tolist() == [0.1 + 0.2, 0.21, 0.49]
    assert table["target_efficiency"].isna().tolist() == [True, False, False]


def test_cuts_have_direction_unit_and_increasing_targets(scan_cuts, bce_cuts):
    networks = {"bce": NETWORKS["one_to_one"], "scan": NETWORKS["scan"]}
    table = made("cuts", {"cuts": [bce_cuts, scan_cuts]}, networks)
    assert list(table.columns) == ["network", "target_efficiency", "met_et", "dphi"]
    assert table.iloc[0].isna()["target_efficiency"]
    assert table.iloc[0][["network", "met_et", "dphi"]].tolist() == ["bce", "> 150 GeV", "< 2"]
    assert table.iloc[1].tolist() == ["scan", 0.5, "> 200 GeV", "< -0.000125"]
    assert table.iloc[2].tolist() == ["scan", 0.9, "> 123.5 GeV", "< 2.5"]


def test_both_edges_of_a_window_stand_in_one_cell(tmp_path):
    rows = [(0.5, "met_et", ">", 200.0, 0.5), (0.5, "dphi", "<", 1.0, 0.5), (0.5, "met_et", "<", 300.0, 1.5)]
    path = write_csv(tmp_path / "boxes.csv", CUT_COLUMNS, *rows)
    table = made("cuts", {"cuts": [path]}, {"boxes": NETWORKS["kcuts"]})
    assert table.iloc[0].tolist() == ["boxes", 0.5, "> 200 GeV, < 300 GeV", "< 1"]


def test_cuts_of_a_network_without_cuts(tmp_path, scan_cuts):
    without = write_csv(tmp_path / "linear.csv", CUT_COLUMNS)
    networks = {"scan": NETWORKS["scan"], "linear_bce": NETWORKS["linear"]}
    with pytest.raises(ValueError, match="linear_bce has no cuts"):
        made("cuts", {"cuts": [scan_cuts, without]}, networks)


def test_cutflow_is_relative_to_the_first_step(tmp_path):
    columns = ["step", "signal", "background"]
    path = write_csv(tmp_path / "cutflow.csv", columns, ("all", 400, 1000), ("two leptons", 100, 30))
    table = made("cutflow", {"cutflow": [path]}, {})
    assert table["signal"].tolist() == [400, 100]
    assert table["signal_fraction"].tolist() == [1, 0.25]
    assert table["background_fraction"].tolist() == [1, 0.03]


def test_cutflow_shows_what_is_expected_at_a_luminosity(tmp_path):
    columns = ["step", "signal", "background", "signal_expected", "background_expected"]
    path = write_csv(tmp_path / "cutflow.csv", columns, ("all", 400, 1000, 42.0, 9800.0))
    table = made("cutflow", {"cutflow": [path]}, {})
    assert list(table.columns) == [*columns, "signal_fraction", "background_fraction"]
    assert table["background_expected"].tolist() == [9800]


def test_cutflow_of_processes_is_long_not_wide(tmp_path):
    """Two backgrounds, one signal and data; the class of one process is not shown twice."""
    flow = pd.DataFrame({"step": ["all", "two jets"], "signal": [400, 100], "background": [1000, 30]})
    flow = flow.assign(s=[400, 100], s_missing=[0, 3], s_weighted=[800.0, 100.0])
    flow = flow.assign(b1=[600, 20], b1_missing=0, b1_weighted=[600.0, 30.0])
    flow = flow.assign(b2=[400, 10], b2_missing=0, b2_weighted=[400.0, -10.0])
    flow = flow.assign(data=[50, 20], data_missing=0)
    path = tmp_path / "cutflow.csv"
    flow.to_csv(path, index=False)
    study = parse_study("toy", ntuple_study({name: {"files": ["x"]} for name in ("s", "b1", "b2", "data")}))
    table = made("cutflow", {"cutflow": [path]}, {}, study)
    assert table.columns.to_list() == ["process", "step", "events", "missing", "weighted", "fraction"]
    assert table["process"].to_list() == [
        name for name in ("background", "s", "b1", "b2", "data") for _ in range(2)
    ]
    assert table["events"].to_list() == [1000, 30, 400, 100, 600, 20, 400, 10, 50, 20]
    assert table["missing"].fillna(-1).to_list() == [-1, -1, 0, 3, 0, 0, 0, 0, 0, 0]
    assert table["fraction"].to_list() == pytest.approx([1, 0.03, 1, 0.125, 1, 0.05, 1, -0.025, 1, 0.4])


def test_competitors_one_row_a_network(tmp_path):
    events = pd.DataFrame({"met_et": [0.0, 1.0, 2.0, 3.0], "label": [0, 1, 0, 1], "split": "train"})
    events.assign(weight=1.0).to_parquet(tmp_path / "features.parquet")
    columns = ["target_efficiency", "signal_efficiency", *comparison.BACKGROUND, "auc", "score_above"]
    rows = [(target, target, target / 2, 0.01, 0.7, NAN) for target in (0.8, 0.2, 0.5)]
    files = {
        "features": [tmp_path / "features.parquet"],
        "metrics": [
            write_csv(tmp_path / "scan.csv", columns, *rows),
            write_csv(tmp_path / "bdt.csv", columns, (0.5, 0.5, 0.1, 0.01, 0.9, 0.4)),
        ],
        "cuts": [
            write_csv(
                tmp_path / "cuts.csv",
                CUT_COLUMNS,
                *((target, "met_et", ">", 0.0, -target) for target in (0.8, 0.2, 0.5)),
            ),
            write_csv(tmp_path / "no_cuts.csv", CUT_COLUMNS),
        ],
        "timing": [tmp_path / "one.tsv", tmp_path / "two.tsv"],
    }
    for path in files["timing"]:
        path.write_text("seconds\tcpu_seconds\n3.0\t2.0\n")
    table = made("competitors", files, {"scan": NETWORKS["scan"], "trees": NETWORKS["bdt"]})
    assert table["network"].tolist() == ["scan", "trees"]
    assert table["model"].tolist() == ["scan", "bdt"]
    # Under (0, 0), (0.1, 0.2), (0.25, 0.5), (0.4, 0.8), (1, 1): over the signal, 1 - (0.16 + 0.14).
    assert table["roc_area"].tolist() == pytest.approx([0.7, 0.9])
    assert table["background_at_0.2"].fillna(-1).tolist() == [0.1, -1]
    assert table["background_at_0.5"].tolist() == [0.25, 0.1]
    assert table["roughness"].fillna(-1).tolist() == pytest.approx([0.0, -1])
    assert table["training_seconds"].tolist() == [2.0, 2.0]


def test_optimum_leaves_out_what_is_outside_of_its_range(tmp_path):
    optimum = write_csv(
        tmp_path / "optimum.csv",
        ["signal_efficiency", "one_sided", "two_sided"],
        (0.9, 0.2, 0.1),
        (1.0, 0.2, 0.1),
    )
    loose, tight = (0.95, "x8", "<", 50.0, 0.0), (0.5, "x8", "<", -50.0, 0.0)
    cuts_ = write_csv(tmp_path / "cuts.csv", CUT_COLUMNS, loose, tight)
    files = {"optimum": [optimum], "cuts": [cuts_]}
    table = made("optimum", files, {"scan": {}}, GAUSSIAN)
    assert table["network"].tolist() == ["scan"]
    assert table.iloc[0]["target_efficiency"] == 0.95
    assert table.iloc[0][["over_one_sided", "over_two_sided"]].tolist() == pytest.approx([5.0, 10.0])
    empty = write_csv(tmp_path / "none.csv", CUT_COLUMNS)
    with pytest.raises(ValueError, match="network linear has no cuts"):
        made("optimum", {"optimum": [optimum], "cuts": [empty]}, {"linear": {}}, GAUSSIAN)


def test_the_best_working_point_keeps_enough_signal(tmp_path):
    events = pd.DataFrame({"x": [0.5, 1.5, 2.5, 3.5, 0.0, 0.2, 0.4, 3.0], "label": [1] * 4 + [0] * 4})
    events = pd.concat([events.assign(split="train"), events.assign(split="test")]).assign(weight=1.0)
    events.to_parquet(tmp_path / "features.parquet")
    rows = [(target, "x", ">", cut, cut) for target, cut in ((0.25, 3.2), (0.5, 2.2), (0.9, 0.1))]
    cuts_ = write_csv(tmp_path / "cuts.csv", CUT_COLUMNS, *rows)
    columns = ["target_efficiency", "signal_efficiency", "background_efficiency", "score_above"]
    metrics = write_csv(tmp_path / "metrics.csv", columns, *[(t, t, t, NAN) for t in (0.25, 0.5, 0.9)])
    events[["label", "split", "weight"]].to_parquet(tmp_path / "scores.parquet")
    # A source whose best cuts are not known: all is counted.
    source = {
        "kind": "processes",
        "seed": 1,
        "processes": {
            name: {"class": name, "events": 10, "mean": [0.0], "width": [1.0]}
            for name in ("signal", "background")
        },
    }
    study = make_study(
        source=source,
        features=[{"name": "x", "direction": ">", "label": "$x$", "unit": ""}],
        counting_experiment=COUNTING_EXPERIMENT
        | {
            "luminosity": 1.0,
            "cross_sections": {"signal": 8.0, "background": 40.0},
            "relative_uncertainty": 0.5,
            "minimum_signal": 3.0,
        },
    )
    files = {
        "features": [tmp_path / "features.parquet"],
        "cuts": [cuts_],
        "metrics": [metrics],
        "scores": [tmp_path / "scores.parquet"],
    }
    table = made("expected_significance", files, {"scan": {}}, study)
    assert table["signal"].tolist() == pytest.approx([2.0, 4.0, 8.0])
    assert table["background"].tolist() == pytest.approx([0.0, 10.0, 30.0])
    # The tightest has the largest significance, with one event in the place of none, but too little signal.
    assert table["best"].tolist() == [False, True, False]


def test_points_alike_are_marked_whose_yields_differ_by_rounding(monkeypatch, tmp_path):
    points = pd.DataFrame({"signal": 5.0, "significance": [0.3, 0.1 + 0.2, 0.2], "exact_significance": NAN})
    monkeypatch.setattr(expected_yields, "tabulate_yields", lambda *given: points.copy())
    file = write_csv(tmp_path / "any.csv", CUT_COLUMNS, (0.5, "x", ">", 1.0, 1.0))
    table_file = tmp_path / "any.parquet"
    pd.DataFrame({"x": [1.0]}).to_parquet(table_file)
    files = {"features": [table_file], "scores": [table_file], "cuts": [file], "metrics": [file]}
    study = make_study(counting_experiment=COUNTING_EXPERIMENT)
    table = made("expected_significance", files, {"scan": {}}, study)
    assert table["best"].tolist() == [True, True, False]
