"""Folds of the events by hand: which event is of which, what a training of a fold sees, cuts of folds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.data.cut_table import CUT_COLUMNS, folds_of_cuts, over_folds, passes_cut_table, row_text
from scripts.data.feature_table import (
    check_feature_table,
    fit_scaling,
    make_feature_table,
    read_feature_table,
)
from scripts.data.folds import folds_of_numbers, view_of_fold
from scripts.data.merging import Sample, merge_samples
from scripts.data.score_table import above_thresholds, threshold_columns, thresholds_of
from scripts.data.stored_table import stored
from scripts.data.survey import check_table, survey
from scripts.evaluation.n_minus_one import count_without_each
from scripts.study import Split
from tests.data.tables import make_table, write

FEATURES = ["x", "y"]
INF = float("inf")


def folded(n_events: int = 600, n_folds: int = 3, seed: int = 1) -> pd.DataFrame:
    """The events of :func:`tests.data.tables.make_table` in folds by their position."""
    table = make_table(n_events, seed)
    return table.assign(split="test", fold=folds_of_numbers(np.arange(n_events), n_folds))


@given(st.integers(-(2**62), 2**62), st.integers(2, 100))
def test_the_fold_is_the_remainder(number, n_folds):
    (fold,) = folds_of_numbers([number], n_folds)
    assert fold == number % n_folds
    assert 0 <= fold < n_folds


def test_folds_of_generated_events():
    signal, background = (pd.DataFrame({"x": np.arange(size, dtype=float)}) for size in (4, 5))
    table = make_feature_table(signal, background, Split(folds=3))
    # By the number of the event in its process, from 0.
    assert table["fold"].to_list() == [0, 1, 2, 0, 0, 1, 2, 0, 1]
    assert set(table["split"]) == {"test"}
    assert table.columns[-1] == "fold"


def test_folds_of_events_of_delphes_files():
    samples = {
        name: Sample(pd.DataFrame({"met": np.arange(float(size))}), pd.Series([9, size], ["all", "met"]))
        for name, size in (("signal", 3), ("background", 4))
    }
    table, _ = merge_samples(
        samples, Split(folds=2), luminosity=10.0, cross_sections=dict.fromkeys(samples, 1.0)
    )
    assert table["fold"].to_list() == [0, 1, 0, 0, 1, 0, 1]
    assert table["weight"].to_list() == pytest.approx([10 / 9] * 7)


def test_a_training_sees_the_events_of_all_other_folds(tmp_path):
    table = folded()
    path = write(table, tmp_path)
    for fold in range(3):
        view = read_feature_table(path, FEATURES, fold)
        assert "fold" not in view
        assert (view["split"] == "test").to_list() == (table["fold"] == fold).to_list()
        expected = fit_scaling(view, FEATURES, "robust")
        of_others = table.loc[table["fold"] != fold, FEATURES]
        np.testing.assert_array_equal(expected[0], of_others.median())
        # The same, block by block, also of a share of one of several processes.
        found = survey(stored(path, FEATURES, fold=fold))
        np.testing.assert_allclose(found.scaling(2, "robust"), expected)
        np.testing.assert_array_equal(found.counts.sum(axis=1), [400, 200])
        shares = [survey(stored(path, FEATURES, share, 2, fold)) for share in range(2)]
        np.testing.assert_array_equal((shares[0] + shares[1]).counts, found.counts)
    with pytest.raises(ValueError, match="no column fold"):
        view_of_fold(table.drop(columns="fold"), 0)
    with pytest.raises(ValueError, match="no column fold: it has x"):
        stored(write(make_table(10), tmp_path), FEATURES, fold=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda t: t[(t["label"] == 0) | (t["fold"] != 1)],
            "no signal event in fold 1: give more events, or ta",
        ),
        (lambda t: t[(t["label"] == 1) | (t["fold"] != 2)], "no background event in fold 2"),
        (lambda t: t[t["fold"] != 3], "no signal event in fold 3"),
        (
            lambda t: t.assign(weight=t["weight"].where((t["label"] == 1) | (t["fold"] != 0), -1e-3)),
            "the weights of the background events in fold 0 add up to -0.09",
        ),
        (
            lambda t: t.assign(weight=t["weight"].where((t["label"] == 1) | (t["fold"] != 3), 1e6)).assign(
                weight=lambda t: t["weight"].where((t["label"] == 1) | (t["fold"] == 3), -1.0)
            ),
            "the weights of the background events in fold 0 add up to -90",
        ),
        (
            lambda t: t.assign(x=np.where(t["fold"] == 3, t["x"], 7.0)),
            "column x has the same value in every training event",
        ),
        (lambda t: t.assign(x=t["x"].where(t.index != 5)), "column x is NaN or infinite in 1 of"),
    ],
)
def test_what_no_fold_can_be_trained_on(tmp_path, change, message):
    table = change(folded(n_folds=4))
    path = write(table, tmp_path)
    with pytest.raises(ValueError, match=message):
        check_feature_table(table, FEATURES, "here", 4)
    with pytest.raises(ValueError, match=message):
        check_table(stored(path, FEATURES), 4)


def test_weights_of_the_other_folds_are_checked(tmp_path):
    # Each fold alone is positive, so the sum of others is; only the training of a fold is told its own words.
    table = folded(n_folds=2)
    check_feature_table(table, FEATURES, "here")
    table = table[(table["label"] == 0) | (table["fold"] == 0)]
    with pytest.raises(ValueError, match="no signal event in the folds other than 0"):
        read_feature_table(write(table, tmp_path), FEATURES, 0)


CUTS = pd.DataFrame(
    [
        (0.5, "x", ">", 1.0, 0.1, 0),
        (0.5, "y", "<", 4.0, 0.4, 0),
        (0.9, "x", ">", -INF, -INF, 0),
        (0.5, "x", ">", 3.0, 0.3, 1),
        (0.9, "x", ">", 0.0, 0.0, 1),
    ],
    columns=[*CUT_COLUMNS, "fold"],
)
EVENTS = pd.DataFrame(
    {"x": [2.0, 2.0, 4.0, 4.0, -1.0], "y": [0.0, 0.0, 5.0, 5.0, 0.0], "fold": [0, 1, 0, 1, 0]}
)


def test_cuts_of_the_fold_of_each_event():
    # Worked out by hand: x > 1 and y < 4 in fold 0, x > 3 in fold 1.
    assert passes_cut_table(EVENTS, CUTS, [0.5])[:, 0].tolist() == [True, False, False, True, False]
    assert passes_cut_table(EVENTS, CUTS)[:, 1].tolist() == [True] * 5
    assert passes_cut_table(EVENTS[:0], CUTS).shape == (0, 2)
    with pytest.raises(ValueError, match="of folds, which the events do not have: add the column `fold`"):
        passes_cut_table(EVENTS[["x", "y"]], CUTS)
    with pytest.raises(ValueError, match="no cuts of the fold 2, which 1 events are of"):
        passes_cut_table(EVENTS.assign(fold=[0, 1, 2, 0, 0]), CUTS)


def test_cuts_of_folds_that_follow_a_property():
    bins = [("pt", 0.0, 1.0), ("pt", 1.0, 2.0)]
    cuts = pd.DataFrame(
        [
            (0.5, "x", ">", 10.0 * fold + position, 0.0, *edges, fold)
            for fold in (0, 1)
            for position, edges in enumerate(bins)
        ],
        columns=[*CUT_COLUMNS, "property", "property_low", "property_high", "fold"],
    )
    events = pd.DataFrame({"x": [0.5, 0.5, 10.5, 10.5], "pt": [0.5, 1.5] * 2, "fold": [0, 0, 1, 1]})
    assert passes_cut_table(events, cuts)[:, 0].tolist() == [True, False, True, False]
    assert passes_cut_table(events.assign(fold=0), cuts)[:, 0].tolist() == [True, False, True, True]


def test_mean_and_spread_over_the_folds():
    table = over_folds(CUTS)
    assert table.columns.to_list() == [*CUT_COLUMNS, "cut_spread", "cut_scaled_spread", "n_folds"]
    assert table["feature"].to_list() == ["x", "y", "x"]
    # 1 and 3; 4 alone; an edge that cuts nothing in fold 0 and at 0 in fold 1.
    assert table["cut"].to_list() == [2.0, 4.0, 0.0]
    assert table["cut_scaled"].to_list() == pytest.approx([0.2, 0.4, 0.0])
    assert table["cut_spread"].to_list() == pytest.approx([np.sqrt(2), np.nan, np.nan], nan_ok=True)
    assert table["n_folds"].to_list() == [2, 1, 1]
    texts = [row_text(row, "GeV", folds_of_cuts(CUTS)) for row in table.itertuples()]
    assert texts == ["> 2 ± 1.4 GeV", "< 4 GeV (1 of 2 folds)", "> 0 GeV (1 of 2 folds)"]
    assert over_folds(CUTS[:1])["cut_spread"].isna().all()
    nothing = over_folds(CUTS[CUTS["target_efficiency"].eq(0.9) & CUTS["fold"].eq(0)])
    assert nothing["cut"].to_list() == [-INF]
    without = CUTS.drop(columns="fold")
    assert over_folds(without) is without
    assert folds_of_cuts(without) is None


def test_without_each_cut_of_the_fold_of_an_event(tmp_path):
    table = EVENTS.assign(
        label=np.array([1, 1, 0, 0, 0], np.int8), split="test", weight=[1.0, 2.0, 4.0, 8.0, 16.0]
    )
    counted = count_without_each(write(table, tmp_path, 2), CUTS, 0.5, ["x", "y"])
    at = counted.set_index(["feature", "process"])["weighted"]
    # Without x: y < 4 in fold 0 keeps events 0 and 4, nothing is cut in fold 1. Without y: x > 1, x > 3.
    assert at["x"].to_dict() == {"signal": 3.0, "background": 24.0}
    assert at["y"].to_dict() == {"signal": 1.0, "background": 12.0}
    assert at["all cuts"].to_dict() == {"signal": 1.0, "background": 8.0}


def test_thresholds_of_the_fold_of_each_event():
    metrics = pd.DataFrame(threshold_columns(np.array([[0.2, 0.4], [0.6, 0.8]])))
    assert metrics.columns.to_list() == ["score_above", "score_above_fold0", "score_above_fold1"]
    assert metrics["score_above"].to_list() == pytest.approx([0.4, 0.6])
    np.testing.assert_array_equal(thresholds_of(metrics), [[0.2, 0.4], [0.6, 0.8]])
    scores = pd.DataFrame({"score": [0.5, 0.5, 0.9], "fold": [0, 1, 1]})
    expected = [[True, True], [False, False], [True, True]]
    assert above_thresholds(scores, metrics).tolist() == expected
    of_all = metrics[["score_above"]]
    assert thresholds_of(of_all).tolist() == pytest.approx([0.4, 0.6])
    assert above_thresholds(scores.drop(columns="fold"), of_all)[:, 1].tolist() == [False, False, True]
