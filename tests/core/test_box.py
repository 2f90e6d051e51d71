"""The best box at a fixed signal against all boxes of small samples, and its proof wherever it is stopped."""

import itertools
import math
import re

import numpy as np
import pytest

from cabin_core.box import BoxSample, ProofLimits
from cabin_core.box_exchange import Box
from cabin_core.box_proof import prove
from cabin_core.box_ranks import oriented, rank_events

SEARCH = {"n_starts": 4, "seed": 1}


def recount(features, is_signal, weights, edges, cuts):
    """Count what passes cuts, event by event."""
    sums = [0.0, 0.0]
    for row, label, weight in zip(features, is_signal, weights, strict=True):
        passes = [
            row[column] > cut if side == ">" else row[column] < cut
            for (column, side), cut in zip(edges, cuts, strict=True)
        ]
        if all(passes):
            sums[int(label)] += weight
    background, signal = sums
    return signal, background


def least_background(features, is_signal, weights, edges, signal):
    """Return the least background of all boxes that keep the signal, by trying them all."""
    steps = []
    for column, side in edges:
        values = np.unique(features[:, column])
        between = [*(values[:-1] + np.diff(values) / 2), math.inf if side == "<" else -math.inf]
        steps.append(
            np.array(
                [features[:, column] > cut if side == ">" else features[:, column] < cut for cut in between]
            )
        )
    # All cuts of one half of the edges with all of the other.
    halves = [steps[: len(steps) // 2], steps[len(steps) // 2 :]]
    first, second = (
        np.array([np.logical_and.reduce(passes) for passes in itertools.product(*half)], dtype=float)
        for half in halves
    )
    kept = (first * (weights * is_signal)) @ second.T
    left = (first * (weights * ~is_signal)) @ second.T
    return left[kept >= signal * (1.0 - 1e-9)].min()


def small_sample(seed):
    """Return a sample with ties, windows and weights of all kinds, small enough to try all its boxes."""
    random = np.random.default_rng(seed)
    n_features, most_values = [(2, 9), (2, 9), (3, 6), (4, 4)][seed % 4]
    n_signal, n_background = random.integers(3, 16), random.integers(3, 20)
    is_signal = np.arange(n_signal + n_background) < n_signal
    features = random.integers(0, most_values, (len(is_signal), n_features)).astype(float)
    features[is_signal] += random.integers(0, 3, (n_signal, n_features))
    if n_features == 2 and seed % 3 == 0:
        features = random.normal(size=features.shape) + is_signal[:, None]
    weights = [
        np.ones(len(is_signal)),
        np.where(is_signal, 0.37, 1.014),
        random.integers(0, 4, len(is_signal)).astype(float),
        random.exponential(size=len(is_signal)),
    ][seed % 5 % 4]
    weights[0] = weights[-1] = weights.max()
    windows = random.random(n_features) < (0.5 if n_features == 2 else 0.25)
    if n_features > 2 and windows.sum() > 1:
        windows[:] = np.arange(n_features) == 1
    edges = [
        (column, side)
        for column, window in enumerate(windows)
        for side in ("><" if window else random.choice([">", "<"]))
    ]
    signal = weights[is_signal].sum() * random.uniform(0.1, 1.0)
    return features, is_signal, weights, edges, signal


@pytest.mark.parametrize("start", range(0, 240, 20))
def test_proofs_agree_with_trying_all_boxes(start):
    for seed in range(start, start + 20):
        features, is_signal, weights, edges, signal = small_sample(seed)
        best = least_background(features, is_signal, weights, edges, signal)
        sample = BoxSample(features, is_signal, weights, edges)
        for n_nodes in (0, 1, 2, 3, 5, 9, 10_000):
            found = sample.certify(signal, **SEARCH, limits=ProofLimits(n_nodes))
            assert found.bound <= best * (1 + 1e-12), seed
            assert found.background >= best * (1 - 1e-9), seed
            assert recount(features, is_signal, weights, edges, found.cuts) == pytest.approx(
                (found.signal, found.background)
            )
            assert found.signal >= signal * (1 - 1e-9)
            if found.ended == "proven":
                assert found.background == pytest.approx(best, rel=1e-8, abs=1e-8)
        assert found.ended == "proven"
        assert found.background - found.bound <= 2e-9 * sample.totals[1]


def test_a_proof_from_a_bad_box_finds_the_best_one():
    for seed in range(40):
        features, is_signal, weights, edges, signal = small_sample(seed)
        numbers = np.round(weights * 8)
        events, _ = rank_events(oriented(features, edges), edges, is_signal, numbers)
        best = least_background(features, is_signal, numbers, edges, math.ceil(signal * 8 * 0.9))
        worst = Box(np.zeros(len(edges), dtype=np.int64), events.signal_weights.sum(), 1e6)
        for n_nodes in (1, 4, 1000):
            proof = prove(
                events, NoSearch(events), worst, math.ceil(signal * 8 * 0.9), 0.0, ProofLimits(n_nodes)
            )
            assert proof.bound <= best
            assert proof.box.background >= best
        assert (proof.ended, proof.bound, proof.box.background) == ("proven", best, best)


class NoSearch:
    """Takes a box as it is."""

    def __init__(self, events):
        self.events = events

    def improve(self, ranks, needed):
        inside = [
            (of_class >= ranks).all(axis=1)
            for of_class in (self.events.signal_ranks, self.events.background_ranks)
        ]
        return Box(
            ranks.copy(),
            self.events.signal_weights[inside[0]].sum(),
            self.events.background_weights[inside[1]].sum(),
        )


def test_cuts_by_hand():
    # Signal at 3, 4, 5, 6; one cut between 3 and 4 removes the background at 1, 3 and leaves that at 5.
    features = np.array([[3.0], [4.0], [5.0], [6.0], [1.0], [3.0], [5.0]])
    is_signal = np.arange(7) < 4
    sample = BoxSample(features, is_signal, np.ones(7), [(0, ">")])
    found = sample.certify(3.0, **SEARCH, limits=ProofLimits(100))
    assert found.cuts.tolist() == [3.5]
    assert (found.signal, found.background, found.bound, found.ended) == (3.0, 1.0, 1.0, "proven")
    # Two edges leave nothing: 5 < x keeps one signal event, and so does x < 5 with 3 < x.
    window = BoxSample(features, is_signal, np.ones(7), [(0, ">"), (0, "<")])
    found = window.certify(1.0, **SEARCH, limits=ProofLimits(100))
    assert (found.background, found.ended) == (0.0, "proven")


def test_an_edge_that_removes_nothing_cuts_nothing():
    random = np.random.default_rng(3)
    features = random.normal(size=(400, 2))
    is_signal = np.arange(400) < 200
    features[is_signal, 0] += 2.0
    features[~is_signal, 1] = 9.0
    found = BoxSample(features, is_signal, np.ones(400), [(0, ">"), (1, ">")]).certify(150, **SEARCH)
    assert np.isfinite(found.cuts[0])
    assert found.cuts[1] == -np.inf
    assert math.isnan(found.bound)
    assert found.ended == "search"


def test_negative_weights_give_cuts_and_no_bound():
    features, is_signal, _, edges, _ = small_sample(4)
    weights = np.ones(len(is_signal))
    weights[[1, -2]] = -0.5
    sample = BoxSample(features, is_signal, weights, edges)
    found = sample.certify(0.5 * sample.totals[0], **SEARCH, limits=ProofLimits(100))
    assert found.ended == "negative weights"
    assert math.isnan(found.bound)
    assert found.signal >= 0.5 * sample.totals[0]
    assert recount(features, is_signal, weights, edges, found.cuts) == (found.signal, found.background)


def test_cuts_that_remove_negative_weights_keep_more_than_there_is():
    features, is_signal = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])[:, None], np.arange(5) != 3
    sample = BoxSample(features, is_signal, np.array([-1.0, 1.0, 2.0, 1.0, 3.0]), [(0, ">")])
    found = sample.certify(6.0, starts=[np.array([-1.5])], **SEARCH)
    assert (found.signal, found.background) == (6.0, 1.0)
    assert found.ended == "negative weights"
    with pytest.raises(
        ValueError, match="no cuts are found that keep a signal of 7: all events together have 5"
    ):
        sample.certify(7.0, **SEARCH)


