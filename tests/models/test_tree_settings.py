"""Decision trees: every setting is one of the training, and scores are those of the best tree."""

import numpy as np
import pandas as pd
import pytest

from scripts.models.base import TrainingTask
from scripts.parsing import parse_kind

SETTINGS = {
    "model": "bdt",
    "targets": [0.5],
    "trees": 30,
    "learning_rate": 0.5,
    "max_depth": 2,
    "validation_fraction": 0.25,
    "stop_after": 3,
    "seed": 1,
}
FEATURES = ["x", "y"]


def events(seed):
    generator = np.random.default_rng(seed)
    label = (generator.random(300) < 0.3).astype(int)
    table = pd.DataFrame(generator.normal(label[:, None], 1.0, (300, 2)), columns=FEATURES)
    return table.assign(label=label, weight=generator.uniform(0.5, 2.0, 300))


def train_trees(training, test, **changes):
    table = pd.concat([training.assign(split="train"), test.assign(split="test")], ignore_index=True)
    task = TrainingTask("trees", table, FEATURES, [">", ">"])
    return parse_kind("model", SETTINGS | changes).fit(task)


def fit(**changes):
    return train_trees(events(1), events(2), **changes)


def test_scores_are_those_of_the_best_tree_on_the_events_kept_apart():
    trained, history = fit()
    best = history["validation_total"].idxmin()
    assert len(history) == best + 1 + 3 < 30
    assert history["train_total"].idxmin() > best
    test, scores = events(2), trained.scores(events(2))[:, 0]
    lost = -np.log(np.where(test["label"] == 1, scores, 1 - scores))
    assert np.average(lost, weights=test["weight"]) == pytest.approx(history["test_total"][best], rel=1e-4)


@pytest.mark.parametrize(("depth", "most"), [(1, 2), (3, 8)])
def test_a_tree_has_as_many_leaves_as_its_depth_lets_it(depth, most):
    trained, _ = fit(trees=1, max_depth=depth)
    assert most / 2 < len(np.unique(trained.scores(events(2)).round(6))) <= most


def test_a_tree_counts_by_the_learning_rate():
    margins = []
    for rate in (0.2, 0.4):
        scores = fit(trees=1, learning_rate=rate)[0].scores(events(2))
        margins.append(np.log(scores / (1 - scores)))
    spreads = [np.ptp(margin) for margin in margins]
    assert spreads[1] == pytest.approx(2 * spreads[0], rel=1e-4)


@pytest.mark.parametrize("change", [{"seed": 2}, {"validation_fraction": 0.5}], ids=str)
def test_events_kept_apart_depend_on(change):
    plain, changed = (fit(**more)[1]["validation_total"][0] for more in ({}, change))
    assert plain != pytest.approx(changed, rel=1e-6)


def test_a_class_that_is_rare_is_kept_apart_in_its_share():
    """Without that a validation sample of ten of 100 events would often lack both of the signal."""
    table = events(1).iloc[:100].assign(label=[1] * 20 + [0] * 80, x=0.0, y=np.arange(100.0) % 2, weight=1.0)
    settings = {"trees": 1, "learning_rate": 1e-6, "validation_fraction": 0.1}
    for seed in range(5):
        _, history = train_trees(table, table, **settings, seed=seed)
        # Next to no tree yet: the loss is the entropy of the share of signal, one in five in every sample.
        assert history["validation_total"][0] == pytest.approx(history["train_total"][0], rel=1e-4)
