"""The toy whose features follow a property."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from scripts.sources.property_toy import draw_property, generate_events, means_and_widths
from tests.property_toy import FEATURES, TOY, make_events, toy_source


def test_the_toy_follows_its_polynomials():
    source = toy_source(events=200_000)
    signal, background = generate_events(source, FEATURES)
    assert len(background) == 600
    for low, high in ((20, 25), (70, 75)):
        at = signal[signal["pt"].between(low, high)]
        mean, width = means_and_widths(source, "signal", np.array([(low + high) / 2]))
        error = 5 * width[0] / np.sqrt(len(at))
        assert (np.abs(at[FEATURES].mean() - mean[0]) < error + 0.01).all()
        assert_allclose(at[FEATURES].std(), width[0], rtol=0.05)
    place = (signal["pt"] - 20) / 100
    counts = np.histogram(place, [0.0, 0.4, 0.8])[0]
    assert counts[1] / counts[0] == pytest.approx(np.exp(-1.0), rel=0.03)
    assert signal["pt"].between(20, 120).all()


def test_polynomials_by_hand():
    mean, width = means_and_widths(toy_source(), "signal", np.array([20.0, 70.0, 120.0]))
    assert_allclose(mean, [[0.0, 1.5], [0.4, 1.65], [0.8, 1.6]])
    assert_allclose(width, [[1.0, 0.8], [1.0, 0.9], [1.0, 1.0]])


def test_number_of_events_of_a_class_leaves_the_other_alone():
    few = toy_source(events=10)
    first, second = generate_events(toy_source(), FEATURES), generate_events(few, FEATURES)
    pd.testing.assert_frame_equal(first[1], second[1])
    assert draw_property(np.random.default_rng([1, 0]), few, "signal") == pytest.approx(second[0]["pt"])


def test_feature_table_has_the_property():
    table = make_events()
    assert list(table.columns) == [*FEATURES, "pt", "label", "split", "weight", "process", "event"]
    assert table["label"].to_list() == [1] * 600 + [0] * 600
    assert TOY.source.class_of_process == {"signal": "signal", "background": "background"}