def test_no_gap_without_a_bound():
    features, is_signal = np.arange(4.0)[:, None], np.arange(4) > 1
    for weights in ([1.0, 1.0, 1.0, 1.0], [2.0, -1.0, 1.0, 1.0]):
        found = BoxSample(features, is_signal, np.array(weights), [(0, ">")]).certify(2.0, **SEARCH)
        assert found.background == 0.0
        assert math.isnan(found.gap)


def test_weights_of_many_magnitudes_are_proven_to_the_background_that_is_left():
    for seed in range(20):
        features, is_signal, _, edges, _ = small_sample(seed)
        weights = 10 ** np.random.default_rng(seed).uniform(-3.0, 7.0, len(is_signal))
        signal = 0.5 * weights[is_signal].sum()
        found = BoxSample(features, is_signal, weights, edges).certify(
            signal, **SEARCH, limits=ProofLimits(10_000)
        )
        best = least_background(features, is_signal, weights, edges, signal)
        assert found.ended == "proven"
        assert found.gap <= 1e-8
        assert found.background == pytest.approx(best, rel=1e-8)


def test_what_rounding_hides_is_not_proven():
    features, is_signal = np.arange(4.0)[:, None], np.arange(4) > 1
    weights = np.array([1e9, 1.0, 1.0, 1.0])
    weights[1] = 1e-9
    found = BoxSample(features[[0, 2, 1, 3]], is_signal, weights, [(0, ">")]).certify(
        2.0, **SEARCH, limits=ProofLimits(100)
    )
    assert (found.background, found.bound, found.ended) == (1e-9, 0.0, "rounding")


