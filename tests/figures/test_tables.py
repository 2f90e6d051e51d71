"""The tables of numbers, and the three formats that they are written in."""

import importlib
import inspect
from pathlib import Path

import pandas as pd
import pytest
import yaml

from scripts import comparison, write_table
from scripts.models import CUT_COLUMNS
from scripts.tables import TABLES, competitors, cutflow, cuts, hyperparameters, working_points
from scripts.tables import optimum as optimum_table
from scripts.tables import search as search_table

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config" / "config.yaml").read_text())
STUDY = {"features": [{"name": "met_et", "unit": "GeV"}, {"name": "dphi", "unit": ""}]}
NAN = float("nan")


def write_csv(path: Path, columns: list[str], *rows: tuple) -> Path:
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path


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


@pytest.mark.parametrize("kind", TABLES)
def test_every_kind_has_a_module(kind):
    module = importlib.import_module(f"scripts.tables.{kind}")
    assert list(inspect.signature(module.make_table).parameters) == ["files", "study", "networks"]


def test_hyperparameters_are_those_of_table_1_of_the_paper():
    entry = CONFIG["tables"]["table1"]
    networks = {name: CONFIG["networks"][name] for name in entry["networks"]}
    table = hyperparameters.make_table({}, {}, networks)
    values = dict(zip(table["Parameter"], table["Value"], strict=True))
    assert values == {"alpha": 10, "beta": 0.1, "gamma": 1e-5, "delta": 1e-3, "epsilon": 1}


def test_hyperparameters_of_terms_left_out_are_zero():
    table = hyperparameters.make_table({}, {}, {"net": {"loss": {"bce": 2}}})
    assert table["Value"].tolist() == [0, 0, 0, 2, 0]


def test_working_points_keep_every_digit(tmp_path):
    columns = ["target_efficiency", "signal_efficiency", "auc"]
    one = write_csv(tmp_path / "one.csv", columns, (NAN, 0.1 + 0.2, 0.9))
    two = write_csv(tmp_path / "two.csv", columns, (0.2, 0.21, 0.8), (0.5, 0.49, 0.85))
    networks = {"bce": {"epochs": 200}, "scan": {"epochs": 1000}}
    table = working_points.make_table({"metrics": [one, two]}, STUDY, networks)
    assert list(table.columns) == ["network", "epochs", *columns]
    assert table["network"].tolist() == ["bce", "scan", "scan"]
    assert table["epochs"].tolist() == [200, 1000, 1000]
    assert table["signal_efficiency"].tolist() == [0.1 + 0.2, 0.21, 0.49]
    assert table["target_efficiency"].isna().tolist() == [True, False, False]


def test_cuts_have_direction_unit_and_increasing_targets(scan_cuts, bce_cuts):
    table = cuts.make_table({"cuts": [bce_cuts, scan_cuts]}, STUDY, {"bce": {}, "scan": {}})
    assert list(table.columns) == ["network", "target_efficiency", "met_et", "dphi"]
    assert table.iloc[0].isna()["target_efficiency"]
    assert table.iloc[0][["network", "met_et", "dphi"]].tolist() == ["bce", "> 150 GeV", "< 2"]
    assert table.iloc[1].tolist() == ["scan", 0.5, "> 200 GeV", "< -0.000125"]
    assert table.iloc[2].tolist() == ["scan", 0.9, "> 123.5 GeV", "< 2.5"]


def test_both_edges_of_a_window_stand_in_one_cell(tmp_path):
    rows = [(0.5, "met_et", ">", 200.0, 0.5), (0.5, "dphi", "<", 1.0, 0.5), (0.5, "met_et", "<", 300.0, 1.5)]
    path = write_csv(tmp_path / "boxes.csv", CUT_COLUMNS, *rows)
    table = cuts.make_table({"cuts": [path]}, STUDY, {"boxes": {}})
    assert table.iloc[0].tolist() == ["boxes", 0.5, "> 200 GeV, < 300 GeV", "< 1"]


def test_cuts_of_a_network_without_cuts(tmp_path, scan_cuts):
    without = write_csv(tmp_path / "linear.csv", CUT_COLUMNS)
    with pytest.raises(ValueError, match="linear_bce has no cuts"):
        cuts.make_table({"cuts": [scan_cuts, without]}, STUDY, {"scan": {}, "linear_bce": {}})


