"""Thresholds on scores, and ROC curves."""

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from scripts.data.score_table import roc_area, roc_curve, score_thresholds


def test_thresholds_of_scores():
    scores, weights = np.array([0.1, 0.4, 0.2, 0.3]), np.array([1.0, 1.0, 1.0, 1.0])
    thresholds = score_thresholds(scores, weights, [0.25, 0.5, 0.99, float("nan")])
    assert thresholds.tolist() == [0.3, 0.2, 0.1, 0.5]
    for target, threshold in zip((0.25, 0.5), thresholds, strict=False):
        assert (scores > threshold).mean() == target
    assert score_thresholds(scores, np.array([1.0, 2.0, 1.0, 1.0]), [0.4]).tolist() == [0.3]


def test_roc_curve_by_hand():
    is_signal = np.array([True, False, True, False])
    background, signal = roc_curve(is_signal, np.array([0.9, 0.8, 0.8, 0.1]), np.array([1.0, 1.0, 3.0, 1.0]))
    assert background.tolist() == [0.0, 0.0, 0.5, 1.0]
    assert signal.tolist() == [0.0, 0.25, 1.0, 1.0]
    assert roc_area(is_signal, np.array([0.9, 0.8, 0.8, 0.1]), np.array([1.0, 1.0, 3.0, 1.0])) == 0.8125


@pytest.mark.parametrize("digits", [1, 2, 17])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_roc_curve_is_that_of_scikit_learn_to_the_last_bit(digits, dtype):
    generator = np.random.default_rng(digits)
    is_signal, scores = generator.random(1000) < 0.3, generator.random(1000).round(digits).astype(dtype)
    weights = generator.exponential(size=1000) * (generator.random(1000) < 0.9)
    expected = sklearn.metrics.roc_curve(is_signal, scores, sample_weight=weights)
    for ours, theirs in zip(roc_curve(is_signal, scores, weights), expected, strict=False):
        assert np.array_equal(ours, theirs)
    area = sklearn.metrics.roc_auc_score(is_signal, scores, sample_weight=weights)
    assert roc_area(is_signal, scores, weights) == area


def test_thresholds_with_negative_weights():
    # From the top the sums are 2, 1, 2, 3, 4: the first beyond half of them is the third event's, after 2.
    scores, weights = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([2.0, -1.0, 1.0, 1.0, 1.0])
    assert score_thresholds(scores, weights, [0.25, 0.5, 0.7]).tolist() == [0.9, 0.6, 0.6]


@given(st.integers(0, 2**20), st.sampled_from([1e-9, 1.0, 1e9]))
def test_the_area_with_negative_weights_is_the_share_of_pairs_in_order(seed, scale):
    generator = np.random.default_rng(seed)
    is_signal, scores = np.arange(60) % 2 == 0, generator.integers(0, 20, 60) / 20
    weights = np.where(generator.random(60) < 0.2, -1.0, 1.0) * generator.uniform(0.5, 2.0, 60)
    weights[:2] = 20.0
    signal, background = scores[is_signal][:, None], scores[~is_signal]
    in_order = (signal > background) + 0.5 * (signal == background)
    of_pairs = weights[is_signal][:, None] * weights[~is_signal]
    expected = (in_order * of_pairs).sum() / of_pairs.sum()
    assert roc_area(is_signal, scores, scale * weights) == pytest.approx(expected, rel=1e-10, abs=1e-10)


def test_scores_that_are_not_finite_have_no_roc_curve():
    with pytest.raises(ValueError, match="a score is NaN or infinite"):
        roc_curve(np.array([True, False]), np.array([0.5, np.nan]), np.ones(2))
