"""Measures of cuts that follow a property and of kept fractions, by hand."""

import numpy as np
import pandas as pd
import pytest

from scripts.scorecard.results import NotRun
from scripts.sources.property_optimum import tabulate_optimum
from tests.studies import NETWORKS

EDGES = [20.0, 50.0, 80.0, 120.0]
BINS = {"name": "pt", "edges": EDGES}
SOURCE = {
    "kind": "property_toy",
    "seed": 1,
    "event_property": {"name": "pt", "low": 20.0, "high": 120.0},
    "signal": {
        "events": 600,
        "scale": 40.0,
        "mean": [[1.5, 0.5, -0.4], [0.0, 0.8]],
        "width": [[0.8, 0.2], [1.0]],
    },
    "background": {"events": 600, "scale": 30.0, "mean": [[0.3], [1.6, 0.6]], "width": [[1.0], [1.2]]},
}


@pytest.fixture
def binned(make_run):
    """Cuts that miss the best ones by a tenth and two tenths of the signal's width."""
    binned_scan = NETWORKS["scan"] | {"event_property": BINS, "targets": [0.7, 0.9]}
    run = make_run(
        source=SOURCE,
        properties=[{"name": "pt", "label": "$p_T$", "unit": "GeV"}],
        networks=dict.fromkeys(("net", "other", "boxes"), binned_scan),
        analyses={
            "bin_optimum": BINS | {"targets": [0.7, 0.9]},
            "repeats": {"seeds": 2, "networks": ["net", "other"]},
        },
    )
    optimum = tabulate_optimum(run.study)
    for name, missed in (("net", 0.1), ("other", 0.2)):
        cut = optimum["cut"] + missed * optimum["signal_width"]
        run.write(name, cuts=optimum.assign(cut=cut, cut_scaled=0.0))
    rows = [
        ("net", 1, 0.3, 1.0, 1.5),
        ("net", 1, 0.4, -2.0, 1.1),
        ("net", 1, 0.1, 0.4, 1.0),
        ("net", 2, 0.6, 0.5, 1.3),
        ("net", 3, 0.1, 3.0, 1.2),
        ("other", 1, 0.5, 0.0, 1.0),
        ("other", 2, 0.5, 0.0, 1.1),
        ("other", 3, 0.2, -4.0, 1.4),
    ]
    repeats = pd.DataFrame(rows, columns=["network", "seed", "distance", "pull", "over_optimum"])
    return run.write(features=run.study.source.generate(run.study), bin_optimum=optimum, repeats=repeats)


def test_distance_to_the_best_cuts(binned):
    assert binned("cut_distance", network="net") == pytest.approx(0.1, rel=1e-6)
    assert binned("cut_distance", network="other") == pytest.approx(0.2, rel=1e-6)


def spread_of_mean(values):
    return np.std(values, ddof=1) / np.sqrt(len(values))


def test_ratio_of_distances_has_the_error_of_pairs(binned):
    """From the mean square of a sample, whatever the number of its rows."""
    found = binned("cut_distance_ratio", network="net", other="other")
    first, second = np.array([np.sqrt(0.26 / 3), 0.6, 0.1]), np.array([0.5, 0.5, 0.2])
    ratio = first.sum() / second.sum()
    assert found == pytest.approx((ratio, spread_of_mean(first - ratio * second) / 0.4))


def test_pulls_over_samples(binned):
    assert binned("bin_pull_rms", network="net") == pytest.approx(np.sqrt((1 + 4 + 0.16 + 0.25 + 9) / 5))
    of_samples = [-0.2, 0.5, 3.0]
    assert binned("mean_bin_pull", network="net") == pytest.approx((1.1, spread_of_mean(of_samples)))
    assert binned("largest_bin_pull", network="net") == 3.0
    assert binned("largest_bin_pull", network="other") == 4.0
    with pytest.raises(NotRun, match="boxes is not repeated in this config"):
        binned("bin_pull_rms", network="boxes")


def test_difference_of_backgrounds_has_the_error_of_pairs(binned):
    found = binned("background_difference", network="net", other="other")
    assert found == pytest.approx((0.2 / 3, spread_of_mean([0.2, 0.2, -0.2])))


# ---- kept fractions ----


@pytest.fixture
def kept(make_run):
    analysis = {"network": "joint", "fractions": [0.1, 0.2], "seeds": [1, 2]}
    return make_run(networks={"joint": NETWORKS["joint"]}, analyses={"kept_fractions": analysis})


def test_training_together_against_cuts_first(kept):
    rows = [
        (strategy, seed, fraction, 0.5 + fraction + 0.1 * seed - lost * seed)
        for strategy, lost in (("together", 0.02), ("cuts first", 0.0), ("network alone", 0.3))
        for seed in (1, 2)
        for fraction in (0.1, 0.2)
    ]
    scan = pd.DataFrame(rows, columns=["strategy", "seed", "fraction", "auc"])
    # At the second fraction training together is better by as much again.
    better = (scan["strategy"] == "together") & (scan["fraction"] == 0.2)
    kept.write(kept_fractions=scan.assign(auc=scan["auc"] + 0.1 * better))
    # Deficits of 0.02 and 0.04 in pairs; the seeds themselves spread by 0.1 / sqrt(2) and 0.08 / sqrt(2).
    spread = np.sqrt((0.1**2 + 0.08**2) / 4)
    assert kept("largest_joint_deficit", quantity="auc") == pytest.approx(0.03 / spread)
    # Means of both fractions: 0.03 and 0.01 more.
    found = kept("mean_joint_difference", quantity="auc")
    assert found == pytest.approx((0.02, 0.01))
    kept.write(kept_fractions=scan[scan["seed"] == 1])
    with pytest.raises(NotRun, match="one seed of kept fractions"):
        kept("mean_joint_difference", quantity="auc")
    with pytest.raises(NotRun, match="one seed of kept fractions"):
        kept("largest_joint_deficit", quantity="auc")


def test_an_analysis_that_is_left_out_is_not_run(run):
    with pytest.raises(NotRun, match="study toy has no kept_fractions in this config"):
        run("largest_joint_deficit", quantity="auc")
    with pytest.raises(NotRun, match="study toy has no repeats in this config"):
        run("bin_pull_rms", network="net")
