"""What a search expects, and which events selections keep."""

import math

import numpy as np
import pandas as pd
import pytest

from cabin_core import asimov_significance
from scripts.searches import keeps_minimum, tabulate_search
from scripts.selection import passes_cut_table, score_thresholds
from scripts.yields import expected_weights, expected_yields, selected_yields

SEARCH = {
    "luminosity": 10.0,
    "cross_sections": {"signal": 0.5, "background": 20.0},
    "relative_uncertainty": 0.1,
    "minimum_signal": 1.0,
}


@pytest.fixture
def table():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.normal(size=40), "y": rng.normal(size=40)})
    frame["label"] = np.repeat([1, 0], 20).astype(np.int8)
    frame["split"] = np.tile(["train", "test"], 20)
    frame["weight"] = np.where(frame["label"] == 1, 1.0, np.arange(40) % 3 + 1.0)
    return frame


def test_weights_sum_to_cross_section_times_luminosity(table):
    test = table[table["split"] == "test"]
    weights = expected_weights(test, SEARCH)
    of_signal = (test["label"] == 1).to_numpy()
    assert weights[of_signal] == pytest.approx(np.full(10, 0.5))
    assert weights[~of_signal].sum() == pytest.approx(200.0)
    # Weights of events of one process keep their ratios.
    assert np.ptp(weights[~of_signal] / test["weight"][~of_signal]) == pytest.approx(0.0, abs=1e-12)
    yields = expected_yields(table, SEARCH)
    assert (yields.signal, yields.background) == (pytest.approx(5.0), pytest.approx(200.0))
    assert (yields.relative_uncertainty, yields.minimum_signal) == (0.1, 1.0)


def test_several_processes(table):
    table["process"] = np.repeat(["s", "b1", "b2", "b2"], 10)
    table.loc[10:19, "process"] = "s"
    table.loc[20:29, "process"] = "b1"
    search = SEARCH | {"cross_sections": {"s": 1.0, "b1": 2.0, "b2": 30.0}}
    weights = pd.Series(expected_weights(table, search)).groupby(table["process"]).sum()
    assert weights.to_dict() == pytest.approx({"s": 10.0, "b1": 20.0, "b2": 300.0})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"luminosity": -1.0}, "search.luminosity must be a positive number of fb"),
        ({"luminosity": None}, "search.luminosity must be a positive number of fb"),
        ({"cross_sections": {"signal": 1.0}}, "none of the process background: give it in fb"),
        (
            {"cross_sections": {"signal": 1.0, "background": -2.0}},
            "search.cross_sections.background must be a positive number of fb: -2",
        ),
        (
            {"cross_sections": {"signal": 1.0, "background": 2.0, "ttbar": 3.0}},
            "search.cross_sections.ttbar: no event of this process in the sample: it has signal, background",
        ),
    ],
)
def test_bad_searches_get_one_line(table, change, message):
    with pytest.raises(ValueError, match=message):
        expected_weights(table, SEARCH | change)


def test_selected_yields(table):
    test = table[table["split"] == "test"]
    passed = np.zeros((20, 2), dtype=bool)
    passed[:4, 0] = True  # four signal events
    passed[10:12, 0] = True  # two background events
    passed[:2, 1] = True  # signal only
    search = SEARCH | {"irreducible_background": 2.0}
    weights = expected_weights(test, search)
    found = selected_yields(test, passed, search)
    background = weights[10:12].sum()
    assert found["signal"].to_list() == pytest.approx([2.0, 1.0])
    assert found["background"].to_list() == pytest.approx([background + 2.0, 2.0])
    assert found["background_uncertainty"].to_list() == pytest.approx([math.hypot(*weights[10:12]), 0.0])
    one_event = weights[10:].max()
    assert found["assumed_background"].to_list() == pytest.approx([background + 2.0, one_event + 2.0])
    assert found["significance"].to_list() == pytest.approx(
        [
            asimov_significance(2.0, background + 2.0, 0.1).item(),
            asimov_significance(1.0, one_event + 2.0, 0.1).item(),
        ]
    )