def test_large_whole_weights_are_not_rounded():
    features, is_signal = np.array([[0.0], [1.0], [2.0], [0.5]]), np.arange(4) < 3
    sample = BoxSample(features, is_signal, np.array([3.0, 1.0, 3e9, 1.0]), [(0, ">")])
    found = sample.certify(3e9 + 4, **SEARCH, limits=ProofLimits(100))
    assert (found.signal, found.background) == (3e9 + 4, 1.0)


def test_a_gap_or_a_time_ends_a_proof():
    random = np.random.default_rng(1)
    features = random.normal(size=(600, 4))
    is_signal = np.arange(600) < 300
    features[is_signal] += 0.5
    sample = BoxSample(features, is_signal, np.ones(600), [(column, ">") for column in range(4)])
    whole = sample.certify(150, **SEARCH, limits=ProofLimits(10_000))
    assert whole.ended == "proven"
    coarse = sample.certify(150, **SEARCH, limits=ProofLimits(10_000, gap=0.3))
    assert coarse.ended == "gap"
    assert coarse.gap <= 0.3
    assert coarse.bound <= whole.background
    assert coarse.nodes < whole.nodes
    late = sample.certify(150, **SEARCH, limits=ProofLimits(10_000, seconds=0.0))
    assert (late.ended, late.nodes, late.bound) == ("seconds", 0, 0.0)


def test_a_proof_tells_of_its_bound_at_each_node():
    features, is_signal, weights, edges, signal = small_sample(12)
    sample = BoxSample(features, is_signal, weights, edges)
    told = []
    found = sample.certify(
        signal, **SEARCH, limits=ProofLimits(10_000), on_bound=lambda *of_node: told.append(of_node)
    )
    nodes, background, bounds = (np.array(values) for values in zip(*told, strict=True))
    assert list(nodes) == list(range(found.nodes))
    assert (np.diff(bounds) >= 0.0).all()
    assert (bounds <= found.background * (1 + 1e-9)).all()
    assert (background >= found.background * (1 - 1e-9)).all()


def test_a_search_starts_from_given_cuts():
    features, is_signal, weights, edges, signal = small_sample(12)
    sample = BoxSample(features, is_signal, weights, edges)
    best = sample.certify(signal, **SEARCH)
    again = sample.certify(signal, starts=[best.cuts], n_starts=0, seed=1)
    assert again.background <= best.background
    tight = np.array([1e9 if side == ">" else -1e9 for _, side in edges])
    assert sample.certify(signal, starts=[tight], n_starts=0, seed=1).signal >= signal * (1 - 1e-9)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"signal": 0.0}, "the signal to keep must be above zero, not 0"),
        ({"signal": 11.0}, "no cuts keep a signal of 11: all events together have 10"),
        ({"n_starts": 0}, "a search needs a start"),
        ({"edges": []}, "a box must have between 1 and 60 edges, not 0"),
        ({"edges": [(0, ">")] * 61}, "a box must have between 1 and 60 edges, not 61"),
        ({"edges": [(0, ">"), (0, ">")]}, "an edge is given twice"),
        ({"edges": [(0, ">"), (1, ">"), (0, "<")]}, "the two edges of a window must follow each other"),
        ({"edges": [(2, ">")]}, "an edge is a column of the features and > or <"),
        ({"nan": True}, "features and weights must be finite"),
        ({"weight": 0.0}, "the sum of the weights of the signal must be above zero"),
    ],
)
def test_faults(change, text):
    features = np.arange(40.0).reshape(20, 2)
    if "nan" in change:
        features[3, 1] = np.nan
    is_signal = np.arange(20) >= 10
    weights = np.where(is_signal, change.get("weight", 1.0), 1.0)
    with pytest.raises(ValueError, match=re.escape(text)):
        BoxSample(features, is_signal, weights, change.get("edges", [(0, ">"), (1, "<")])).certify(
            change.get("signal", 5.0), n_starts=change.get("n_starts", 1), seed=1
        )
