"""From a feature table to the files of a competitor, and the one way to load whatever was trained."""

import json
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scripts.jobs import progress
from scripts.models import load_model
from scripts.models.base import area_through
from scripts.models.boxes import BoxModel
from tests import trainings
from tests.studies import make_study

FEATURES = ["a", "b", "c"]
TARGETS = [0.5, 0.9]
NETWORKS = {
    "kcuts": {
        "model": "kcuts",
        "bins": 10,
        "edges": 40,
        "population": 30,
        "generations": 5,
        "cycles": 4,
        "seed": 1,
    },
    "grid": {
        "model": "grid",
        "targets": TARGETS,
        "most_points": 1000,
        "supercuts": [
            {"selections": "a > {0}", "st3": [[-20, 5, 1]]},
            {"selections": "b < {0}", "pivot": [1000]},
        ],
    },
    "bdt": {
        "model": "bdt",
        "targets": TARGETS,
        "trees": 60,
        "learning_rate": 0.3,
        "max_depth": 2,
        "validation_fraction": 0.25,
        "stop_after": 5,
        "seed": 1,
    },
}


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("table") / "features.parquet"
    source = {"signal_events": 600, "background_events": 400, "seed": 5, "mean_scale": 1.0}
    study = make_study(
        source={"kind": "gaussian", "width_scale": 2.0, **source},
        split={"test_fraction": 0.3, "seed": 42},
        features=[{"name": name, "direction": ">", "label": name, "unit": ""} for name in FEATURES],
    )
    study.source.generate(study).to_parquet(path)
    return path


def run(table: Path, folder: Path, network: dict, threads: int = 1) -> dict[str, Path]:
    return trainings.train(table, folder, network, FEATURES, threads=threads)


@pytest.mark.parametrize("kind", NETWORKS)
def test_same_files_every_time_whatever_the_threads(table, tmp_path, kind):
    contents = []
    for number in (1, 2):
        files = run(table, tmp_path / str(number), NETWORKS[kind], threads=number)
        contents.append({name: path.read_bytes() for name, path in files.items() if name != "timing"})
        timing = pd.read_csv(files["timing"], sep="\t")
        assert timing.columns.tolist() == ["seconds", "cpu_seconds", "path"]
        assert (timing[["seconds", "cpu_seconds"]] >= 0).all(axis=None)
    assert contents[0] == contents[1]


@pytest.mark.parametrize("kind", ["kcuts", "grid"])
def test_metrics_of_boxes_are_what_the_cuts_in_the_file_do(table, tmp_path, kind):
    files = run(table, tmp_path, NETWORKS[kind])
    events = pd.read_parquet(table)
    test = events[events["split"] == "test"]
    cuts, metrics = pd.read_csv(files["cuts"]), pd.read_csv(files["metrics"])
    scores = pd.read_parquet(files["scores"])
    expected = TARGETS if kind == "grid" else [tenth / 10 for tenth in range(1, 10)]
    assert metrics["target_efficiency"].tolist() == expected
    assert np.isfinite(cuts["cut"]).all()
    for row in metrics.itertuples():
        passed = pd.Series(True, index=test.index)
        for cut in cuts[cuts["target_efficiency"] == row.target_efficiency].itertuples():
            passed &= test[cut.feature] > cut.cut if cut.direction == ">" else test[cut.feature] < cut.cut
        assert row.signal_efficiency == pytest.approx(passed[test["label"] == 1].mean())
        assert row.background_efficiency == pytest.approx(passed[test["label"] == 0].mean())
        assert (scores.loc[test.index, f"score_{row.target_efficiency}"] == passed).all()
    assert metrics["loss_signal_efficiency"].tolist() == pytest.approx(metrics["signal_efficiency"].tolist())
    assert metrics["score_above"].isna().all()
    area = area_through(metrics["signal_efficiency"].to_numpy(), metrics["background_efficiency"].to_numpy())
    assert metrics["auc"].tolist() == pytest.approx([area] * len(metrics))
    assert scores.dtypes["score_0.5"] == np.int8


def test_training_efficiencies_reach_the_targets(table, tmp_path):
    history = pd.read_csv(run(table, tmp_path, NETWORKS["grid"])["history"])
    assert (history["train_signal_efficiency"] >= history["target_efficiency"]).all()
    assert history["train_background_efficiency"].is_monotonic_increasing


