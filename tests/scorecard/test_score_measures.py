"""Measures of areas and scores, with their uncertainties by hand."""

import math

import numpy as np
import pytest


def test_uncertainty_of_an_auc(run, scores_of, nan):
    """After Hanley and McNeil, of 5 signal and 3 background events of the test sample."""
    metrics = {"target_efficiency": [nan], "auc": [0.8]}
    run.write(metrics=metrics, scores=scores_of([0.5] * 5, [0.5] * 3))
    # Q1 = 0.8 / 1.2 = 2 / 3, Q2 = 2 * 0.64 / 1.8 = 32 / 45
    variance = (0.16 + 4 * (2 / 3 - 0.64) + 2 * (32 / 45 - 0.64)) / 15
    assert run("auc", network="net") == pytest.approx((0.8, math.sqrt(variance)))


def test_threshold_that_a_fraction_of_the_signal_passes(run, scores_of):
    run.write(scores=scores_of(np.linspace(0, 1, 101), [0.5]))
    spread = math.sqrt(0.2 * 0.8 / 101)
    # Scores are even, so the threshold moves as the fraction.
    assert run("score_threshold", network="net", efficiency=0.2) == pytest.approx((0.8, spread))


def test_fraction_of_a_class_above_a_score(run, scores_of):
    run.write(scores=scores_of([0.9, 0.5, 0.6, 0.4], [0.1, 0.7, 0.2]))
    for label, share, n_events in ((1, 0.5, 4), (0, 1 / 3, 3)):
        found = run("efficiency_above", network="net", label=label, score_above=0.5)
        assert found == pytest.approx((share, math.sqrt(share * (1 - share) / n_events)))
    of_all = run("efficiency_above", network="net", score_above=0.5)
    assert of_all == pytest.approx((3 / 7, math.sqrt(3 / 7 * 4 / 7 / 7)))
    of_training = run("efficiency_above", network="net", label=1, score_above=0.5, split="train")
    assert of_training == (1.0, 0.0)


def test_fraction_of_a_process_above_a_score(run):
    scores = {"label": [1, 0, 0, 0, 0, 0], "split": ["test"] * 5 + ["train"]}
    run.write(
        scores=scores | {"score": [0.9, 0.6, 0.1, 0.2, 0.7, 0.9]},
        features=scores | {"process": ["s", "b1", "b1", "b1", "b2", "b1"], "weight": 1.0, "x0": 0.0},
    )
    found = run("efficiency_above", network="net", process="b1", score_above=0.5)
    assert found == pytest.approx((1 / 3, math.sqrt(1 / 3 * 2 / 3 / 3)))


def test_scores_on_either_side_of_the_cuts(run):
    table = {
        "x0": [0.0, 1.0, 2.0, 3.0, 9.0],
        "label": [0, 0, 1, 1, 1],
        "split": ["test"] * 4 + ["train"],
        "weight": 1.0,
    }
    cuts = {"target_efficiency": [0.9, 0.4], "feature": "x0", "direction": ">", "cut": [0.5, 1.5]}
    scores = {
        "label": table["label"],
        "split": table["split"],
        "score_0.4": [0.1, 0.6, 0.3, 0.9, 0.0],
        "score_0.9": [0.2, 0.8, 0.9, 0.7, 0.0],
    }
    run.write(features=table, cuts=cuts, scores=scores)
    # At 0.9 all three that pass are above 1/2 and the one that fails is below; at 0.4 one of two each.
    arguments = {"network": "net", "score_above": 0.5}
    assert run("passing_events_above", **arguments) == 0.5
    assert run("failing_events_below", **arguments) == 0.5
    assert run("passing_events_above", **arguments | {"score_above": 0.75}) == 0.5
    assert run("failing_events_below", **arguments | {"score_above": 0.05}) == 0.0


def test_scores_close_to_the_ends(run):
    scores = {"label": [1, 1, 0, 0, 0], "split": ["test"] * 4 + ["train"]}
    scores |= {"score_0.5": [0.99, 0.9, 0.5, 0.03, 0.5], "score_0.7": [0.999, 0.995, 0.5, 0.004, 0.5]}
    assert run.write(scores=scores)("scores_at_ends", network="net", within=0.02) == 0.25


def test_outputs_beyond_probabilities(run):
    scores = {"label": 1, "split": ["train", "train", "test"]}
    run.write(scores=scores | {"score": [0.2, 1.3, -0.4]})
    assert run("least_output", network="net") == 0.2
    assert run("output_outside", network="net") == pytest.approx(0.4)
    run.write(scores=scores | {"score": [0.2, 1.5, -0.4]})
    assert run("output_outside", network="net") == pytest.approx(0.5)
    run.write(scores=scores | {"score": [0.2, 1.0, 0.0]})
    assert run("output_outside", network="net") == 0.0


def test_auc_at_a_target(run, scores_of):
    """Of a scan, whose targets have a score each."""
    metrics = {"target_efficiency": [0.3, 0.6, 0.9], "auc": [0.8, 0.7, 0.85]}
    run.write(metrics=metrics, scores=scores_of([0.5] * 5, [0.5] * 3))
    run.write(
        "other", metrics={"target_efficiency": [math.nan], "auc": [0.75]}, scores=scores_of([0.5], [0.5])
    )
    for target, auc in zip(metrics["target_efficiency"], metrics["auc"], strict=True):
        assert run("auc", network="net", target=target)[0] == auc
    assert run("auc", network="other")[0] == 0.75
