"""Whether working points meet their targets, in metrics, cuts, log and tables."""

import logging

import numpy as np
import pandas as pd
import pytest

from scripts.data.cut_table import CUT_COLUMNS, edges_at_work, edges_text
from scripts.data.feature_table import make_feature_table
from scripts.study import Split
from scripts.tables.latex import to_latex
from scripts.tables.marks import mark_missed
from tests.studies import NETWORKS
from tests.trainings import train

TRAINING = {"optimizer": "adam", "learning_rate": 0.1, "seed": 1}
SCAN = {
    "model": "scan",
    "targets": [0.5, 0.9],
    "start": 1.0,
    "loss": {"efficiency": 10.0, "background": 0.3, "smoothness": 1.0},
    **TRAINING,
}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """300 events of each class; the feature z does not separate."""
    random = np.random.default_rng(3)
    signal, background = (
        pd.DataFrame({"x": random.normal(mean, 1.0, 300), "z": random.normal(0.0, 1.0, 300)})
        for mean in (1.0, -1.0)
    )
    path = tmp_path_factory.mktemp("table") / "features.parquet"
    weighted = make_feature_table(signal, background, Split(test_fraction=0.2, seed=1))
    weighted.assign(weight=2.0).to_parquet(path)
    return path


def metrics_of(table, folder, entry):
    files = train(table, folder, entry, ["x", "z"])
    return pd.read_csv(files["metrics"]), pd.read_csv(files["cuts"])


def test_an_own_training_meets_its_targets(table, tmp_path):
    metrics, cuts = metrics_of(table, tmp_path, SCAN | {"epochs": 20, "most_epochs": 400})
    assert metrics["target_met"].to_list() == ["yes", "yes"]
    assert metrics["target_note"].isna().all()
    assert metrics["target"].to_list() == metrics["target_efficiency"].to_list() == [0.5, 0.9]
    error = metrics["training_signal_efficiency_uncertainty"]
    assert (np.abs(metrics["training_signal_efficiency"] - metrics["target"]) < error).all()
    # 240 events of weight 2.
    expected = np.sqrt(metrics["target"] * (1 - metrics["target"]) / 240)
    np.testing.assert_allclose(error, expected, rtol=0.1)
    assert cuts["target_of"].unique().tolist() == ["signal"]
    assert cuts["target_met"].unique().tolist() == ["yes"]
    assert cuts["idle"].dtype == bool


