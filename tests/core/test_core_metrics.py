import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cabin_core import hard_cut_efficiencies, passes_cuts
from cabin_core.metrics import effective_events, weighted_efficiencies

FEATURES = np.array([[1.0, 5.0], [3.0, 5.0], [3.0, 1.0], [2.0, 1.0]])


@pytest.mark.parametrize(
    ("cuts", "directions", "expected"),
    [
        ([[2.0, 3.0]], "><", [[False], [False], [True], [False]]),  # the last event lies on a cut
        ([[2.0, 3.0]], "<>", [[True], [False], [False], [False]]),
        ([[0.0, 0.0], [1.5, 5.0]], ">>", [[True, False], [True, False], [True, False], [True, False]]),
        ([[3.0, 6.0], [9.0, 4.0]], "<<", [[True, False], [False, False], [False, True], [True, True]]),
    ],
)
def test_passes_cuts_by_hand(cuts, directions, expected):
    passed = passes_cuts(FEATURES, np.array(cuts), tuple(directions))
    assert passed.dtype == np.bool_
    assert passed.tolist() == expected


@given(st.data())
def test_passes_cuts_agrees_with_a_plain_loop(data):
    n_features, value = data.draw(st.integers(1, 3)), st.integers(-3, 3)
    rows = st.lists(
        st.lists(value, min_size=n_features, max_size=n_features).map(tuple), min_size=1, max_size=5
    )
    features, cuts = data.draw(rows), data.draw(rows)
    directions = data.draw(st.lists(st.sampled_from("<>"), min_size=n_features, max_size=n_features))
    expected = [
        [
            all(x > c if d == ">" else x < c for x, c, d in zip(event, row, directions, strict=True))
            for row in cuts
        ]
        for event in features
    ]
    assert passes_cuts(np.array(features), np.array(cuts), directions).tolist() == expected


def test_tighter_cuts_never_pass_more():
    rng = np.random.default_rng(0)
    cuts = np.sort(rng.normal(size=(6, 2)), axis=0) * [1, -1]
    counts = passes_cuts(rng.normal(size=(500, 2)), cuts, "><").sum(axis=0)
    assert (np.diff(counts) <= 0).all()
    assert counts[0] > counts[-1]


@pytest.mark.parametrize(
    ("cuts", "directions", "message"),
    [
        ([[0.0, 0.0]], [">", "="], "unknown direction '='"),
        ([[0.0, 0.0]], [">"], "2 features, 2 cuts and 1 directions do not fit"),
        ([[0.0]], [">", ">"], "2 features, 1 cuts and 2 directions do not fit"),
        ([[0.0] * 3], [">"] * 3, "2 features, 3 cuts and 3 directions do not fit"),
    ],
)
def test_passes_cuts_refuses(cuts, directions, message):
    with pytest.raises(ValueError, match=message):
        passes_cuts(FEATURES, np.array(cuts), directions)


def test_efficiencies_by_hand():
    is_signal = np.array([True, False, True, True, False, False])
    weights = np.array([1.0, 2.0, 2.0, 3.0, 1.0, 1.0])
    passed = np.array([[1, 0], [1, 0], [0, 0], [1, 0], [0, 1], [0, 1]], dtype=bool)
    result = hard_cut_efficiencies(passed, is_signal, weights)
    assert result.signal.tolist() == pytest.approx([4 / 6, 0.0])
    assert result.background.tolist() == pytest.approx([2 / 4, 2 / 4])
    # Signal: the weights 1 and 3 pass, 2 fails. Background: 2 passes and 1, 1 fail, and the other way round.
    uncertainty = math.sqrt((2 / 6) ** 2 * (1 + 9) + (4 / 6) ** 2 * 4) / 6
    assert result.signal_uncertainty.tolist() == pytest.approx([uncertainty, 0.0])
    assert result.background_uncertainty.tolist() == pytest.approx([math.sqrt(0.5**2 * 6) / 4] * 2)


def test_efficiencies_with_negative_weights_by_hand():
    is_signal = np.array([True] * 4 + [False] * 3)
    weights = np.array([2.0, 1.0, -1.0, 2.0, 3.0, -1.0, -1.0])
    passed = np.array([[1, 1, 0, 0, 0, 1, 0], [1, 1, 0, 1, 1, 0, 0]], dtype=bool).T
    result = hard_cut_efficiencies(passed, is_signal, weights)
    # Neither is clipped: more than all signal and less than no background, in a sample this small.
    assert result.signal.tolist() == pytest.approx([3 / 4, 5 / 4])
    assert result.background.tolist() == pytest.approx([-1.0, 3.0])
    of_signal = [(1 / 4) ** 2 * 5 + (3 / 4) ** 2 * 5, (1 / 4) ** 2 * 9 + (5 / 4) ** 2 * 1]
    assert result.signal_uncertainty.tolist() == pytest.approx([math.sqrt(v) / 4 for v in of_signal])
    of_background = [2**2 * 1 + 1**2 * 10, 2**2 * 9 + 3**2 * 2]
    assert result.background_uncertainty.tolist() == pytest.approx([math.sqrt(v) for v in of_background])


