"""The best cuts of every bin of a property, and how far others are from them."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from scripts.data.event_bins import EventBins
from scripts.sources.property_optimum import (
    LOOSEST,
    GaussianBin,
    bin_efficiencies,
    compare_bins,
    distances,
    interpolated_efficiencies,
    tabulate_optimum,
)
from scripts.sources.property_toy import generate_events
from tests.property_toy import EDGES, FEATURES, TOY, make_events, toy_source


@pytest.fixture(scope="module")
def optimum():
    return tabulate_optimum(TOY)


def test_efficiencies_of_a_bin_are_those_of_many_events():
    source = toy_source(events=400_000)
    background = source.background.model_copy(update={"events": 400_000})
    source = source.model_copy(update={"background": background})
    low, high = np.array([-np.inf, 0.9]), np.array([1.2, np.inf])
    for bin_low, bin_high in itertools.pairwise(EDGES):
        exact = GaussianBin.from_study(TOY, bin_low, bin_high).efficiencies(low, high)
        for sample, expected in zip(generate_events(source, FEATURES), exact, strict=True):
            at = sample[sample["pt"].between(bin_low, bin_high)]
            passed = (at["x"] < 1.2) & (at["y"] > 0.9)
            assert passed.mean() == pytest.approx(expected, abs=5 * np.sqrt(0.25 / len(at)))


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(list(itertools.pairwise(EDGES))), st.floats(0.3, 0.97))
def test_no_pair_of_cuts_is_better(of_bin, target):
    classes = GaussianBin.from_study(TOY, *of_bin)
    best, background = classes.best_cuts(target)
    signal, own = classes.efficiencies(*classes.one_sided(best))
    assert signal == pytest.approx(target, rel=1e-5)
    assert own == pytest.approx(background, rel=1e-9)
    # Of every first cut the second that keeps the target, by bisection.
    width = classes.signal_width()
    for first in best[0] + width[0] * np.linspace(-1.5, 1.5, 31):
        tight, loose = best[1] + 6 * width[1], best[1] - 6 * width[1]
        if classes.efficiencies(*classes.one_sided(np.array([first, loose])))[0] < target:
            continue
        for _ in range(40):
            middle = (tight + loose) / 2
            kept = classes.efficiencies(*classes.one_sided(np.array([first, middle])))[0] >= target
            tight, loose = (tight, middle) if kept else (middle, loose)
        other = classes.efficiencies(*classes.one_sided(np.array([first, loose])))[1]
        assert other > background * (1 - 1e-4)


def test_distances_by_hand(optimum):
    moved = optimum.copy()
    moved["cut"] += moved["signal_width"] * np.where(moved["feature"] == "x", 0.3, -0.4)
    table = distances(moved, optimum)
    assert_allclose(table.loc[table["feature"] == "x", "distance"], -0.3)
    assert_allclose(table.loc[table["feature"] == "y", "distance"], -0.4)
    compared = compare_bins(moved, optimum, TOY, make_events())
    assert_allclose(compared["distance"], np.sqrt((0.09 + 0.16) / 2))
    assert len(compared) == 6
    exact = compare_bins(optimum, optimum, TOY, make_events())
    assert_allclose(exact[["distance", "pull"]], 0.0, atol=1e-3)
    assert_allclose(exact["over_optimum"], 1.0, rtol=1e-6)


def test_pull_is_in_units_of_the_binomial_uncertainty(optimum):
    moved = optimum.assign(cut=optimum["cut"] + np.where(optimum["feature"] == "x", 0.3, 0.0))
    events = make_events()
    table = compare_bins(moved, optimum, TOY, events)
    row = table[(table["property_low"] == 50) & (table["target_efficiency"] == 0.9)].iloc[0]
    training = events[(events["split"] == "train") & (events["label"] == 1) & events["pt"].between(50, 80)]
    assert row["training_signal"] == len(training)
    expected = (row["signal_efficiency"] - 0.9) / np.sqrt(0.09 / len(training))
    assert row["pull"] == pytest.approx(expected)
    assert row["pull"] > 0


def test_a_cut_that_cuts_nothing_counts_as_the_loosest(optimum):
    sign = np.where(optimum["direction"] == ">", 1, -1)
    far, absent = optimum.assign(cut=-50.0 * sign), optimum[optimum["feature"] == "x"]
    table = distances(far, optimum)
    assert_allclose(table["distance"], sign * (table["loosest"] - table["best_cut"]) / table["signal_width"])
    of_y = distances(absent, optimum).query("feature == 'y'")
    assert_allclose(of_y["distance"], table.query("feature == 'y'")["distance"])
    # At the loosest cut one in a thousand of the class that reaches furthest is lost, of each value of pt.
    classes = GaussianBin.from_study(TOY, 20.0, 50.0)
    lost = 1 - classes.efficiencies(*classes.one_sided(classes.loosest()))
    assert (lost < 2 * 1.1e-3).all()
    assert pytest.approx(3.09, abs=0.01) == LOOSEST


def test_other_bins_are_refused(optimum):
    with pytest.raises(ValueError, match="other bins than the optimum"):
        distances(optimum[optimum["property_low"] > 20], optimum)
    with pytest.raises(ValueError, match="do not follow a property"):
        bin_efficiencies(optimum.drop(columns="property"), TOY)


def test_both_edges_of_a_window_count_for_the_efficiency(optimum):
    low, high = np.array([-1.0, 0.5]), np.array([1.5, 2.5])
    cuts = EventBins("pt", EDGES).label(
        pd.DataFrame(
            [
                (0.9, name, side, cut)
                for name, *edges in (("x", -1.0, 1.5), ("y", 0.5, 2.5))
                for side, cut in zip("><", edges, strict=True)
            ],
            columns=["target_efficiency", "feature", "direction", "cut"],
        ),
        1,
    )
    row = bin_efficiencies(cuts, TOY).iloc[0]
    exact = GaussianBin.from_study(TOY, 50.0, 80.0).efficiencies(low, high)
    assert_allclose(row[["signal_efficiency", "background_efficiency"]].to_list(), exact)


def test_interpolated_cuts_of_the_optimum_keep_about_the_target(optimum):
    table = interpolated_efficiencies(optimum, TOY)
    assert_allclose(table["signal_efficiency"], table["target_efficiency"], atol=0.02)
    constant = optimum.assign(cut=np.where(optimum["feature"] == "x", 1.0, 0.5))
    assert_allclose(
        interpolated_efficiencies(constant, TOY)["signal_efficiency"],
        bin_efficiencies(constant, TOY)["signal_efficiency"],
    )