def test_a_missed_target_is_told(table, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        metrics, cuts = metrics_of(table, tmp_path / "study" / "scan", SCAN | {"epochs": 1})
    assert metrics["target_met"].to_list() == ["no", "no"]
    assert metrics["target_note"].str.startswith("the training ended after 1 epochs, with 0.8").all()
    assert cuts["target_met"].to_list() == ["no"] * 4
    line = next(text for text in caplog.messages if "0.5" in text)
    assert line.startswith("study/scan: the target 0.5 (signal) is missed: the cuts keep ")
    assert line.endswith("give `most_epochs`")


def test_what_has_not_converged_is_told(table, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        metrics, _ = metrics_of(table, tmp_path, SCAN | {"epochs": 2, "most_epochs": 2})
    assert metrics["target_met"].to_list() == ["yes", "yes"]
    assert metrics["target_note"].to_list() == ["not converged in 2 epochs: raise `most_epochs`"] * 2
    assert "test: not converged in 2 epochs: raise `most_epochs`" in caplog.messages


@pytest.mark.parametrize("model", ["one_to_one", "scan"])
@pytest.mark.parametrize(("target_of", "unit"), [("background", 1.0), ("rate", 600.0)])
def test_targets_of_the_background(table, tmp_path, model, target_of, unit):
    targets = [0.2] if model == "one_to_one" else [0.1, 0.3]
    entry = SCAN | {"model": model, "epochs": 20, "most_epochs": 250, "target_of": target_of}
    loss = {"efficiency": 10.0, "background": 0.3}
    metrics, cuts = metrics_of(
        table, tmp_path, entry | {"targets": [unit * target for target in targets], "loss": loss}
    )
    assert metrics["target_met"].unique().tolist() == ["yes"]
    assert metrics["target"].to_list() == [unit * target for target in targets]
    assert metrics["target_of"].unique().tolist() == [target_of]
    np.testing.assert_allclose(metrics["training_background_efficiency"], targets, atol=0.03)
    # A working point is known by the signal efficiency that it reaches in training.
    np.testing.assert_allclose(metrics["target_efficiency"], metrics["training_signal_efficiency"], atol=5e-3)
    assert cuts["target_efficiency"].unique().tolist() == metrics["target_efficiency"].to_list()
    assert cuts["target"].unique().tolist() == metrics["target"].to_list()


def test_a_rate_above_that_of_all_events(table, tmp_path):
    entry = SCAN | {"epochs": 1, "most_epochs": 2, "target_of": "rate", "targets": [600.0]}
    with pytest.raises(ValueError, match="the rate 600 is not below that of all background events, 600"):
        metrics_of(table, tmp_path, entry)


def test_other_models(table, tmp_path):
    kcuts, _ = metrics_of(table, tmp_path / "kcuts", NETWORKS["kcuts"])
    assert set(kcuts["target_met"].dropna()) <= {"yes", "no"}
    linear = {"model": "linear", "targets": [0.9], "loss": {"bce": 1.0}, "epochs": 2, **TRAINING}
    score, cuts = metrics_of(table, tmp_path / "linear", linear)
    assert score["target_met"].to_list() == ["yes"]
    assert cuts.empty
    single, _ = metrics_of(table, tmp_path / "bce", NETWORKS["one_to_one"])
    assert single[["target", "target_of", "target_met", "target_note"]].isna().all(axis=None)


def test_edges_at_work_by_hand():
    events = pd.DataFrame({"x": [1.0, 3.0, 3.0, 3.0], "y": [5.0, 9.0, 5.0, 5.0], "z": [0.0, 0.0, 0.0, 1.0]})
    rows = [
        (0.5, "x", ">", 2.0),  # the first event fails it alone
        (0.5, "y", "<", 7.0),  # the second
        (0.5, "z", "<", 2.0),  # none
        (0.9, "x", ">", 2.0),  # the first, but it fails y, too
        (0.9, "y", ">", 6.0),  # the last two
        (0.9, "z", ">", -1.0),  # none
    ]
    cuts = pd.DataFrame([(*row, 0.0) for row in rows], columns=CUT_COLUMNS)
    assert edges_at_work(events, cuts).tolist() == [True, True, False, False, True, False]
    binned = pd.concat(
        [
            cuts[:3].assign(property="z", property_low=low, property_high=high)
            for low, high in ((0, 1), (1, 2))
        ]
    )
    assert edges_at_work(events, binned).tolist() == [True, True, False, False, False, False]


def test_idle_edges_are_none():
    edges = pd.DataFrame({"direction": [">", "<"], "cut": [1.0, 2.0], "idle": [True, False]})
    assert edges_text(edges, "GeV") == "< 2 GeV"
    assert edges_text(edges[:1], "GeV") == "none"
    assert edges_text(edges.drop(columns="idle"), "") == "> 1, < 2"
    assert edges_text(edges[:0], "") == ""


def test_marks():
    table = pd.DataFrame(
        {
            "network": "scan",
            "target_efficiency": [0.5, 0.9],
            "target": [0.5, 0.9],
            "target_met": ["yes", "no"],
            "target_note": [np.nan, "not converged"],
        }
    )
    shown, notes = mark_missed(table)
    assert shown["target_efficiency"].to_list() == ["0.5", "0.9 *"]
    assert list(shown) == ["network", "target_efficiency", "target"]
    assert notes[0].startswith("* This target is missed")
    assert notes[1:] == ["scan, 0.9: not converged."]
    assert "0.9 *" in to_latex(shown, "Caption.")
    assert mark_missed(table[:1])[1] == []
    plain = table[["network"]]
    assert mark_missed(plain)[0] is plain
