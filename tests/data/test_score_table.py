"""Thresholds on scores."""

import numpy as np

from scripts.data.score_table import score_thresholds


def test_thresholds_of_scores():
    scores, weights = np.array([0.1, 0.4, 0.2, 0.3]), np.array([1.0, 1.0, 1.0, 1.0])
    thresholds = score_thresholds(scores, weights, [0.25, 0.5, 0.99, float("nan")])
    assert thresholds.tolist() == [0.3, 0.2, 0.1, 0.5]
    for target, threshold in zip((0.25, 0.5), thresholds, strict=False):
        assert (scores > threshold).mean() == target
    assert score_thresholds(scores, np.array([1.0, 2.0, 1.0, 1.0]), [0.4]).tolist() == [0.3]


def test_thresholds_with_negative_weights():
    # From the top the sums are 2, 1, 2, 3, 4: the first beyond half of them is the third event's, after 2.
    scores, weights = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([2.0, -1.0, 1.0, 1.0, 1.0])
    assert score_thresholds(scores, weights, [0.25, 0.5, 0.7]).tolist() == [0.9, 0.6, 0.6]
