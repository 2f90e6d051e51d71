"""From a feature table to the files of a network, and what they say of each other."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose

from cabin_core import FeatureScaling
from scripts.data.feature_table import fit_scaling
from scripts.jobs import progress
from scripts.models.samples import make_sample
from tests import trainings
from tests.studies import make_study

FEATURES = ["a", "b", "c"]
DIRECTIONS = [">", "<", ">"]
SCAN = {
    "model": "scan",
    "targets": [0.5, 0.3, 0.8],
    "loss": {"efficiency": 10.0, "background": 0.1},
    "optimizer": "sgd",
    "learning_rate": 0.5,
    "epochs": 15,
    "seed": 1,
}
LINEAR = {"model": "linear", "loss": {"bce": 1.0}, "optimizer": "sgd", "learning_rate": 0.5, "seed": 1}


@pytest.fixture
def table(tmp_path) -> Path:
    source = {"signal_events": 300, "background_events": 200, "seed": 5, "mean_scale": 1.0}
    study = make_study(
        source={"kind": "gaussian", "width_scale": 2.0, **source},
        split={"test_fraction": 0.2, "seed": 42},
        features=[
            {"name": name, "direction": direction, "label": name, "unit": ""}
            for name, direction in zip(FEATURES, DIRECTIONS, strict=True)
        ],
    )
    path = tmp_path / "features.parquet"
    study.source.generate(study).to_parquet(path)
    return path


def train(table: Path, folder: Path, network: dict) -> dict[str, Path]:
    return trainings.train(table, folder, network, FEATURES, DIRECTIONS)


def test_metrics_are_what_the_cuts_in_the_file_do(table, tmp_path):
    files = train(table, tmp_path, SCAN)
    events = pd.read_parquet(table)
    test = events[events["split"] == "test"]
    cuts = pd.read_csv(files["cuts"])
    metrics = pd.read_csv(files["metrics"])
    assert metrics["target_efficiency"].to_list() == [0.5, 0.3, 0.8]
    assert cuts["direction"].to_list() == DIRECTIONS * 3
    for row in metrics.itertuples():
        passed = pd.Series(True, index=test.index)
        for cut in cuts[cuts["target_efficiency"] == row.target_efficiency].itertuples():
            passed &= test[cut.feature] > cut.cut if cut.direction == ">" else test[cut.feature] < cut.cut
        signal = passed[test["label"] == 1]
        assert row.signal_efficiency == pytest.approx(signal.mean())
        expected = np.sqrt(signal.mean() * (1 - signal.mean()) / len(signal))
        assert row.signal_efficiency_uncertainty == pytest.approx(expected)
        assert row.background_efficiency == pytest.approx(passed[test["label"] == 0].mean())
    means, spreads = fit_scaling(events, FEATURES, "standard")
    assert_allclose(cuts["cut"], cuts["cut_scaled"] * np.tile(spreads, 3) + np.tile(means, 3))


def test_scores_file_has_a_column_a_target(table, tmp_path):
    files = train(table, tmp_path, SCAN)
    scores = pd.read_parquet(files["scores"])
    assert list(scores.columns) == ["label", "split", "weight", "score_0.5", "score_0.3", "score_0.8"]
    assert len(scores) == 500
    history = pd.read_csv(files["history"])
    metrics = pd.read_csv(files["metrics"])
    assert len(history) == 15
    test_signal = scores[(scores["split"] == "test") & (scores["label"] == 1)]
    assert_allclose(metrics["loss_signal_efficiency"], test_signal.iloc[:, 3:].mean(), rtol=1e-5)


def test_linear_network_has_no_cuts_and_selects_by_score(table, tmp_path):
    files = train(table, tmp_path, LINEAR | {"epochs": 5, "seed": 123})
    assert pd.read_csv(files["cuts"]).empty
    metrics, scores = pd.read_csv(files["metrics"]), pd.read_parquet(files["scores"])
    signal = scores[(scores["split"] == "test") & (scores["label"] == 1)]["score"]
    assert np.isnan(metrics["target_efficiency"][0])
    assert metrics["signal_efficiency"][0] == pytest.approx((signal > 0.5).mean())


def test_training_twice_gives_the_same_files(table, tmp_path):
    network = SCAN | {"batch_size": 64, "weights": "learned"}
    contents = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        files = train(table, tmp_path / name, network)
        contents.append({kind: path.read_bytes() for kind, path in files.items() if kind != "timing"})
    assert contents[0] == contents[1]


def test_progress_is_reported(table, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(progress, "LINE_EVERY", 0.0)
    with caplog.at_level(logging.INFO, logger="cabin"):
        train(table, tmp_path, SCAN)
    assert sum("epoch" in message and "s left" in message for message in caplog.messages) == 15


def test_classes_weigh_the_same_where_asked_for(table):
    events = pd.read_parquet(table)
    events["weight"] = np.where(events["label"] == 1, 0.01, 40.0) * (1 + np.arange(500) % 3)
    scaling = FeatureScaling(FEATURES, *fit_scaling(events, FEATURES, "standard"))
    plain, equal = (
        make_sample(events, scaling, "train", torch.float64, equal_class_weights=choice)
        for choice in (False, True)
    )
    for mask in (equal.is_signal, ~equal.is_signal):
        assert float(equal.weights[mask].sum()) == pytest.approx(200)
        ratio = equal.weights[mask] / plain.weights[mask]
        assert ratio.numpy() == pytest.approx(ratio.numpy()[0])


def test_training_sees_equal_class_weights(table, tmp_path):
    """Where the classes weigh the same in any case, a heavy background trains to the same model."""
    heavy = pd.read_parquet(table)
    heavy.loc[heavy["label"] == 0, "weight"] = 1000.0
    heavy.to_parquet(tmp_path / "heavy.parquet")
    last_losses = {}
    for path in (table, tmp_path / "heavy.parquet"):
        for equal in (False, True):
            files = trainings.train(
                path,
                tmp_path / "linear",
                LINEAR | {"epochs": 20},
                FEATURES,
                evaluate=False,
                equal_class_weights=equal,
            )
            last_losses[path.stem, equal] = pd.read_csv(files["history"])["train_total"].iloc[-1]
    assert last_losses["heavy", True] == pytest.approx(last_losses["features", True], rel=1e-5)
    assert last_losses["heavy", False] < 0.5 * last_losses["features", False]
