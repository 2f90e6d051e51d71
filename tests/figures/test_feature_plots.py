"""Distributions of the features, and what becomes of cuts when features or preselections change."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from pandas.testing import assert_frame_equal

from scripts.figures import features, features_with_cuts
from scripts.figures.inputs import FigureInputs
from scripts.parsing import parse_kind
from tests.figures.cases import (
    STUDIES,
)
from tests.figures.results import legend_texts, steps
from tests.figures.written import training_scaling
from tests.studies import make_study


def test_features(results):
    table, figure = results.table("features"), results.figure("features")
    events = results.read("seven", "features.parquet")
    for ax, feature in zip(figure.axes, STUDIES["seven"].features, strict=True):
        rows = table[table["feature"] == feature.name]
        for name, label in (("signal", 1), ("background", 0)):
            bins = rows[rows["class"] == name]
            of_class = events[events["label"] == label]
            values, weights = of_class[feature.name], of_class["weight"]
            low, high = feature.range or [events[feature.name].min(), events[feature.name].max()]
            assert (bins["low"].min(), bins["high"].max()) == pytest.approx((low, high))
            assert len(bins) == 30
            # Unit area; what lies outside of the range counts too.
            inside = weights[values.between(low, high)].sum() / weights.sum()
            assert (bins["density"] * (bins["high"] - bins["low"])).sum() == pytest.approx(inside)
            assert (inside < 1) == (feature.range is not None)
            edges = np.append(bins["low"], high)
            expected, _ = np.histogram(values, edges, weights=weights, density=True)
            np.testing.assert_allclose(bins["density"], inside * expected, atol=1e-12)
            heights, drawn_edges = steps(ax, name)
            np.testing.assert_array_equal(heights, bins["density"])
            np.testing.assert_allclose(drawn_edges, edges)
        assert ax.get_yscale() == "log"
        lowest, highest = ax.get_ylim()
        assert lowest < rows.loc[rows["density"] > 0, "density"].min()
        assert highest > rows["density"].max()
        assert ax.get_xlabel() == feature.label + (" [GeV]" if feature.unit else "")
    assert legend_texts(figure.legends[0]) == ["Background", "Signal"]


def test_data_is_drawn_as_points(tmp_path):
    events = pd.DataFrame({"x0": np.linspace(0, 1, 40), "x1": np.linspace(5, 6, 40)})
    events = events.assign(label=np.repeat([1, 0], 20), split=["train", "test"] * 20, weight=2.0)
    data = pd.DataFrame({"x0": [0.05, 0.07, 0.95, 7.0], "x1": 5.01}).assign(
        label=-1, split="data", weight=1.0
    )
    path = tmp_path / "features.parquet"
    pd.concat([events, data]).to_parquet(path, row_group_size=40)
    study = make_study(figures={"f": {"plot": "features", "bins": 10, "caption": "Features."}})
    inputs = FigureInputs(study.figures["f"], study, {"features": [path]})
    table = features.tabulate(inputs)
    points = table[(table["class"] == "data") & (table["feature"] == "x0")]
    # Of four events two are in the first bin; one lies outside of all bins and counts.
    assert points["density"].to_list() == pytest.approx([5.0, *[0.0] * 8, 2.5])
    assert points["uncertainty"].to_list() == pytest.approx([5 / 2**0.5, *[0.0] * 8, 2.5])
    figure = features.make_figure(table, study.figures["f"], study)
    (markers,) = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert markers.get_xdata().tolist() == pytest.approx([0.05, 0.95])
    assert legend_texts(figure.legends[0]) == ["Background", "Signal", "Data"]
    alone = tmp_path / "without.parquet"
    events.to_parquet(alone)
    without = features.tabulate(FigureInputs(study.figures["f"], study, {"features": [alone]}))
    assert "uncertainty" not in without
    expected = table[table["class"] != "data"].drop(columns="uncertainty").reset_index(drop=True)
    assert_frame_equal(without, expected)


def test_features_with_the_cuts_of_one_network(results):
    table, figure = results.table("features_with_cuts"), results.figure("features_with_cuts")
    events, cuts = results.read("ten", "features.parquet"), results.read("ten", "bce/cuts.csv")
    features = STUDIES["ten"].features
    mean, spread = training_scaling(events, [feature.name for feature in features])
    for i, (ax, feature) in enumerate(zip(figure.axes, features, strict=True)):
        rows = table[(table["feature"] == feature.name) & table["density"].notna()]
        values = (events[feature.name] - mean[i]) / spread[i]
        assert (rows["low"].min(), rows["high"].max()) == pytest.approx((values.min(), values.max()))
        (line,) = ax.lines
        expected = (cuts.loc[i, "cut"] - mean[i]) / spread[i]
        np.testing.assert_allclose(line.get_xdata(), expected)
        assert line.get_linestyle() == {"<": ":", ">": "--"}[feature.direction]
        assert ax.get_title() == f"keeps {feature.direction} {expected:.2f}"
        assert ax.get_xlabel() == f"{feature.label} (scaled)"


def test_features_with_the_cuts_of_each_target(results):
    table, figure = results.table("features_with_cuts_scan"), results.figure("features_with_cuts_scan")
    cuts = results.read("seven", "scan/cuts.csv")
    assert_frame_equal(
        table.loc[table["cut"].notna(), "cut":].reset_index(drop=True), cuts[["cut", "target_efficiency"]]
    )
    assert_frame_equal(table.loc[table["cut"].isna(), :"density"], results.table("features"))
    for ax, feature in zip(figure.axes, STUDIES["seven"].features, strict=True):
        of_feature = cuts[cuts["feature"] == feature.name]
        drawn = [line for line in ax.lines if len(line.get_xdata())]  # the others are for the legend
        by_target = of_feature.sort_values("target_efficiency")
        assert [line.get_xdata()[0] for line in drawn] == by_target["cut"].tolist()
        assert {line.get_linestyle() for line in drawn} == {":" if feature.direction == "<" else "--"}
        assert len({to_hex(line.get_color()) for line in drawn}) == 3
        low, high = ax.get_xlim()
        assert low <= by_target["cut"].min() <= by_target["cut"].max() <= high
    assert legend_texts(figure.legends[0])[2:] == ["Target 30 %", "Target 60 %", "Target 90 %"]


def test_a_target_has_one_color_in_all_panels(results):
    """Also where cuts are missing since they are idle; then the legend has all targets all the same."""
    table, figure = results.table("features_with_cuts_scan"), results.figure("features_with_cuts_scan")
    first, other = STUDIES["seven"].features[:2]
    is_first = table["cut"].notna() & (table["feature"] == first.name)
    left = table[~is_first | (table["target_efficiency"] == 0.6)]
    colors = {
        float(line.get_xdata()[0]): to_hex(line.get_color())
        for line in figure.axes[1].lines
        if len(line.get_xdata())
    }
    settings = parse_kind(
        "plot",
        {"plot": "features_with_cuts", "networks": ["scan"], "scaled": False, "bins": 5, "caption": "Cuts."},
    )
    again = features_with_cuts.make_figure(left, settings, STUDIES["seven"])
    (line,) = (one for one in again.axes[0].lines if len(one.get_xdata()))
    of_other = table[(table["feature"] == other.name) & (table["target_efficiency"] == 0.6)]
    assert to_hex(line.get_color()) == colors[float(of_other["cut"].iloc[0])]
    assert legend_texts(again.legends[0])[2:] == ["Target 30 %", "Target 60 %", "Target 90 %"]


def test_robustness(results):
    table, figure = results.table("robustness"), results.figure("robustness")
    left, right = figure.axes
    for i, start in enumerate([0.4, 0.5, 0.58]):
        rows = table.iloc[3 * i : 3 * i + 3]
        relative = rows["signal_efficiency"] / start
        assert rows["relative_signal_efficiency"].iloc[0] == 1
        np.testing.assert_allclose(rows["relative_signal_efficiency"], relative)
        np.testing.assert_array_equal(
            left.containers[i][0].get_xydata(), rows[["max_shift", "signal_efficiency"]]
        )
        np.testing.assert_allclose(right.lines[i].get_xydata(), np.c_[rows["max_shift"], relative])
        assert right.lines[i].get_color() == left.containers[i][0].get_color()
    assert legend_texts(figure.legends[0]) == [
        "bce, score > 0.9999994",
        "bce, score > 0.9999969",
        "scan, target 60 %, score > 0.5",
    ]


def test_kept_fractions(results):
    table, axes = results.table("kept_fractions"), results.figure("kept_fractions").axes
    assert set(table["quantity"]) == {"kept_signal", "auc", "cross_entropy"}
    row = table[(table["strategy"] == "together") & (table["fraction"] == 0.1) & (table["quantity"] == "auc")]
    assert row[["mean", "spread"]].to_numpy().tolist() == [[pytest.approx(0.87), pytest.approx(0.01)]]
    drawn = axes[1].containers[0].lines[0]
    assert drawn.get_ydata() == pytest.approx([0.87] * 3)
    # Side by side: the middle strategy is at its place.
    assert axes[1].containers[1].lines[0].get_xdata() == pytest.approx([0.1, 0.03, 0.01])
    assert [axis.get_visible() for axis in axes] == [True, True, True, False]
