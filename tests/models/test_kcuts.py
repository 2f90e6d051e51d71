"""The kCuts search: counting events in boxes, its estimator, what bins remember, and what it finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from scripts.models import box_counter
from scripts.models.box_counter import BoxCounter
from scripts.models.box_search import BestBoxes, boxes_of_targets, evolve_boxes
from scripts.models.kcuts import Settings

SMALL = {
    "model": "kcuts",
    "bins": 10,
    "edges": 50,
    "population": 40,
    "generations": 10,
    "cycles": 10,
    "seed": 1,
}


def events(n_events: int, n_features: int, seed: int = 0, n_weights: int = 1):
    rng = np.random.default_rng(seed)
    is_signal = rng.random(n_events) < 0.4
    is_signal[:2] = [True, False]
    features = rng.normal(is_signal[:, None] * 1.0, 1.0, (n_events, n_features)).round(1)
    return features, is_signal, 1.0 + rng.integers(n_weights, size=n_events)


def inside(features: np.ndarray, counter: BoxCounter, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """What a box means: an event passes strictly between the edges of every feature."""
    passed = np.ones(len(features), dtype=bool)
    for column, edges in enumerate(counter.edges):
        passed &= (features[:, column] > edges[low[column]]) & (features[:, column] < edges[high[column]])
    return passed


@settings(max_examples=40)
@given(
    n_events=st.integers(2, 300),
    n_features=st.integers(1, 4),
    n_edges=st.integers(1, 30),
    n_weights=st.sampled_from([1, 3]),
    seed=st.integers(0, 10**6),
)
def test_counted_efficiencies_are_those_of_the_events_inside(n_events, n_features, n_edges, n_weights, seed):
    features, is_signal, weights = events(n_events, n_features, seed, n_weights)
    counter = BoxCounter(features, is_signal, weights, n_edges)
    rng = np.random.default_rng(seed)
    sizes = [len(edges) for edges in counter.edges]
    pairs = np.sort(rng.integers(sizes, size=(2, 70, n_features)), axis=0)
    signal, background = counter.efficiencies(*pairs)
    for box, (low, high) in enumerate(zip(*pairs, strict=True)):
        passed = inside(features, counter, low, high)
        for efficiency, of_class in ((signal, is_signal), (background, ~is_signal)):
            expected = weights[passed & of_class].sum() / weights[of_class].sum()
            assert efficiency[box] == pytest.approx(expected, abs=1e-12)


def test_edges_lie_between_values_and_reach_into_the_tails():
    features, is_signal, weights = events(20_000, 1)
    features = np.random.default_rng(3).normal(size=(20_000, 1))
    (edges,) = BoxCounter(features, is_signal, weights, 100).edges
    assert edges[0] == -np.inf
    assert edges[-1] == np.inf
    assert not np.isin(edges, features).any()
    assert (np.diff(edges[1:-1]) > 0).all()
    assert edges[1] < -3.3  # the first of 20,000 events lie beyond
    assert np.diff(edges[20:-20]).max() < 0.15
    (few,) = BoxCounter(np.array([[1.0], [1.0], [4.0]]), np.array([1, 0, 1], bool), np.ones(3), 100).edges
    assert few.tolist() == [-np.inf, 2.5, np.inf]


def test_bits_that_are_packed_in_parts_are_the_same(monkeypatch):
    sample = (*events(500, 3)[:2], np.ones(500))
    whole = BoxCounter(*sample, 30)
    monkeypatch.setattr(box_counter, "_BYTES", 5 * 512)
    parts = BoxCounter(*sample, 30)
    sizes = [len(edges) for edges in whole.edges]
    low, high = np.sort(np.random.default_rng(1).integers(sizes, size=(2, 20, 3)), axis=0)
    np.testing.assert_array_equal(parts.efficiencies(low, high), whole.efficiencies(low, high))


def test_many_weights_are_brought_together():
    features, is_signal, _ = events(2000, 2)
    weights = np.random.default_rng(4).uniform(0.5, 2.0, 2000)
    counter = BoxCounter(features, is_signal, weights, 20)
    low, high = np.array([[5, 5]]), np.array([[15, 17]])
    passed = inside(features, counter, low[0], high[0])
    signal, _ = counter.efficiencies(low, high)
    assert signal[0] == pytest.approx(weights[passed & is_signal].sum() / weights[is_signal].sum(), rel=0.02)


def boxes_with(background: list[float]) -> BestBoxes:
    boxes = BestBoxes(len(background), 1)
    boxes.background[:] = background
    return boxes


@pytest.mark.parametrize(
    ("signal", "background", "expected"),
    [
        # Worse than the bin: the mean is the bin's own best, (1 - (0.2 - 0.5)) / 1.3.
        (0.3, 0.5, 1.0),
        # Better than the bin: the neighbours' mean is 0.25, (1 - (0.2 - 0.1) - 0.05) / 1.3.
        (0.3, 0.1, 0.85 / 1.3),
        # In the last bin there is one neighbour: (1 - (0.9 - 0.9) - |0.9 - (0.4 + 0.9) / 2|) / 2.
        (1.0, 0.9, 0.75 / 2),
        # In the first bin: the more the smaller the box.
        (0.19, 0.0, 8.1),
        (0.0, 0.0, 10.0 + 0.7),
    ],
)
def test_estimator_by_hand(signal, background, expected):
    boxes = boxes_with([0.1, 0.2, 0.4, 0.4, 0.9])
    eta = boxes.estimate(np.array([signal]), np.array([background]), np.array([0.7]))
    assert eta[0] == pytest.approx(expected)


def test_first_bin_is_never_worth_staying_in():
    boxes = boxes_with([0.0, 0.5, 1.0, 1.0])
    signal = np.linspace(0, 1, 101)
    eta = boxes.estimate(signal, signal, np.zeros(101))
    assert eta[boxes.bins_of(signal) == 0].min() > eta[boxes.bins_of(signal) > 0].max()


def test_bins_remember_their_best_box():
    boxes = BestBoxes(4, 1)
    at = np.arange(4)[:, None]
    boxes.remember(np.array([0.3, 0.4, 0.3, 0.8]), np.array([0.2, 0.1, 0.1, 1.0]), at, at + 1)
    assert boxes.filled.tolist() == [False, True, False, True]
    assert boxes.background.tolist() == [1.0, 0.1, 1.0, 1.0]
    assert boxes.low[:, 0].tolist() == [-1, 1, -1, 3]  # of equals the first; as good as everything, but a box
    boxes.remember(np.array([0.3]), np.array([0.1]), np.array([[9]]), np.array([[9]]))
    boxes.remember(np.array([0.9]), np.array([0.9]), np.array([[7]]), np.array([[8]]))
    assert boxes.low[:, 0].tolist() == [-1, 1, -1, 7]
    low, high = boxes_of_targets(boxes)
    assert low[:, 0].tolist() == [1, 7, 7]  # an empty bin takes the box of the next one above
    assert high[:, 0].tolist() == [2, 8, 8]


def test_bin_of_an_efficiency_at_its_edge():
    boxes = BestBoxes(100, 1)
    assert boxes.bins_of(np.arange(101) / 100).tolist() == [*range(100), 99]


def test_targets_are_the_lower_edges_of_the_bins():
    assert Settings(**SMALL).working_points == [tenth / 10 for tenth in range(1, 10)]


@pytest.fixture(scope="module")
def sample():
    """Signal in a window of one feature, nothing to tell in the other."""
    rng = np.random.default_rng(5)
    is_signal = np.arange(4000) < 2000
    features = rng.uniform(-3, 3, (4000, 2))
    features[is_signal, 0] = rng.normal(0, 0.5, 2000)
    return features, is_signal, np.ones(4000)


def test_search_finds_the_window(sample):
    counter = BoxCounter(*sample, 200)
    rows = []
    boxes, history = evolve_boxes(counter, Settings(**SMALL), rows.append)
    assert boxes.filled.all()
    low, high = boxes_of_targets(boxes)
    assert counter.edges[0][low[7, 0]] == pytest.approx(-0.64, abs=0.15)  # 80 % of a normal distribution
    assert counter.edges[0][high[7, 0]] == pytest.approx(0.64, abs=0.15)
    # The best boxes are what they are remembered as.
    signal, background = counter.efficiencies(boxes.low, boxes.high)
    assert_allclose(background, boxes.background)
    assert (boxes.bins_of(signal) == np.arange(10)).all()
    assert (background[1:] < 0.35 * signal[1:]).all()
    assert history["mean_background"].is_monotonic_decreasing
    assert history["trials"].is_monotonic_increasing
    assert len(rows) == len(history) == 10
    assert history["trials"].iloc[-1] <= 10 * 40 * 11


def test_search_depends_on_its_seed_only(sample):
    counter = BoxCounter(*sample, 50)
    few = SMALL | {"cycles": 2}
    one, two, other = (evolve_boxes(counter, Settings(**few | {"seed": seed}))[0] for seed in (1, 1, 2))
    assert (one.low == two.low).all()
    assert (one.high == two.high).all()
    assert (one.low != other.low).any()


def test_fewer_members_than_bins(sample):
    counter = BoxCounter(*sample, 50)
    few = SMALL | {"population": 5, "cycles": 30}
    boxes, _ = evolve_boxes(counter, Settings(**few))
    assert boxes.filled.sum() > 5
