"""Where a search for boxes starts, and the limits of a grid of cuts."""

import numpy as np
import pytest

from scripts.models.box_search import BestBoxes, evolve_boxes
from scripts.models.kcuts import Settings
from scripts.models.supercuts import MOST_VALUES, parse_supercuts

SETTINGS = Settings(model="kcuts", bins=4, edges=20, population=40, generations=1, cycles=1, seed=1)


class EmptyBoxes:
    """A counter of two features in whose boxes nothing lies; it remembers them."""

    edges = (np.arange(21.0), np.arange(11.0))

    def __init__(self):
        self.seen = []

    def efficiencies(self, low, high):
        self.seen.append((low, high))
        return np.zeros(len(low)), np.zeros(len(low))


def test_first_boxes_hold_the_middle_and_reach_the_ends(monkeypatch):
    counter, growths = EmptyBoxes(), []

    def estimate(boxes, signal, background, growth):
        growths.append(growth)
        return np.ones(len(signal))

    monkeypatch.setattr(BestBoxes, "estimate", estimate)
    evolve_boxes(counter, SETTINGS)
    low, high = counter.seen[0]
    assert (low <= [10, 5]).all()
    assert (high >= [10, 5]).all()
    assert low.min() == 0
    assert (high.max(axis=0) == [20, 10]).all()
    # The squared distances from cutting nothing, of each edge in units of all its places.
    for (low, high), growth in zip(counter.seen, growths, strict=True):
        expected = (low[:, 0] / 20) ** 2 + (low[:, 1] / 10) ** 2
        expected += (1 - high[:, 0] / 20) ** 2 + (1 - high[:, 1] / 10) ** 2
        assert growth == pytest.approx(expected)


def test_a_window_between_equal_edges_is_empty():
    cuts = [
        {"selections": "a > {0}", "st3": [[1, 2, 0.5]]},
        {"selections": "a < {0}", "pivot": [1]},
    ]
    with pytest.raises(ValueError, match="the window of a is empty"):
        parse_supercuts(cuts, ["a"], 10)


def test_the_largest_number_of_values_is_allowed():
    cuts = [{"selections": "a > {0}", "st3": [[0, MOST_VALUES, 1]]}]
    assert parse_supercuts(cuts, ["a"], MOST_VALUES).n_points == MOST_VALUES
