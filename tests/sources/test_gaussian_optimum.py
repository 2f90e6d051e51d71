"""The exact optimum against the reference, and against brute force."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from scripts.analyses.job import AnalysisJob
from scripts.analyses.optimum import Settings
from scripts.config import part_of
from scripts.sources.gaussian_optimum import GaussianClasses, compare_with_optimum
from scripts.study_parsing import parse_study
from tests.configs import PAPER

STUDY = parse_study("gaussian", part_of(PAPER["studies"]["gaussian"]), check=False)
#: Of the Gaussian dataset of arXiv:2502.08615: signal efficiency, background of one- and two-sided cuts.
REFERENCE = [
    (0.80, 3.883e-6, 3.250e-6),
    (0.8027, 4.64e-6, 3.9e-6),
    (0.8929, 1.88e-3, 1.58e-3),
    (0.90, 3.028e-3, 2.548e-3),
    (0.9129, 7.20e-3, 6.06e-3),
    (0.918, 1.02e-2, 8.6e-3),
    (0.927, 1.853e-2, 1.561e-2),
    (0.93, 2.263e-2, 1.906e-2),
    (0.9345, 3.05e-2, 2.57e-2),
    (0.947, 6.922e-2, 5.827e-2),
    (0.95, 8.392e-2, 7.063e-2),
]


@pytest.fixture(scope="module")
def paper():
    return GaussianClasses.from_study(STUDY)


@pytest.mark.parametrize(("signal", "one_sided", "two_sided"), REFERENCE)
def test_reference(paper, signal, one_sided, two_sided):
    for windows, reference in ((False, one_sided), (True, two_sided)):
        low, high, background = paper.best_cuts(signal, windows=windows)
        assert background == pytest.approx(reference, rel=0.01)
        at = np.exp(paper.log_efficiencies(low, high).sum(axis=0))
        assert at == pytest.approx([signal, background], rel=1e-5)
        # An edge that the search left at its bound is none, whichever side of it rounding put it.
        for edges in (low, high):
            out = np.abs(edges - paper.means[:, 0]) / paper.widths[:, 0]
            assert ((out < 7.9) | np.isinf(edges)).all()
        if not windows:
            is_low = np.array(paper.directions) == ">"
            assert np.isinf(low[~is_low]).all()
            assert np.isinf(high[is_low]).all()


def two_features(seed):
    rng = np.random.default_rng(seed)
    return GaussianClasses(("x", "y"), (">", "<"), rng.normal(size=(2, 2)), rng.uniform(0.3, 2.0, (2, 2)))


@settings(max_examples=15)
@example(2972, 0.25)
@given(st.integers(0, 10_000), st.floats(0.2, 0.98))
def test_no_pair_of_cuts_is_better(seed, signal):
    """Every way to share the signal between two cuts, finely."""
    classes = two_features(seed)
    first = np.linspace(signal, 1.0, 2001)
    low = classes.means[0, 0] + classes.widths[0, 0] * norm.isf(first)
    high = classes.means[1, 0] + classes.widths[1, 0] * norm.ppf(signal / first)
    backgrounds = norm.sf(low, classes.means[0, 1], classes.widths[0, 1]) * norm.cdf(
        high, classes.means[1, 1], classes.widths[1, 1]
    )
    best = classes.best_cuts(signal, windows=False)[2]
    assert best <= backgrounds.min() * (1 + 2e-2)
    assert best == pytest.approx(backgrounds.min(), rel=0.02)
    assert classes.best_cuts(signal, windows=True)[2] <= best * (1 + 1e-2)


def test_efficiencies_of_a_cut_table():
    classes = GaussianClasses(("x", "y"), (">", "<"), np.array([[1.0, 0.0], [0.0, 2.0]]), np.ones((2, 2)))
    cuts = pd.DataFrame(
        [(0.9, "x", ">", 0.5), (0.9, "y", "<", 1.0), (0.5, "x", ">", 1.0), (0.5, "x", "<", 2.0)],
        columns=["target_efficiency", "feature", "direction", "cut"],
    )
    table = classes.efficiencies(cuts).set_index("target_efficiency")
    assert table.loc[0.9, "signal_efficiency"] == pytest.approx(norm.cdf(0.5) * norm.cdf(1.0))
    assert table.loc[0.9, "background_efficiency"] == pytest.approx(norm.sf(0.5) * norm.cdf(-1.0))
    assert table.loc[0.5, "signal_efficiency"] == pytest.approx(norm.cdf(1.0) - 0.5)
    assert table.loc[0.5, "background_efficiency"] == pytest.approx(norm.cdf(2.0) - norm.cdf(1.0))


def test_far_tails_are_precise():
    classes = GaussianClasses(("x",), (">",), np.array([[20.0, 0.0]]), np.ones((1, 2)))
    low, high = np.array([20.0]), np.array([21.0])
    assert classes.log_efficiencies(low, high)[0, 1] == pytest.approx(norm.logsf(20.0), rel=1e-6)
    assert classes.log_efficiencies(-low, np.array([np.inf]))[0, 1] == pytest.approx(0.0, abs=1e-12)


def test_compare_with_optimum(paper):
    optimum = Settings(targets=[0.95, 0.9]).run(AnalysisJob(STUDY))
    assert optimum["signal_efficiency"].to_list() == [0.9, 0.95]
    low, high, background = paper.best_cuts(0.95, windows=False)
    edges = [
        (target, name, direction, cut)
        for target in (0.95,)
        for name, direction, cut in zip(
            paper.features, paper.directions, np.where(np.isinf(low), high, low), strict=True
        )
        if math.isfinite(cut)
    ]
    loose = (0.99, "x8", "<", 100.0)
    cuts = pd.DataFrame([*edges, loose], columns=["target_efficiency", "feature", "direction", "cut"])
    table = compare_with_optimum(cuts, optimum, STUDY)
    assert table.loc[0, "background_efficiency"] == pytest.approx(background)
    assert table.loc[0, "over_one_sided"] == pytest.approx(1.0, abs=1e-3)
    assert table.loc[0, "over_two_sided"] == pytest.approx(8.392 / 7.063, rel=0.01)
    assert np.isnan(table.loc[1, "over_one_sided"])


def test_points_at_the_ends_of_the_optimum():
    """By hand: a point at an end but for rounding has the ratio of the end, one further out has none."""
    classes = GaussianClasses.from_study(STUDY)
    optimum = pd.DataFrame(
        {"signal_efficiency": [0.2, 0.4], "one_sided": [0.01, 0.04], "two_sided": [0.005, 0.01]}
    )
    mean, width = classes.means[0, 0], classes.widths[0, 0]
    reached = np.array([0.2 - 1e-5, 0.2 - 1e-12, 0.2, 0.2 + 1e-12, 0.4 - 1e-12, 0.4, 0.4 + 1e-12, 0.4 + 1e-5])
    cuts = pd.DataFrame(
        {
            "target_efficiency": range(len(reached)),
            "feature": classes.features[0],
            "direction": ">",
            "cut": mean + width * norm.isf(reached),
        }
    )
    table = compare_with_optimum(cuts, optimum, STUDY)
    assert table["signal_efficiency"].to_numpy() == pytest.approx(reached, rel=1e-11)
    for side, ends in (("one_sided", (0.01, 0.04)), ("two_sided", (0.005, 0.01))):
        best = table["background_efficiency"] / table[f"over_{side}"]
        assert best.isna().to_list() == [True, *[False] * 6, True]
        assert best[1:7].to_numpy() == pytest.approx(np.repeat(ends, 3), rel=1e-6)


def test_signal_efficiency_out_of_range(paper):
    with pytest.raises(ValueError, match="must lie between 0 and 1, not 1"):
        paper.best_cuts(1.0, windows=False)


def test_the_tightest_of_several_edges_counts():
    classes = GaussianClasses(("x", "y"), (">", "<"), np.zeros((2, 2)), np.ones((2, 2)))
    rows = [("x", ">", 1.0), ("x", ">", -1.0), ("y", "<", 0.5), ("y", "<", 2.0)]
    low, high = classes.window(pd.DataFrame(rows, columns=["feature", "direction", "cut"]))
    assert low.tolist() == [1.0, -np.inf]
    assert high.tolist() == [np.inf, 0.5]
