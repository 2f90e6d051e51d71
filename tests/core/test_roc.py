"""ROC curves, and the area under them with its error."""

import itertools
import math

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cabin_core.roc import expected_error, roc_area, roc_area_with_error, roc_curve


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


@settings(deadline=None, max_examples=50)
@given(
    signal=st.lists(st.tuples(st.integers(0, 5), st.floats(-1, 3)), min_size=1, max_size=6),
    background=st.lists(st.tuples(st.integers(0, 5), st.floats(-1, 3)), min_size=1, max_size=6),
)
def test_area_is_that_of_all_pairs(signal, background):
    totals = [sum(weight for _, weight in of_class) for of_class in (signal, background)]
    assume(min(totals) > 0.1)
    values, weights = np.array(signal + background).T
    pairs = itertools.product(signal, background)
    expected = sum(v * w * ((x > y) + (x == y) / 2) for (x, v), (y, w) in pairs) / math.prod(totals)
    area, uncertainty = roc_area_with_error(np.arange(len(values)) < len(signal), values, weights)
    assert area == pytest.approx(expected, abs=1e-9)
    assert uncertainty >= 0


@pytest.mark.parametrize("distance", [0.0, 0.8])
def test_errors_of_the_area_are_the_spread_of_samples(distance):
    is_signal = np.arange(600) < 300
    samples = [np.random.default_rng(seed).normal(distance * is_signal) for seed in range(60)]
    areas, errors = zip(*(roc_area_with_error(is_signal, x, np.ones(600)) for x in samples), strict=True)
    assert np.mean(errors) == pytest.approx(np.std(areas), rel=0.3)
    assert expected_error(float(np.mean(areas)), 300, 300) == pytest.approx(np.mean(errors), rel=0.05)


def test_expected_error_by_hand():
    # Without separation the rank sums of 2 and 3 events have the variance (2 + 3 + 1) / (12 * 2 * 3).
    assert expected_error(0.5, 2, 3) == pytest.approx(math.sqrt(1 / 12))
    assert expected_error(1.0, 5, 7) == 0.0
