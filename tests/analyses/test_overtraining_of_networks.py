"""Overtraining of trained networks: the numbers of the evaluation, in memory and block by block."""

import numpy as np
import pandas as pd
import pytest

from scripts import analyse_study
from scripts.data.cut_table import passes_cut_table
from scripts.kinds import module_of
from scripts.parsing import parse_kind
from scripts.tables.inputs import TableInputs
from tests.data.tables import FEATURES, make_table, write
from tests.studies import NETWORKS, make_study, study_entry
from tests.trainings import train

TRAINING = {"optimizer": "sgd", "learning_rate": 0.3, "epochs": 8, "seed": 1}
TARGETS = [0.9, 0.5, 0.7]
LOSS = {"efficiency": 10.0, "background": 0.1}
SCAN = {"model": "scan", "weights": "directions", "loss": LOSS, **TRAINING}
MODELS = {
    "linear": {"model": "linear", "targets": TARGETS, "loss": {"bce": 1.0}, **TRAINING},
    "windows": SCAN | {"weights": "windows", "targets": TARGETS, "start": 3.0},
    "scan": SCAN | {"targets": TARGETS},
    "bce": {"model": "one_to_one", "loss": {"bce": 1.0}, **TRAINING},
    "by_pt": SCAN | {"targets": TARGETS, "event_property": {"name": "pt", "edges": [0.0, 1.0, 3.0]}},
    "boxes": NETWORKS["kcuts"] | {"bins": 20, "edges": 10},
}
STUDY = study_entry(
    features=[{"name": name, "direction": direction} for name, direction in zip(FEATURES, "><", strict=True)],
    properties=[{"name": "pt"}],
    networks=MODELS,
    analyses={"overtraining": {"samples": 40}},
)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A table with weights of both signs and data, and the files of all networks."""
    folder = tmp_path_factory.mktemp("overtrained")
    events = make_table(3072)
    events.loc[::10, "weight"] *= -0.5
    data = make_table(384, seed=2).assign(label=np.int8(-1), split="data", weight=1.0, process="run")
    # Data stands in row groups of its own.
    path = write(pd.concat([events, data]), folder)
    return path, {
        name: train(path, folder / name, entry, FEATURES, [">", "<"]) for name, entry in MODELS.items()
    }


def analyse(files, tmp_path, **settings):
    table, of_networks = files
    study = STUDY | {"analyses": {"overtraining": {"samples": 40} | settings}}
    names = settings.get("networks") or list(MODELS)
    analyse_study.main(
        table=tmp_path / "overtraining.csv",
        analysis="overtraining",
        study=study,
        study_name="toy",
        features=table,
        models=[],
        **{kind: [of_networks[name][kind] for name in names] for kind in ("cuts", "metrics", "scores")},
    )
    return pd.read_csv(tmp_path / "overtraining.csv", keep_default_na=True)


def test_efficiencies_are_those_of_the_evaluation(files, tmp_path):
    found = analyse(files, tmp_path)
    points = found.groupby("network", sort=False)["target_efficiency"].apply(list)
    assert points.index.to_list() == list(MODELS)
    assert points["scan"] == points["linear"] == sorted(TARGETS)
    assert np.isnan(points["bce"]).all()
    # Of 19 boxes those nearest to the targets of the others.
    assert points["boxes"] == pytest.approx([0.5, 0.7, 0.9])
    columns = [f"{name}_efficiency{end}" for name in ("signal", "background") for end in ("", "_uncertainty")]
    events = pd.read_parquet(files[0]).query("split == 'train'")
    for name, rows in found.groupby("network"):
        metrics = pd.read_csv(files[1][name]["metrics"]).set_index("target_efficiency")
        metrics = metrics.loc[rows["target_efficiency"].round(6)] if name != "bce" else metrics
        of_test = rows[[column.replace("efficiency", "efficiency_test") for column in columns]]
        np.testing.assert_allclose(of_test, metrics[columns], rtol=1e-9)
        cuts = pd.read_csv(files[1][name]["cuts"])
        if name == "linear":
            continue
        passed = passes_cut_table(events, cuts, rows["target_efficiency"].to_list())
        for label, column in ((1, "signal_efficiency_training"), (0, "background_efficiency_training")):
            of_class = (events["label"] == label).to_numpy()
            expected = np.average(passed[of_class], axis=0, weights=events["weight"][of_class])
            np.testing.assert_allclose(rows[column], expected, rtol=1e-9)
    # A threshold is that of the training signal.
    linear = found[found["network"] == "linear"]
    np.testing.assert_allclose(linear["signal_efficiency_training"], sorted(TARGETS), atol=0.01)
    assert set(found["simpler"]) == {"scan"}
    others = found[~found["network"].isin(["scan", "bce"])]
    assert others["gain_training_uncertainty"].notna().any()
    assert found.loc[found["network"] == "scan", "gain_training"].isna().all()


def test_a_long_table_has_the_same_efficiencies_of_cuts(files, tmp_path, monkeypatch):
    expected = analyse(files, tmp_path)
    monkeypatch.setattr("scripts.data.stored_table.BLOCK", 500)
    blocks = analyse(files, tmp_path)
    pd.testing.assert_frame_equal(blocks, expected, rtol=1e-9)
    monkeypatch.setattr("scripts.data.thinning.MOST_EVENTS", 2999)
    monkeypatch.setattr("scripts.data.thinning.OF_EACH", 700)
    table, of_networks = files
    linear = train(table, tmp_path / "linear", MODELS["linear"], FEATURES, [">", "<"])
    found = analyse((table, of_networks | {"linear": linear}), tmp_path)
    with_cuts = found["network"] != "linear"
    assert found["network"].drop_duplicates().to_list() == [*list(MODELS)[1:], "linear"]
    of_all = expected[expected["network"] != "linear"].reset_index(drop=True)
    pd.testing.assert_frame_equal(found[with_cuts].reset_index(drop=True), of_all, rtol=1e-9)
    of_share, of_whole = (
        t[t["network"] == "linear"]["background_efficiency_test"] for t in (found, expected)
    )
    np.testing.assert_allclose(of_share, of_whole, atol=0.05)


def test_networks_and_the_simpler_one_can_be_named(files, tmp_path):
    found = analyse(files, tmp_path, networks=["windows", "linear"], simpler="linear", deviations=1e-6)
    assert set(found["network"]) == {"windows", "linear"}
    assert set(found["simpler"]) == {"linear"}
    assert found["remark"].notna().any()


def test_scores_of_other_events_are_told(files, tmp_path):
    table, of_networks = files
    short = tmp_path / "scores.parquet"
    pd.read_parquet(of_networks["linear"]["scores"]).iloc[:-1].to_parquet(short)
    wrong = of_networks | {"linear": of_networks["linear"] | {"scores": short}}
    with pytest.raises(ValueError, match="3071 scores of linear for 3072 events: evaluate it again"):
        analyse((table, wrong), tmp_path)


def test_it_is_a_standard_analysis(tmp_path):
    from scripts.config import read_config

    entry = study_entry(analyses=None, figures=None, tables=None)
    run = read_config({"run": "mine", "studies": {"small": entry}})
    assert run.settings.studies["small"]["analyses"]["overtraining"] == {}
    study = run.studies["small"]
    assert study.networks_of("overtraining") == ["scan"]
    assert "small_overtraining" in study.figures
    assert "small_overtraining" in study.tables
    # With folds each event is of the test for one model and of the training for others.
    run = read_config({"run": "mine", "studies": {"small": entry | {"split": {"folds": 5}}}})
    assert run.studies["small"].analyses == {}
    assert "small_overtraining" not in run.studies["small"].figures
    for given in ({}, {"optimum": {"targets": [0.8, 0.9]}}):
        run = read_config({"run": "mine", "studies": {"small": entry | {"analyses": given}}})
        assert "overtraining" not in run.studies["small"].analyses


def test_figures_show_networks_of_the_analysis():
    drawn = {"one": {"plot": "overtraining", "caption": "A figure.", "networks": ["scan"]}}
    with pytest.raises(ValueError, match="study small has no analysis `overtraining` to show"):
        make_study(check=True, figures=drawn)
    analyses = {"overtraining": {"networks": ["bdt"]}}
    networks = {name: NETWORKS[name] for name in ("scan", "bdt")}
    with pytest.raises(
        ValueError, match=r"figures\.one\.networks: the analysis overtraining has no network scan"
    ):
        make_study(check=True, figures=drawn, analyses=analyses, networks=networks)


def test_the_table_has_the_main_columns(files, tmp_path):
    found = analyse(files, tmp_path)
    entry = {"table": "overtraining", "caption": "A table.", "networks": ["windows", "linear"]}
    inputs = TableInputs(
        parse_kind("table", entry), make_study(), {"overtraining": [tmp_path / "overtraining.csv"]}
    )
    table = module_of("table", "overtraining").make_table(inputs)
    assert table["network"].to_list() == ["windows"] * 3 + ["linear"] * 3
    rows = found[found["network"] == "windows"].reset_index(drop=True)
    pd.testing.assert_frame_equal(table.iloc[:3], rows[table.columns])
