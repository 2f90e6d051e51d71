"""Ranges, roughness and scans of thresholds, counted by hand from a table of eight events."""

import numpy as np
import pandas as pd
import pytest

from scripts.counting_experiment import CountingExperiment
from scripts.data.feature_table import fit_scaling
from scripts.evaluation.comparison import cut_roughness, scaled_ranges
from scripts.evaluation.threshold_scan import best_threshold, scan_network, scan_thresholds

EXPERIMENT = CountingExperiment(
    luminosity=10.0,
    cross_sections={"signal": 1.0, "background": 4.0},
    relative_uncertainty=0.1,
    minimum_signal=2.0,
    irreducible_background=3.0,
)


@pytest.fixture
def table(events_by_hand):
    return events_by_hand


def test_ranges_are_of_the_training_sample_in_its_own_units(table):
    mean, spread = fit_scaling(table, ["x"], "standard")
    assert (mean, spread) == (pytest.approx([2.0]), pytest.approx([np.sqrt(10 / 6)]))
    ranges = scaled_ranges(table, "standard")
    assert ranges.loc["x", ">"] == pytest.approx(-2 / spread[0])
    assert ranges.loc["x", "<"] == pytest.approx(2 / spread[0])


def test_an_edge_that_is_absent_is_at_its_end_of_the_range(table):
    rows = [(0.2, ">", 0.0), (0.2, "<", 0.5), (0.5, "<", 0.5), (0.8, ">", -1.0), (0.8, "<", 0.5)]
    cuts = pd.DataFrame(rows, columns=["target_efficiency", "direction", "cut_scaled"]).assign(feature="x")
    end = -2 / np.sqrt(10 / 6)
    lower = (end + 0.5) ** 2 / (1.0 + 0.1)
    found = cut_roughness(cuts, [0.2, 0.5, 0.8], scaled_ranges(table, "standard"))
    assert found == pytest.approx((lower + 0.0) / 2)


def test_background_as_generated_counts_weights(table):
    scan = scan_thresholds(table.assign(score=[0.9, 0.8, 0.7, 0.6] * 2), EXPERIMENT).set_index("threshold")
    assert scan.loc[0.7, "background_efficiency_generated"] == pytest.approx(3 / 10)
    assert scan.loc[0.7, "background_events"] == 2.0
    assert scan.loc[0.7, "background_yield"] == pytest.approx(40 * 3 / 10)
    assert scan.loc[0.0, "background_efficiency_generated"] == pytest.approx(1.0)


def test_a_scan_of_either_sample(table):
    scores = pd.DataFrame({"score": [0.9, 0.8, 0.7, 0.6] * 2})
    for split, events in (("train", 3), ("test", 1)):
        assert scan_network(table, scores, EXPERIMENT, split)["background_events"].max() == events


def test_the_best_threshold_meets_a_demand_that_is_met_exactly(table):
    scan = scan_thresholds(table.assign(score=[0.9, 0.8, 0.7, 0.6, 0.5, 0.5, 0.95, 0.5]), EXPERIMENT)
    best = best_threshold(scan, {"background_events": 1.0})
    # All of the signal beside one event of background, 12 of 40.
    assert best["significance"] == pytest.approx(10 / np.sqrt(12))