def test_trees_select_by_a_threshold_found_on_the_training_sample(table, tmp_path):
    files = run(table, tmp_path, NETWORKS["bdt"])
    metrics, scores = pd.read_csv(files["metrics"]), pd.read_parquet(files["scores"])
    assert metrics["target_efficiency"].tolist() == TARGETS
    assert pd.read_csv(files["cuts"]).empty
    signal = scores[scores["label"] == 1]
    for row in metrics.itertuples():
        of_training = signal[signal["split"] == "train"]["score"] > row.score_above
        assert of_training.mean() == pytest.approx(row.target_efficiency, abs=0.02)
        of_test = signal[signal["split"] == "test"]["score"] > row.score_above
        assert row.signal_efficiency == pytest.approx(of_test.mean())
    assert metrics["auc"].min() > 0.8
    history = pd.read_csv(files["history"])
    best = history["validation_total"].idxmin()
    assert len(history) == best + 1 + NETWORKS["bdt"]["stop_after"] < NETWORKS["bdt"]["trees"]
    assert {"epoch", "train_total", "test_total"} <= set(history)


def test_trees_weigh_the_classes_the_same_where_asked_for(table):
    """A heavy background lowers all scores, unless both classes count the same."""
    events = pd.read_parquet(table)
    events[FEATURES] = np.random.default_rng(1).normal(size=(len(events), 3))  # nothing to tell them by
    events.loc[events["label"] == 0, "weight"] = 1000.0
    scores = {
        equal: trainings.fit(events, NETWORKS["bdt"], FEATURES, equal_class_weights=equal)
        for equal in (False, True)
    }
    scores = {equal: model.scores(events).mean() for equal, model in scores.items()}
    assert scores[False] < 0.1
    assert scores[True] == pytest.approx(0.5, abs=0.1)


def test_progress_and_points_are_told(table, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(progress, "LINE_EVERY", 0.0)
    with caplog.at_level(logging.INFO, logger="cabin"):
        for kind, network in NETWORKS.items():
            run(table, tmp_path / kind, network)
    for text in ("test: cycle 4/4, 720 boxes", "test: 25 points (25) of at most 1000", "test: tree 3/60"):
        assert any(text in message for message in caplog.messages), text


@pytest.mark.parametrize("kind", NETWORKS)
def test_truncated_model_is_named(table, tmp_path, kind):
    model = run(table, tmp_path, NETWORKS[kind])["model"]
    content = model.read_text()
    for damaged in (content[: len(content) // 2], "{}", "[]", ""):
        model.write_text(damaged)
        with pytest.raises(ValueError, match=r"model.json: not a complete model file: delete it"):
            load_model(model, kind, FEATURES)
    model.write_text(content)
    with pytest.raises(ValueError, match="made for the features a, b, c, not a, c: train it again"):
        load_model(model, kind, ["a", "c"])
    model.unlink()
    with pytest.raises(FileNotFoundError, match="no such model file"):
        load_model(model, kind, FEATURES)


def test_boxes_that_cut_nothing(tmp_path):
    scaling = (np.zeros(1), np.ones(1))
    edges = [[("a", ">", 0.5), ("a", "<", np.inf)], [("a", ">", -np.inf)]]
    boxes = BoxModel.from_edges(edges, [0.5, 0.9], ["a"], scaling)
    assert len(boxes.cuts()) == 1
    boxes.save(tmp_path / "model.json")
    model = load_model(tmp_path / "model.json", "kcuts", ["a"])
    assert isinstance(model, BoxModel)
    pd.testing.assert_frame_equal(model.cuts(), boxes.cuts())
    assert model.scores(pd.DataFrame({"a": [0.0, 1.0]})).tolist() == [[0, 1], [1, 1]]
    nothing = BoxModel.from_edges([[]], [0.9], ["a"], scaling)
    assert nothing.scores(pd.DataFrame({"a": [0.0]})).tolist() == [[1]]


def test_area_through_points_by_hand():
    assert area_through(np.array([]), np.array([])) == pytest.approx(0.5)
    assert area_through(np.array([1.0]), np.array([0.0])) == pytest.approx(1.0)
    # Under (0, 0), (0.2, 0.8), (1, 1), in any order.
    assert area_through(np.array([0.8]), np.array([0.2])) == pytest.approx(0.08 + 0.72)
    assert area_through(np.array([0.8, 0.4]), np.array([0.2, 0.1])) == pytest.approx(0.8)


def test_too_few_events_to_keep_some_apart(table, tmp_path):
    events = pd.read_parquet(table).groupby(["label", "split"]).head(1)
    other = events[events["split"] == "train"].assign(a=7.0, b=8.0, c=9.0)
    pd.concat([events, other[other["label"] == 1]]).to_parquet(tmp_path / "few.parquet")
    with pytest.raises(ValueError, match="validation_fraction: "):
        run(tmp_path / "few.parquet", tmp_path, NETWORKS["bdt"])


def test_json_of_the_boxes_is_plain(table, tmp_path):
    content = json.loads(run(table, tmp_path, NETWORKS["grid"])["model"].read_text())
    assert content["targets"] == TARGETS
    assert set(content["cuts"][0]) == {"target_efficiency", "feature", "direction", "cut", "cut_scaled"}
