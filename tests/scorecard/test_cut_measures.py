"""Measures of where cuts are and of how they differ, by hand."""

import numpy as np
import pandas as pd
import pytest

from scripts.scorecard.results import NotRun

TARGETS = [0.2, 0.4, 0.6, 0.8]


def one_feature(targets, cuts, direction=">"):
    return pd.DataFrame(
        {"target_efficiency": targets, "feature": "x0", "direction": direction, "cut_scaled": cuts}
    )


def test_the_cut_on_a_feature(run, cut_table, nan):
    run.write(cuts=cut_table([(nan, 1.5, -2.0)], "cut"))
    assert run("trained_cut", network="net", feature="x1") == -2.0


def test_size_and_bend_of_cuts(run, cut_table):
    run.write(cuts=cut_table([(0.8, -2.0, 1.0), (0.2, 0.0, 0.0), (0.4, -1.5, 0.5)]))
    assert run("largest_scaled_cut", network="net") == 2.0
    # A third of the way in the target: the lines are at -2 / 3 and 1 / 3, the ranges 2 and 1.
    bends = (1.5 - 2 / 3) / 2, (0.5 - 1 / 3) / 1
    assert run("largest_bend", network="net") == pytest.approx(max(bends))


def test_cuts_between_their_neighbours(run):
    # Of the inner cuts -1 and -0.5 the first is beyond both neighbours, and so is the second.
    run.write(cuts=one_feature(TARGETS, [0.0, -1.0, -0.5, -3.0]))
    assert run("between_neighbours", network="net") == 0.0
    run.write(cuts=one_feature([0.8, 0.2, 0.6, 0.4], [-3.0, 0.0, -2.0, -1.0]))
    assert run("between_neighbours", network="net") == 1.0
    run.write(cuts=one_feature(TARGETS, [0.0, -1.0, -1.0, -0.5]))
    assert run("between_neighbours", network="net") == 1.0
    run.write(cuts=one_feature(TARGETS, [0.0, -1.0, -2.0, -0.5]))
    assert run("between_neighbours", network="net") == 0.5


def test_cuts_that_tighten_with_the_target(run):
    """A lower edge tightens upwards, an upper one downwards."""
    lower, upper = [0.0, -1.0, -0.5, -3.0], [1.0, 2.0, 1.0, 2.0]
    run.write(cuts=pd.concat([one_feature(TARGETS, lower), one_feature(TARGETS, upper, "<")]))
    assert run("largest_tightening", network="net") == 1.0
    assert run("monotone_cuts", network="net") == 0.0
    run.write(cuts=pd.concat([one_feature(TARGETS, sorted(lower)[::-1]), one_feature(TARGETS, upper, "<")]))
    assert run("monotone_cuts", network="net") == 0.5
    run.write(cuts=pd.concat([one_feature(TARGETS, sorted(lower)[::-1]), one_feature(TARGETS, TARGETS, "<")]))
    assert run("largest_tightening", network="net") == 0.0
    assert run("monotone_cuts", network="net") == 1.0


def test_an_edge_that_is_absent_at_a_target(run):
    cuts = pd.concat([one_feature(TARGETS, [0.0] * 4), one_feature(TARGETS[:2], [1.0] * 2, "<")])
    with pytest.raises(NotRun, match="net has edges that are absent at some targets"):
        run.write(cuts=cuts)("monotone_cuts", network="net")


def test_roughness_of_cuts(run):
    """The mean of the squared distance from the middle of the neighbours over theirs, plus 0.1."""
    lower, upper = [0.0, -1.0, -0.5, -3.0], [1.0, 2.0, 1.0, 2.0]
    events = {"x0": [-5.0, 5.0], "label": [0, 1], "split": "train", "weight": 1.0}
    cuts = pd.concat([one_feature(TARGETS, lower), one_feature(TARGETS, upper, "<")])
    run.write(cuts=cuts, features=events)
    of_lower = (-1 + 0.25) ** 2 / (0.5**2 + 0.1), (-0.5 + 2) ** 2 / (2.0**2 + 0.1)
    of_upper = 1 / 0.1, 1 / 0.1
    found = run("roughness", network="net", targets=TARGETS[::-1])
    assert found == pytest.approx(np.mean([*of_lower, *of_upper]))
    with pytest.raises(NotRun, match="net has other targets in this config"):
        run("roughness", network="net", targets=[0.1, 0.3, 0.5])


