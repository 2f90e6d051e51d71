"""The best box at a fixed signal against all boxes of small samples, and its proof wherever it is stopped."""

import itertools
import math

import numpy as np
import pytest

from cabin_core.box import BoxSample, Limits

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
            [features[:, column] > cut if side == ">" else features[:, column] < cut for cut in between]
        )
    best = math.inf
    for passes in itertools.product(*steps):
        inside = np.logical_and.reduce(passes)
        if weights[inside & is_signal].sum() >= signal * (1.0 - 1e-9):
            best = min(best, weights[inside & ~is_signal].sum())
    return best


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
            found = sample.certify(signal, **SEARCH, limits=Limits(n_nodes))
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