def test_cutflow_is_relative_to_the_first_step(tmp_path):
    columns = ["step", "signal", "background"]
    path = write_csv(tmp_path / "cutflow.csv", columns, ("all", 400, 1000), ("two leptons", 100, 30))
    table = cutflow.make_table({"cutflow": [path]}, STUDY, {})
    assert table["signal"].tolist() == [400, 100]
    assert table["signal_fraction"].tolist() == [1, 0.25]
    assert table["background_fraction"].tolist() == [1, 0.03]


def test_cutflow_shows_what_is_expected_at_a_luminosity(tmp_path):
    columns = ["step", "signal", "background", "signal_expected", "background_expected"]
    path = write_csv(tmp_path / "cutflow.csv", columns, ("all", 400, 1000, 42.0, 9800.0))
    table = cutflow.make_table({"cutflow": [path]}, STUDY, {})
    assert list(table.columns) == [*columns, "signal_fraction", "background_fraction"]
    assert table["background_expected"].tolist() == [9800]


def written(
    folder: Path, files: dict, networks: dict, kind: str = "cuts", caption: str = "Cuts."
) -> dict[str, str]:
    """Write a table and return the text of each file, having checked that there is no other."""
    folder.mkdir()
    paths = {end: folder / f"of_{end}.{end}" for end in ("csv", "md", "tex")}
    write_table.main(**paths, table={"table": kind}, study=STUDY, networks=networks, caption=caption, **files)
    assert set(folder.iterdir()) == set(paths.values())
    return {end: path.read_text() for end, path in paths.items()}


def test_write_table_writes_three_formats_twice_the_same(tmp_path, scan_cuts):
    texts = written(tmp_path / "one", {"cuts": [scan_cuts]}, {"scan_50%": {}})
    assert texts == written(tmp_path / "two", {"cuts": [scan_cuts]}, {"scan_50%": {}})
    assert texts["csv"].splitlines() == [
        "network,target_efficiency,met_et,dphi",
        "scan_50%,0.5,> 200 GeV,< -0.000125",
        "scan_50%,0.9,> 123.5 GeV,< 2.5",
    ]
    lines = texts["md"].splitlines()
    assert lines[:2] == ["Cuts.", ""]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert cells[0] == ["network", "target_efficiency", "met_et", "dphi"]
    assert cells[2] == ["scan_50%", "0.5", "> 200 GeV", "< -0.000125"]
    assert r"network & target\_efficiency & met\_et & dphi \\" in texts["tex"]
    assert r"scan\_50\% & 0.5 & " in texts["tex"]
    assert r"\caption{Cuts.}" in texts["tex"]


def test_write_table_takes_one_file_of_a_study(tmp_path):
    rows = [("all", 33287, 400000), (r"MET > 200 & $b$-veto", 333, 1)]
    path = write_csv(tmp_path / "cutflow.csv", ["step", "signal", "background"], *rows)
    texts = written(tmp_path / "one", {"cutflow": path}, {}, kind="cutflow")
    assert "all,33287,400000,1.0,1.0" in texts["csv"]
    assert r"\& \$b\$-veto & 333 & 1 & 0.01 & 2.5e-06 \\" in texts["tex"]


def test_table_1_in_latex(tmp_path):
    texts = written(tmp_path / "one", {}, {"scan": CONFIG["networks"]["scan"]}, kind="hyperparameters")
    assert r"gamma & Overall magnitude of cuts & 1e-05 \\" in texts["tex"]
    assert texts["csv"].splitlines()[1] == "alpha,Importance of reaching target signal efficiency,10.0"


def test_captions_are_escaped_in_latex(tmp_path, scan_cuts):
    texts = written(
        tmp_path / "one", {"cuts": [scan_cuts]}, {"scan": {}}, caption="Cuts at 50 % of x_1 & x_2."
    )
    assert r"\caption{Cuts at 50 \% of x\_1 \& x\_2.}" in texts["tex"]
    assert texts["md"].startswith("Cuts at 50 % of x_1 & x_2.\n")


def test_directions_are_maths_in_latex(tmp_path, scan_cuts):
    texts = written(tmp_path / "one", {"cuts": [scan_cuts]}, {"scan": {}})
    assert "> 200" in texts["csv"]
    assert "$>$ 200 GeV & $<$ -0.000125" in texts["tex"] or r"\textgreater" in texts["tex"]


