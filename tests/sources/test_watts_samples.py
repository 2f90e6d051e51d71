"""Watts' toys: his events bit for bit."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from scripts.data.feature_table import check_feature_table
from scripts.sources.watts import PLANE, SAMPLES, SEED, draw_more, n_features, signal_probability
from scripts.study_parsing import parse_study

DIGESTS = {"line": "2641441d4e135a10", "line_first": "a727844785669219", "line_again": "52dd55995e748de7"}
#: The first two signal events.
ON_THE_PLANE = [[1.6982265738273847, 2.1581333572004433], [2.0491918908358326, 1.5025191233962385]]


def generate(source: dict, features: list[str]) -> pd.DataFrame:
    columns = [{"name": name, "direction": ">"} for name in features]
    entry = {"title": "", "source": source, "features": columns, "networks": {}, "figures": {}, "tables": {}}
    study = parse_study("toy", entry, check=False)
    return study.source.generate(study)


def test_samples_are_his_own():
    """One stream of numpy's legacy generator, in the order of his module."""
    stream = np.random.RandomState(SEED)
    line = stream.normal(5, 1, 10_000), stream.normal(0, 4, 10_000)
    plane = (
        stream.multivariate_normal([1.5, 2.0], [[0.5, 0.2], [0.2, 0.5]], 10_000),
        stream.multivariate_normal([0, 0], [[9, 0], [0, 9]], 10_000),
    )
    for expected, found in zip(line, SAMPLES["line"](), strict=True):
        np.testing.assert_array_equal(found[:, 0], expected)
    for expected, found in zip(plane, SAMPLES["plane"](), strict=True):
        np.testing.assert_array_equal(found, expected)
    stream = np.random.RandomState(SEED)
    first = stream.normal(5, 1, 1_000), stream.normal(0, 4, 10_000)
    stream.normal(size=10_000)
    for expected, found in zip(first, SAMPLES["line_first"](), strict=True):
        np.testing.assert_array_equal(found[:, 0], expected)
    again = SAMPLES["line_again"]()
    np.testing.assert_array_equal(again[0][:, 0], stream.normal(5, 1, 10_000))
    np.testing.assert_array_equal(again[1][:, 0], first[1])


def test_samples_are_bit_for_bit_what_they_were():
    """Those in two dimensions pass through the linear algebra of the machine: the last digit may differ."""
    for name, digest in DIGESTS.items():
        content = b"".join(events.tobytes() for events in SAMPLES[name]())
        assert hashlib.sha256(content).hexdigest()[:16] == digest, name
    assert SAMPLES["plane"]()[0][:2] == pytest.approx(np.array(ON_THE_PLANE), abs=1e-12)


def test_more_events_of_the_same_distributions():
    signal, background = draw_more(2, 40_000, 1)
    for events, name in ((signal, "signal"), (background, "background")):
        mean, covariance = PLANE[name]
        spread = np.sqrt(np.diag(covariance))
        assert events.mean(axis=0) == pytest.approx(mean, abs=5 * spread.max() / 200)
        assert np.cov(events.T) == pytest.approx(np.array(covariance), abs=5 * 9 * np.sqrt(2) / 200)
    assert not np.isin(draw_more(2, 100, 2)[0], signal).any()
    assert draw_more(1, 100, 2)[0].shape == (100, 1)


def test_exact_probability():
    """Equal densities give one half; the mean of the signal is where its own density is 43 times higher."""
    at_signal = signal_probability(np.array([PLANE["signal"][0]]))[0]
    ratio = 9 / np.sqrt(0.21) / np.exp(-(1.5**2 + 2**2) / 18)
    assert at_signal == pytest.approx(ratio / (1 + ratio), rel=1e-12)
    signal, background = draw_more(2, 100_000, 4)
    assert (signal_probability(signal) > 0.5).mean() == pytest.approx(0.968, abs=0.002)
    assert (signal_probability(background) > 0.5).mean() == pytest.approx(0.115, abs=0.003)


@pytest.mark.parametrize("name", [*SAMPLES, "plane_anew"])
def test_feature_table(name):
    source = {"kind": "watts", "sample": name, "test_events": 50, "seed": 1}
    if name == "plane_anew":
        source["events"] = 70
    features = [f"x{i}" for i in range(n_features(name))]
    table = generate(source, features)
    check_feature_table(table, features, name)
    training = table[table["split"] == "train"]
    if name in SAMPLES:
        np.testing.assert_array_equal(training[features], np.concatenate(SAMPLES[name]()))
    assert table.groupby(["split", "label"]).size()["test"].to_list() == [50, 50]
    assert training["label"].is_monotonic_decreasing
    other = generate(source | {"seed": 7}, features)
    assert not np.isin(other[other["split"] == "test"][features[0]], table[features[0]]).any()
