"""Both samples of working points, and gains over simpler cuts, by hand."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from scripts.evaluation import sample_sums
from scripts.evaluation.overtraining import Points, simplest
from scripts.evaluation.sample_sums import SampleSums

NAN = float("nan")


def sums_of(passed, weights=None, seed=1):
    """Sums over events of one class; ``passed`` has a row for each working point."""
    passed = np.array(passed, dtype=bool).T
    sums = SampleSums(*passed.shape, np.random.default_rng(seed))
    sums.add(np.ones(len(passed)) if weights is None else np.asarray(weights, dtype=float), passed)
    return sums


def first(n_passing, n_events):
    """The first events of a sample pass."""
    return np.arange(n_events) < n_passing


def points_of(names, training, test):
    """Working points of 10 training events and 5 test events of each class: how many pass, signal first."""
    table = pd.DataFrame({"network": names, "target_efficiency": np.linspace(0.2, 0.8, len(names))})
    numbers = {("training", 10): training, ("test", 5): test}
    return Points(
        table,
        {
            (sample, name): sums_of([first(n, n_events) for n in passing])
            for (sample, n_events), both in numbers.items()
            for name, passing in zip(("signal", "background"), both, strict=True)
        },
    )


def test_ratios_and_deviations_by_hand():
    points = points_of(["a", "a", "b"], ([5, 8, 5], [2, 4, 0]), ([2, 4, 3], [2, 2, 1]))
    found = points.compare(None, 20, 1.0)
    assert_allclose(found["signal_efficiency_training"], [0.5, 0.8, 0.5])
    assert_allclose(found["background_efficiency_test"], [0.4, 0.4, 0.2])
    assert_allclose(found["background_efficiency_training_uncertainty"], np.sqrt([0.016, 0.024, 0.0]))
    assert found["background_events_training"].to_list() == [2, 4, 0]
    assert found["background_events_test"].to_list() == [2, 2, 1]
    assert_allclose(found["background_ratio"], [2.0, 1.0, NAN])
    expected = [math.sqrt(0.4 * 0.6 / 5 + 4 * 0.016) / 0.2, math.sqrt(0.4 * 0.6 / 5 + 0.024) / 0.4, NAN]
    assert_allclose(found["background_ratio_uncertainty"], expected)
    # Of both samples together 4, 6 and 1 of 15 events pass.
    variances = [e * (1 - e) * (1 / 10 + 1 / 5) for e in (4 / 15, 6 / 15, 1 / 15)]
    assert_allclose(
        found["background_deviations"], [0.2 / variances[0] ** 0.5, 0.0, 0.2 / variances[2] ** 0.5]
    )
    assert_allclose(
        found["signal_deviations"],
        [-0.1 / (7 / 15 * 8 / 15 * 0.3) ** 0.5, 0.0, 0.1 / (8 / 15 * 7 / 15 * 0.3) ** 0.5],
    )
    assert found["gain_training"].isna().all()
    assert found["survived"].isna().all()
    assert found["remark"].to_list() == [
        "",
        "",
        "more background on the test sample (1.5 standard deviations)",
    ]
    assert points.compare(None, 20, 0.3)["remark"][0] == (
        "100 % more background on the test sample (0.8 standard deviations); "
        "20.0 % less signal on the test sample (0.4 standard deviations)"
    )


def test_a_gain_by_hand():
    """Half of the background of the same signal is removed in training, a third of it on the test sample."""
    names = ["simple", "simple", "new"]
    points = points_of(names, ([5, 10, 10], [4, 6, 3]), ([3, 5, 5], [1, 3, 2]))
    found = points.compare("simple", 400, 0.5)
    assert_allclose(found["gain_training"], [NAN, NAN, 0.5])
    assert_allclose(found["gain_test"], [NAN, NAN, 1 / 3])
    assert_allclose(found["survived"], [NAN, NAN, 2 / 3])
    # A third of six events: of those that the simpler cuts pass the spread is that of a binomial number.
    assert found["gain_training_uncertainty"][2] == pytest.approx(math.sqrt(0.5 * 0.5 / 6), rel=0.25)
    assert set(found["simpler"]) == {"simple"}
    # A gain within the deviations asked for is none that could be left.
    assert points.compare("simple", 400, 5.0)["survived"].isna().all()


def test_the_background_of_the_simpler_cuts_is_interpolated():
    names = ["simple", "simple", "new", "far", "none"]
    training = ([4, 8, 6, 1, 8], [1, 4, 1, 1, 0])
    found = points_of(names, training, ([2, 4, 3, 3, 3], [0, 4, 1, 1, 0])).compare("simple", 20, 1.0)
    # Halfway in signal between 0.1 and 0.4: 0.2. Of "far" it would be guessed.
    assert_allclose(found["gain_training"][2:], [0.5, NAN, 1.0])
    # Of what leaves no event at all, no uncertainty is known, so no share either.
    assert found["gain_training_uncertainty"].notna().to_list() == [False, False, True, False, False]
    assert np.isnan(found["survived"][4])
    # Nothing is left at one of both: halfway between 0 and 0.8.
    assert_allclose(found["gain_test"][2:], [0.5, 0.5, 1.0])


@pytest.mark.parametrize("simpler", [[], [3], [3, 3]])
def test_no_gain_without_two_working_points_of_the_simpler_cuts(simpler):
    names = ["new", *["simple"] * len(simpler)]
    points = points_of(names, ([3, *simpler], [1, *simpler]), ([3, *simpler], [1, *simpler]))
    assert points.compare("simple", 20, 1.0)["gain_test"].isna().all()


def test_less_than_all_of_a_gain_is_told():
    signal, background = np.ones((3, 800), dtype=bool), [first(n, 800) for n in (400, 500, 100)]
    signal[0, 400:] = False
    table = pd.DataFrame({"network": ["simple", "simple", "new"], "target_efficiency": [0.5, 1.0, 1.0]})
    worse = [first(n, 800) for n in (400, 500, 300)]
    sums = {
        ("training", "signal"): sums_of(signal),
        ("test", "signal"): sums_of(signal),
        ("training", "background"): sums_of(background),
        ("test", "background"): sums_of(worse, seed=2),
    }
    row = Points(table, sums).compare("simple", 300, 2.0).iloc[2]
    assert row["gain_training"] == pytest.approx(0.8)
    assert row["survived"] == pytest.approx(0.5)
    left = (
        f"50 ± {100 * row['survived_uncertainty']:.0f} % of the gain over simple is left on the test sample"
    )
    assert row["remark"].endswith(left)
    assert row["remark"].startswith("200 % more background")


weights = st.lists(st.floats(-1.0, 3.0), min_size=12, max_size=12)


@settings(max_examples=25, deadline=None)
@given(training=weights, test=weights, passing=st.lists(st.integers(0, 7), min_size=12, max_size=12))
def test_a_common_factor_of_the_weights_changes_nothing(training, test, passing):
    bits = np.array([[number >> shift & 1 for number in passing] for shift in range(3)], dtype=bool)
    table = pd.DataFrame({"network": ["simple", "simple", "new"], "target_efficiency": [0.5, 0.9, 0.5]})

    def compare(factor):
        sums = {
            (sample, name): sums_of(bits ^ flipped, factor * np.round(of_sample, 3))
            for sample, of_sample in (("training", training), ("test", test))
            for name, flipped in (("signal", False), ("background", True))
        }
        return Points(table, sums).compare("simple", 20, 2.0)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one, large = compare(1.0), compare(2.0**30)
    pd.testing.assert_frame_equal(one, large, rtol=1e-9)


def test_samples_spread_as_the_uncertainty_says(monkeypatch):
    """In groups too, to which a large sample is dealt, and with weights of both signs."""
    random = np.random.default_rng(3)
    weights = np.where(random.random(4000) < 0.1, -1.0, random.uniform(0.5, 2.0, 4000))
    passed = random.random((2, 4000)) < np.array([[0.3], [0.05]])
    each = sums_of(passed, weights)
    monkeypatch.setattr(sample_sums, "MOST_GROUPS", 1000)
    grouped = SampleSums(4000, 2, np.random.default_rng(1))
    for rows in np.array_split(np.arange(4000), 3):
        grouped.add(weights[rows], passed[:, rows].T)
    for sums in (each, grouped):
        assert_allclose(np.array(sums.efficiencies()), np.array(each.efficiencies()))
        drawn = sums.resampled(600)
        assert_allclose(drawn.std(axis=0), each.efficiencies()[1], rtol=0.15)
        assert_allclose(drawn.mean(axis=0), each.efficiencies()[0], rtol=0.05)
    assert grouped.counts.tolist() == passed.sum(axis=1).tolist()


def test_both_working_points_see_the_same_samples():
    passed = np.tile(np.random.default_rng(2).random(500) < 0.3, (2, 1))
    drawn = sums_of(passed).resampled(40)
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert len(np.unique(drawn[:, 0])) > 20


def edges(*rows):
    return pd.DataFrame(rows, columns=["target_efficiency", "feature", "direction"])


def test_the_simplest_cuts_have_the_fewest_edges():
    one_sided = edges((0.5, "x", ">"), (0.5, "y", "<"), (0.9, "x", ">"), (0.9, "y", "<"))
    windows = edges((0.5, "x", ">"), (0.5, "x", "<"), (0.9, "x", ">"), (0.9, "y", "<"))
    cuts = {"trees": edges(), "bce": edges((NAN, "x", ">")), "windows": windows, "scan": one_sided}
    targets = {"trees": [0.5, 0.9], "bce": [], "windows": [0.5, 0.9], "scan": [0.3, 0.5, 0.9]}
    assert simplest(cuts, targets) == "scan"
    # One that lacks a target of the first is left out; of several as simple the first is taken.
    assert simplest(cuts, targets | {"scan": [0.3, 0.5]}) == "windows"
    assert simplest(cuts | {"again": one_sided}, targets | {"again": [0.5, 0.9]}) == "scan"
    assert simplest({"trees": edges(), "bce": cuts["bce"]}, targets) is None
    # Each bin of a property has edges of its own.
    binned = pd.concat([one_sided.assign(property_low=low) for low in (0.0, 1.0)])
    assert simplest({"binned": binned, "windows": windows}, targets | {"binned": [0.5, 0.9]}) == "windows"
