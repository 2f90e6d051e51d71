"""The evaluation of a long table, block by block, against that of the same table in memory."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from scripts.data.score_table import score_thresholds
from scripts.evaluation.score_histogram import ScoreHistogram
from tests.data.tables import FEATURES, make_table, write
from tests.trainings import train

TRAINING = {"optimizer": "sgd", "learning_rate": 0.1, "epochs": 3, "seed": 1}
TARGETS = [0.5, 0.9]
ENTRIES = {
    "scan": {
        "model": "scan",
        "targets": TARGETS,
        "loss": {"efficiency": 10.0, "background": 0.1},
        **TRAINING,
    },
    "property": {
        "model": "one_to_one",
        "event_property": {"name": "pt", "edges": [0.0, 1.0, 3.0]},
        "activation_scale": 2.0,
        "loss": {"bce": 1.0},
        **TRAINING,
    },
    "linear": {"model": "linear", "targets": TARGETS, "loss": {"bce": 1.0}, **TRAINING},
    "kcuts": {
        "model": "kcuts",
        "bins": 5,
        "edges": 10,
        "population": 5,
        "generations": 2,
        "cycles": 2,
        "seed": 1,
    },
}
ENTRIES["by_feature"] = ENTRIES["kcuts"] | {"event_property": {"name": "x", "edges": [990.0, 1000.5, 1010.0]}}


@pytest.mark.parametrize("model", ENTRIES)
def test_metrics_are_those_of_the_table_in_memory(tmp_path, monkeypatch, model):
    data = make_table(384, seed=2).assign(label=np.int8(-1), split="data", weight=1.0, process="run")
    # Data stands in row groups of its own.
    path = write(pd.concat([make_table(3072), data]), tmp_path)
    expected = train(path, tmp_path / "memory", ENTRIES[model], FEATURES)
    monkeypatch.setattr("scripts.data.thinning.MOST_EVENTS", 2999)
    monkeypatch.setattr("scripts.data.thinning.OF_EACH", 400)
    monkeypatch.setattr("scripts.evaluation.long_tables.EVENTS", 700)
    found = train(path, tmp_path / "blocks", ENTRIES[model], FEATURES)
    tables = [pd.read_csv(files["metrics"]) for files in (found, expected)]
    # A threshold read off a histogram lets another event or two pass.
    rough = 1e-2 if model == "linear" else 2e-4
    pd.testing.assert_frame_equal(*(t.drop(columns="auc") for t in tables), rtol=rough)
    pd.testing.assert_frame_equal(*(pd.read_csv(files["cuts"]) for files in (found, expected)), rtol=1e-4)
    np.testing.assert_allclose(*(t["auc"] for t in tables), rtol=1e-3)
    blocks, memory = (pd.read_csv(files["processes"]) for files in (found, expected))
    pd.testing.assert_frame_equal(blocks, memory, rtol=2e-4 if model != "linear" else 5e-3)
    assert memory["process"].unique().tolist()[0::3] == ["signal", "run"]
    scores, every = (pd.read_parquet(files["scores"]) for files in (found, expected))
    assert scores.columns.to_list() == every.columns.to_list()
    assert len(scores) < 1600
    for (split, label), of_sample in every.groupby(["split", "label"]):
        step = -(-len(of_sample) // 400)
        taken = scores[(scores["split"] == split) & (scores["label"] == label)]
        np.testing.assert_allclose(taken["weight"], step * of_sample["weight"][::step])
        np.testing.assert_allclose(taken[scores.columns[3:]], of_sample[scores.columns[3:]][::step])


def test_areas_and_thresholds_of_scores_near_zero_and_one():
    random = np.random.default_rng(1)
    signal, background = (1 / (1 + np.exp(-random.normal(m, 15.0, 4000))) for m in (10.0, -5.0))
    weights = random.uniform(0.5, 2.0, 4000)
    parts = []
    for scores in (signal, background):
        histogram = ScoreHistogram.coarse()
        for some in np.array_split(np.arange(4000), 7):
            histogram.fill(scores[some], weights[some])
        parts.append(histogram)
    expected = roc_auc_score([1] * 4000 + [0] * 4000, [*signal, *background], sample_weight=[*weights] * 2)
    assert parts[0].area_over(parts[1]) == pytest.approx(expected, rel=1e-4)
    fine = ScoreHistogram.fine()
    fine.fill(signal, weights)
    targets = [0.1, 0.5, 0.9, float("nan")]
    found = np.array([fine.threshold(target) for target in targets])
    exact = score_thresholds(signal, weights, targets)
    np.testing.assert_allclose(np.log(found / (1 - found)), np.log(exact / (1 - exact)), atol=1e-4)


def test_ties_count_half():
    one, other = ScoreHistogram.coarse(), ScoreHistogram.coarse()
    one.fill(np.array([0.0, 1.0]), np.ones(2))
    other.fill(np.array([0.0, 0.5]), np.array([1.0, 3.0]))
    assert one.area_over(other) == pytest.approx(1 / 2 * (1 / 2 * 1 / 4) + 1 / 2)