def test_search_of_scores_and_of_cuts_agree(table):
    """A cut on x, and a score that is x."""
    study = {"search": SEARCH, "source": {"kind": "simulation"}}
    cuts = pd.DataFrame(
        [(0.5, "x", ">", 0.1), (0.9, "x", ">", -1.0)],
        columns=["target_efficiency", "feature", "direction", "cut"],
    )
    metrics = pd.DataFrame(
        {
            "target_efficiency": [0.5, 0.9],
            "signal_efficiency": [0.5, 0.9],
            "background_efficiency": [0.1, 0.2],
            "score_above": [0.1, -1.0],
        }
    )
    scores = table[["split"]].assign(score=table["x"])
    by_cuts = tabulate_search(study, table, cuts, metrics, scores)
    by_score = tabulate_search(study, table, cuts.iloc[:0], metrics, scores)
    pd.testing.assert_frame_equal(by_cuts, by_score)
    assert by_cuts["exact_significance"].isna().all()


def test_minimum_signal_is_kept_but_for_rounding():
    assert 0.1 + 0.2 > 0.3
    points = pd.DataFrame({"signal": [0.1 + 0.2, 0.3, 0.2999]})
    for minimum in (0.3, 0.1 + 0.2):
        assert keeps_minimum(points, {"minimum_signal": minimum}).to_list() == [True, True, False]


def test_a_target_that_cuts_nothing_keeps_its_place(table):
    """A search may leave a target without edges, of all that passes."""
    source = {"kind": "gaussian", "seed": 1, "mean_scale": 1.0, "width_scale": 1.0}
    features = [{"name": name, "direction": ">"} for name in ("x", "y")]
    study = {"search": SEARCH, "source": source, "features": features}
    cuts = pd.DataFrame([(0.5, "x", ">", 0.1)], columns=["target_efficiency", "feature", "direction", "cut"])
    metrics = pd.DataFrame(
        {
            "target_efficiency": [0.99, 0.5],
            "signal_efficiency": [1.0, 0.5],
            "background_efficiency": [1.0, 0.1],
            "score_above": [np.nan, np.nan],
        }
    )
    found = tabulate_search(study, table, cuts, metrics, table[["split"]])
    assert found["signal"].to_list()[0] == pytest.approx(5.0)
    assert found["background"].to_list()[0] == found["exact_background"].to_list()[0] == pytest.approx(200.0)
    assert found["signal"].to_list()[1] < 5.0
    assert found["exact_significance"].notna().all()


# ---- selections ----


def test_cut_tables_with_any_edges(table):
    cuts = pd.DataFrame(
        [(0.9, "x", ">", -1.0), (0.9, "x", "<", 1.0), (0.2, "y", ">", 0.0)],
        columns=["target_efficiency", "feature", "direction", "cut"],
    )
    passed = passes_cut_table(table, cuts)
    assert (passed[:, 0] == table["x"].between(-1, 1)).all()
    assert (passed[:, 1] == (table["y"] > 0)).all()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [(0.9, "x", ">", 1.0), (0.9, "x", "<", -1.0)],
            "window of x at the target 0.9 is empty: its low",
        ),
        ([(0.9, "z", ">", 1.0)], "the cuts ask for z, which the events do not have"),
    ],
)
def test_bad_cut_tables(table, rows, message):
    cuts = pd.DataFrame(rows, columns=["target_efficiency", "feature", "direction", "cut"])
    with pytest.raises(ValueError, match=message):
        passes_cut_table(table, cuts)


def test_thresholds_of_scores():
    scores, weights = np.array([0.1, 0.4, 0.2, 0.3]), np.array([1.0, 1.0, 1.0, 1.0])
    thresholds = score_thresholds(scores, weights, [0.25, 0.5, 0.99, float("nan")])
    assert thresholds.tolist() == [0.3, 0.2, 0.1, 0.5]
    for target, threshold in zip((0.25, 0.5), thresholds, strict=False):
        assert (scores > threshold).mean() == target
    assert score_thresholds(scores, np.array([1.0, 2.0, 1.0, 1.0]), [0.4]).tolist() == [0.3]