def test_only_missing_values_become_dashes_in_latex(tmp_path):
    metrics = tmp_path / "metrics.csv"
    metrics.write_text("target_efficiency,auc\n,0.75\n")
    texts = written(
        tmp_path / "one", {"metrics": [metrics]}, {"resonance_scan": {"epochs": 3}}, kind="working_points"
    )
    assert r"resonance\_scan & 3 & - & 0.75 \\" in texts["tex"]


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
    table = competitors.make_table(files, STUDY, {"scan": {"model": "scan"}, "trees": {"model": "bdt"}})
    assert table["network"].tolist() == ["scan", "trees"]
    assert table["model"].tolist() == ["scan", "bdt"]
    # Under (0, 0), (0.1, 0.2), (0.25, 0.5), (0.4, 0.8), (1, 1): over the signal, 1 - (0.16 + 0.14).
    assert table["roc_area"].tolist() == pytest.approx([0.7, 0.9])
    assert table["background_at_0.2"].fillna(-1).tolist() == [0.1, -1]
    assert table["background_at_0.5"].tolist() == [0.25, 0.1]
    assert table["roughness"].fillna(-1).tolist() == pytest.approx([0.0, -1])
    assert table["training_seconds"].tolist() == [2.0, 2.0]


GAUSSIAN = CONFIG["studies"]["gaussian"]


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
    table = optimum_table.make_table(files, GAUSSIAN, {"scan": {}})
    assert table["network"].tolist() == ["scan"]
    assert table.iloc[0]["target_efficiency"] == 0.95
    assert table.iloc[0][["over_one_sided", "over_two_sided"]].tolist() == pytest.approx([5.0, 10.0])
    empty = write_csv(tmp_path / "none.csv", CUT_COLUMNS)
    with pytest.raises(ValueError, match="network linear has no cuts"):
        optimum_table.make_table({"optimum": [optimum], "cuts": [empty]}, GAUSSIAN, {"linear": {}})


def test_search_marks_the_best_that_keeps_enough_signal(tmp_path):
    events = pd.DataFrame({"x": [0.5, 1.5, 2.5, 3.5, 0.0, 0.2, 0.4, 3.0], "label": [1] * 4 + [0] * 4})
    events = pd.concat([events.assign(split="train"), events.assign(split="test")]).assign(weight=1.0)
    events.to_parquet(tmp_path / "features.parquet")
    rows = [(target, "x", ">", cut, cut) for target, cut in ((0.25, 3.2), (0.5, 2.2), (0.9, 0.1))]
    cuts_ = write_csv(tmp_path / "cuts.csv", CUT_COLUMNS, *rows)
    columns = ["target_efficiency", "signal_efficiency", "background_efficiency", "score_above"]
    metrics = write_csv(tmp_path / "metrics.csv", columns, *[(t, t, t, NAN) for t in (0.25, 0.5, 0.9)])
    events[["label", "split", "weight"]].to_parquet(tmp_path / "scores.parquet")
    study = {
        "source": {"kind": "simulation"},
        "search": {
            "luminosity": 1.0,
            "cross_sections": {"signal": 8.0, "background": 40.0},
            "relative_uncertainty": 0.5,
            "minimum_signal": 3.0,
        },
    }
    files = {
        "features": [tmp_path / "features.parquet"],
        "cuts": [cuts_],
        "metrics": [metrics],
        "scores": [tmp_path / "scores.parquet"],
    }
    table = search_table.make_table(files, study, {"scan": {}})
    assert table["signal"].tolist() == pytest.approx([2.0, 4.0, 8.0])
    assert table["background"].tolist() == pytest.approx([0.0, 10.0, 30.0])
    # The tightest has the largest significance, with one event in the place of none, but too little signal.
    assert table["best"].tolist() == [False, True, False]


def test_search_marks_points_alike_whose_yields_differ_by_rounding(monkeypatch, tmp_path):
    points = pd.DataFrame({"signal": 5.0, "significance": [0.3, 0.1 + 0.2, 0.2], "exact_significance": NAN})
    monkeypatch.setattr(search_table, "tabulate_search", lambda *given: points.copy())
    file = write_csv(tmp_path / "any.csv", CUT_COLUMNS, (0.5, "x", ">", 1.0, 1.0))
    table_file = tmp_path / "any.parquet"
    pd.DataFrame({"x": [1.0]}).to_parquet(table_file)
    files = {"features": [table_file], "scores": [table_file], "cuts": [file], "metrics": [file]}
    table = search_table.make_table(files, {"search": {"minimum_signal": 3.0}}, {"scan": {}})
    assert table["best"].tolist() == [True, True, False]