@given(
    st.lists(st.tuples(st.sampled_from([1.0, 1.0, 2.5, -0.5]), st.booleans()), min_size=2, max_size=40),
    st.sampled_from([1e-9, 3.0, 1e9]),
    st.randoms(use_true_random=False),
)
def test_efficiencies_depend_neither_on_the_scale_of_weights_nor_on_the_order(events, scale, random):
    weights, passed = (np.array(column) for column in zip(*events, strict=True))
    assume(weights.sum() > 0.1)
    is_signal = np.arange(2 * len(weights)) < len(weights)
    order = np.array(random.sample(range(len(is_signal)), len(is_signal)))
    weights, passed = np.tile(weights, 2), np.tile(passed, 2)[:, None]
    one = hard_cut_efficiencies(passed, is_signal, weights)
    other = hard_cut_efficiencies(passed[order], is_signal[order], scale * weights[order])
    for name in ("signal", "signal_uncertainty", "background", "background_uncertainty"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-9, abs=1e-9)
    assert one.signal == pytest.approx(one.background)


def test_unit_weights_give_the_binomial_uncertainty_to_the_last_bit():
    for n_events in (3, 49, 1000, 31_977):
        for n_passing in {0, 1, n_events // 3, n_events - 1, n_events}:
            passed = (np.arange(2 * n_events) % n_events < n_passing)[:, None]
            result = hard_cut_efficiencies(passed, np.arange(2 * n_events) < n_events, np.ones(2 * n_events))
            efficiency = np.float64(n_passing) / n_events
            effective = np.float64(n_events) ** 2 / n_events
            assert result.signal_uncertainty[0] == np.sqrt(efficiency * (1 - efficiency) / effective)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 40.0])
def test_equal_weights_give_the_plain_binomial_uncertainty(scale):
    is_signal = np.arange(500) < 400
    passed = (np.arange(500) % 4 == 0)[:, None]
    result = hard_cut_efficiencies(passed, is_signal, np.full(500, scale, dtype=np.float32))
    assert result.signal == pytest.approx([0.25])
    assert result.signal_uncertainty == pytest.approx([math.sqrt(0.25 * 0.75 / 400)])
    assert result.background_uncertainty == pytest.approx([math.sqrt(0.25 * 0.75 / 100)])


def test_efficiency_of_passing_all_events_is_one():
    for seed in range(30):
        weights = np.random.default_rng(seed).random(40)
        result = hard_cut_efficiencies(np.ones((40, 3), dtype=bool), np.arange(40) < 30, weights)
        assert result.signal == pytest.approx([1.0] * 3)
        assert (result.signal <= 1).all()
        assert result.signal_uncertainty == pytest.approx([0.0] * 3, abs=1e-7)


@pytest.mark.parametrize(
    ("is_signal", "weights", "name"),
    [
        ([True, True], [1.0, 1.0], "background"),
        ([False, False], [1.0, 1.0], "signal"),
        ([True, False], [0.0, 1.0], "signal"),
        ([True, False], [1.0, 0.0], "background"),
    ],
)
def test_efficiency_of_an_empty_class_is_refused(is_signal, weights, name):
    with pytest.raises(ValueError, match=f"no {name} event with a positive weight"):
        hard_cut_efficiencies(np.ones((2, 1), dtype=bool), np.array(is_signal), np.array(weights))


def test_efficiencies_of_samples_some_of_which_have_none():
    """Weights 1 and 2 pass and 3 fails; a sample whose weights have no positive sum has no efficiency."""
    squares = np.array([[5.0], [5.0], [0.0]]), np.array([[9.0], [9.0], [0.0]])
    found, uncertainties = weighted_efficiencies(
        np.array([[3.0], [3.0], [0.0]]), np.array([6.0, -6.0, 0.0]), *squares
    )
    np.testing.assert_array_equal(found, [[0.5], [np.nan], [np.nan]])
    np.testing.assert_allclose(uncertainties, [[math.sqrt(0.25 * 5 + 0.25 * 9) / 6], [np.nan], [np.nan]])


def test_effective_events_by_hand():
    assert effective_events(4.0, 10.0) == 1.6
    assert effective_events(np.array([4.0, 2.0, 0.0]), np.array([10.0, 2.0, 0.0])).tolist() == [1.6, 2.0, 0.0]
