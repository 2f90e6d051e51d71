"""Measures of thresholds on a score, and of lines through the toy of arXiv:2412.09500, by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from scripts.scorecard.measures.significance import interpolated
from tests.studies import NETWORKS

PROCESSES = {
    "s": {"class": "signal", "events": 200, "mean": [4.0, 7.0], "width": [1.0, 1.0]},
    "b1": {"class": "background", "events": 200, "mean": [2.0, 5.0], "width": [1.0, 1.0]},
    "b2": {"class": "background", "events": 200, "mean": [2.0, 10.0], "width": [1.0, 1.0]},
}
#: Of the signal 200 events are expected, of b1 100 and of b2 300.
EXPERIMENT = {
    "luminosity": 100.0,
    "cross_sections": {"s": 2.0, "b1": 1.0, "b2": 3.0},
    "relative_uncertainty": 0.0,
    "minimum_signal": 0.0,
}
STEPS = (np.arange(200) + 0.5) / 200


@pytest.fixture
def run(make_run):
    """Test events: even scores of b1 from 0 to 1 and of b2 from 0 to 0.8; the signal is densest at 1."""
    run = make_run(
        source={"kind": "processes", "seed": 1, "processes": PROCESSES},
        counting_experiment=EXPERIMENT,
        networks={"net": NETWORKS["linear"], "other": NETWORKS["linear"]},
    )
    table = pd.DataFrame({"process": np.repeat(["s", "b1", "b2"], 200), "weight": 1.0})
    table["label"] = (table["process"] == "s").astype(int)
    scores = table.assign(score=np.concatenate([1 - 0.8 * STEPS**2, STEPS, 0.8 * STEPS]), split="test")
    features = scores.rename(columns={"score": "x0"}).assign(x1=0.0)
    run.write("other", scores=scores.assign(score=scores["score"] ** 2))
    return run.write(features=features, scores=scores)


def efficiency_of(threshold):
    """Of the signal."""
    return np.minimum(1.0, np.sqrt((1 - threshold) / 0.8))


def significance(threshold):
    """Of a threshold up to 0.8."""
    background = 100 * (1 - threshold) + 300 * (0.8 - threshold) / 0.8
    return 200 * efficiency_of(threshold) / math.sqrt(background)


def test_significance_of_all_events(run):
    assert run("significance_without_cuts") == pytest.approx(200 / math.sqrt(400))


def test_largest_significance_with_enough_background(run):
    """At least 100 background events of the sample: 200 (1 - t) + 250 (0.8 - t), for t up to 2 / 3."""
    found, uncertainty = run("largest_significance", network="net")
    assert found == pytest.approx(significance(2 / 3), rel=0.01)
    assert significance(2 / 3) > max(significance(t) for t in np.linspace(0, 0.66))
    assert uncertainty == pytest.approx(found / 2 / 10, rel=0.01)
    at = run("efficiency_at_largest_significance", network="net")
    assert at == pytest.approx(efficiency_of(2 / 3), abs=0.01)


def test_values_between_thresholds(run):
    for threshold in (0.4, 0.6):
        efficiency = efficiency_of(threshold)
        found = run("significance_at_efficiency", network="net", efficiency=efficiency)
        assert found == pytest.approx(significance(threshold), rel=0.01)
        generated = (1 - threshold + (0.8 - threshold) / 0.8) / 2
        expected = (100 * (1 - threshold) + 300 * (0.8 - threshold) / 0.8) / 400
        for background, at in (("generated", generated), ("expected", expected)):
            found = run("signal_at_background", network="net", background=background, efficiency=at)
            assert found == pytest.approx(efficiency, abs=0.01)


def test_interpolation_leaves_out_what_has_no_background():
    scan = pd.DataFrame({"x": [3.0, 2.0, 1.0], "y": [9.0, 4.0, 2.0], "background_events": [0, 1, 9]})
    assert interpolated(scan, 1.5, "x", "y") == 3.0
    assert interpolated(scan, 3.0, "x", "y") == 4.0


def test_smallest_gain_of_signal(run):
    """Scores of the same order gain nothing; a background with smaller scores does."""
    gain = {"background": "generated", "between": [0.2, 0.8]}
    found = run("smallest_signal_gain", network="net", other="other", **gain)
    assert found == pytest.approx(0.0, abs=0.01)
    scores = run.results.scores("toy", "net").copy()
    scores.loc[scores["process"] != "s", "score"] **= 2
    run.write("other", scores=scores)

    # A threshold t on the squares keeps the background of sqrt(t), so the other may be at t squared.
    def gain_at(background):
        threshold = (2 - 2 * background) / 2.25
        return efficiency_of(threshold) - efficiency_of(threshold**2)

    for background in (0.2, 0.5):
        at = {"background": "generated", "between": [background, background]}
        found = run("smallest_signal_gain", network="net", other="other", **at)
        assert found == pytest.approx(gain_at(background), abs=0.01)
    found = run("smallest_signal_gain", network="net", other="other", **gain)
    smallest = gain_at(np.linspace(0.2, 0.8, 500)).min()
    assert smallest < gain_at(0.5) - 0.02
    assert found == pytest.approx(smallest, abs=0.01)


# ---- lines through the toy of arXiv:2412.09500 ----


@pytest.fixture
def lines(run):
    """The distance to any line of slope 2 is the score of the test above, and 1 for the intercept."""
    features = run.results.features("toy").assign(x1=np.tile(np.arange(200) / 100, 3))
    return run.write(features=features.assign(x0=lambda rows: rows["x0"] + 2 * rows["x1"] + 1))


def test_efficiency_beyond_a_line(lines):
    found = lines("efficiency_beyond_line", process="b1", slope=2.0, intercept=1.25)
    assert found == pytest.approx((0.75, math.sqrt(0.75 * 0.25 / 200)))
    found = lines("efficiency_beyond_line", process="b2", slope=2.0, intercept=1.2)
    assert found == pytest.approx((0.75, math.sqrt(0.75 * 0.25 / 200)))


def test_significance_and_signal_along_a_line(lines):
    threshold = 0.55
    left = 200 * (1 - threshold) + 250 * (0.8 - threshold)
    value, uncertainty = lines("significance_along", slope=2.0, efficiency=0.75)
    assert value == pytest.approx(significance(threshold), rel=0.01)
    assert uncertainty == pytest.approx(significance(threshold) / 2 / math.sqrt(left), rel=0.02)
    found = lines("signal_along", slope=2.0, background="generated", efficiency=left / 400)
    assert found == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize("error", ["hinge", "sigmoid", "cross_entropy", "focal"])
def test_landscapes_are_convex(make_run, error):
    from scripts.scorecard.measures.papers.zloss import landscape_bend

    bend = landscape_bend(make_run().results, error=error, cross_sections=[1.0, 10.0])
    assert -1e-9 < bend.value < 1e-3


def test_smallest_bend_of_a_landscape(run, monkeypatch):
    """Of x squared minus 0.1 y squared plus x y: downwards where y alone moves, and along x = -y."""
    from scripts.scorecard.measures.papers.zloss import landscape_bend

    def landscape(error, cross_sections, luminosity, epsilon):
        x, y = (grid.ravel() for grid in np.meshgrid(np.arange(5.0), np.arange(5.0)))
        assert (error, cross_sections, luminosity, epsilon) == ("hinge", [1.0, 2.0], 1.0, 1.0)
        return pd.DataFrame({"x": x, "y": y, "loss": x**2 - 0.1 * y**2 + x * y})

    monkeypatch.setattr("scripts.evaluation.loss_landscape.landscape", landscape)
    # Bends of 1 in x, -0.1 in y, 1 - 0.1 + 1 along x = y and 1 - 0.1 - 1 along x = -y.
    bend = landscape_bend(run.results, error="hinge", cross_sections=[1.0, 2.0])
    assert bend.value == pytest.approx(-0.1)