def test_difference_of_cuts_pairs_feature_and_target(run, cut_table):
    run.write(cuts=cut_table([(0.2, 1.0, 2.0), (0.4, 0.0, 3.0)]))
    run.write("other", cuts=cut_table([(0.2, 1.25, 2.0), (0.4, 0.0, 2.5)]))
    pair = {"network": "net", "other": "other"}
    assert run("largest_cut_difference", **pair) == 0.5
    run.write("other", cuts=cut_table([(0.2, 1.25, 2.0), (0.6, 0.0, 2.5)]))
    with pytest.raises(NotRun, match="net and other have different targets or features"):
        run("largest_cut_difference", **pair)


# Test signal, and events that must not count.
EVENTS = {
    "x0": [0, 1, 2, 3, 1, 1],
    "x1": [0, 1, 2, 3, 3, 3],
    "label": [1, 1, 1, 1, 1, 0],
    "split": ["test"] * 4 + ["train", "test"],
    "weight": 1.0,
}


def test_difference_of_what_single_cuts_keep(run, cut_table):
    run.write(cuts=cut_table([(0.5, 0.5, 3.5)], "cut"), features=EVENTS)
    run.write("other", cuts=cut_table([(0.5, 2.5, 2.5)], "cut"))
    # On x0 three of four against one, on x1 four against three.
    assert run("single_cut_difference", network="net", other="other") == 0.5


def test_cuts_of_a_scan_at_an_efficiency(run, cut_table, nan):
    """Halfway between the targets 0.2 and 0.4, whose order in the table does not matter."""
    scan = cut_table([(0.8, 0.0, 3.0), (0.2, 1.0, 1.0), (0.4, 2.0, 2.0)]).assign(
        cut=[0.0, 3.0, 2.0, 1.0, 1.0, 2.0]
    )
    own = cut_table([(nan, 1.25, 0.5)]).assign(cut=[2.5, 1.5])
    metrics = {"signal_efficiency": [0.3], "signal_efficiency_uncertainty": [0.1]}
    run.write(cuts=scan, features=EVENTS)
    run.write("other", cuts=own, metrics=metrics)
    # In scaled units at 1.5 and 1.5, against 1.25 and 0.5.
    assert run("cut_distance_to_scan", network="other", scan="net") == pytest.approx(1.0)
    # At 1.5 on either feature: two of four events pass, against one and two.
    assert run("single_cut_distance_to_scan", network="other", scan="net") == 0.25


def test_features_whose_names_sort_otherwise(run):
    """Halfway between the targets 0.2 and 0.5, which come from loose to tight."""
    cuts = {0.8: [1.0, 0.5, -1.0], 0.2: [0.4, -1.5, 2.0], 0.5: [0.8, -0.5, 1.0]}
    names = ["z", "a", "m"]
    scan = pd.DataFrame(
        [
            (target, name, ">", 0.0, cut)
            for target in cuts
            for name, cut in zip(names, cuts[target], strict=True)
        ],
        columns=["target_efficiency", "feature", "direction", "cut", "cut_scaled"],
    )
    own = scan.iloc[:3].assign(target_efficiency=np.nan, cut_scaled=[0.3, -2.0, 1.0])
    run.write(cuts=scan)
    metrics = {"signal_efficiency": [0.35], "signal_efficiency_uncertainty": [0.1]}
    run.write("other", cuts=own, metrics=metrics)
    # In the order of the names at 0.6, -1.0 and 1.5, against 0.3, -2.0 and 1.0.
    assert run("cut_distance_to_scan", network="other", scan="net") == pytest.approx(1.0)
