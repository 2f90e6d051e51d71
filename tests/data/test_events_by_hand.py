"""Feature tables, cuts and thresholds counted by hand: the training sample, weights and edges."""

import numpy as np
import pandas as pd
import pytest

from scripts.counting_experiment import CountingExperiment
from scripts.data.cut_table import passes_cut_table
from scripts.data.feature_table import check_feature_table
from scripts.data.score_table import score_thresholds
from scripts.data.yields import expected_yields

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


def test_a_feature_that_changes_in_the_test_sample_only_is_refused(table):
    check_feature_table(table, ["x"], "here")
    table.loc[table["split"] == "train", "x"] = 1.0
    with pytest.raises(ValueError, match="here: column x has the same value in every training event"):
        check_feature_table(table, ["x"], "here")


@pytest.mark.parametrize(("split", "label", "name"), [("train", 1, "signal"), ("test", 0, "background")])
def test_events_without_weight_are_no_events(table, split, label, name):
    table.loc[(table["split"] == split) & (table["label"] == label), "weight"] = 0.0
    with pytest.raises(ValueError, match=f"here: no {name} event in the {split} sample"):
        check_feature_table(table, ["x"], "here")


def test_yields_before_the_cuts(table):
    yields = expected_yields(table, EXPERIMENT)
    assert (yields.signal, yields.background) == (pytest.approx(10.0), pytest.approx(40.0))
    assert (yields.minimum_signal, yields.irreducible_background) == (2.0, 3.0)


@pytest.mark.parametrize(
    "edges",
    [
        [(">", 1.0), ("<", 1.0)],  # strictly between equal edges lies nothing
        [(">", -1.0), (">", 2.0), ("<", 1.5)],
        [(">", 1.0), ("<", 0.5), ("<", 2.0)],
    ],
)
def test_empty_windows_are_refused(table, edges):
    cuts = pd.DataFrame(edges, columns=["direction", "cut"]).assign(target_efficiency=0.9, feature="x")
    with pytest.raises(ValueError, match=r"the window of x at the target 0\.9 is empty"):
        passes_cut_table(table, cuts)


def test_a_threshold_counts_weights_and_leaves_the_event_on_it_out():
    scores = np.array([0.9, 0.8, 0.7, 0.6])
    # 1, 4, 6 and 8 of 8: half is reached exactly by the first two.
    assert score_thresholds(scores, np.array([1.0, 3.0, 2.0, 2.0]), [0.5, 0.4, 0.75]).tolist() == [
        0.7,
        0.8,
        0.6,
    ]
