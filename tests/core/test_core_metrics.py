import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabin_core import hard_cut_efficiencies, passes_cuts

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
    # Effective numbers of events (sum w)^2 / sum w^2: 36 / 14 and 16 / 6.
    assert result.signal.tolist() == pytest.approx([4 / 6, 0.0])
    assert result.background.tolist() == pytest.approx([2 / 4, 2 / 4])
    assert result.signal_uncertainty.tolist() == pytest.approx([math.sqrt(4 / 6 * 2 / 6 * 14 / 36), 0.0])
    assert result.background_uncertainty.tolist() == pytest.approx([math.sqrt(0.5 * 0.5 * 6 / 16)] * 2)


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
