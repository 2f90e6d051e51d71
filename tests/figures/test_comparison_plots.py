"""Networks beside one another, beside the best cuts and in a counting experiment."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection

from scripts.data.cut_table import passes_cut_table
from scripts.data.yields import selected_yields
from scripts.evaluation.comparison import cut_roughness, scaled_ranges
from scripts.figures import certify, competitors
from scripts.figures.style import (
    LINE_COLORS,
)
from scripts.sources.gaussian_optimum import GaussianClasses
from tests.figures.cases import (
    CASES,
    STUDIES,
)
from tests.figures.results import labelled, legend_texts
from tests.figures.written import training_scaling


def test_optimum(results):
    table, (top, bottom) = results.table("optimum"), results.figure("optimum").axes
    assert list(table["series"].unique()) == ["one_sided", "two_sided", "scan", "bce"]
    # The exact efficiencies of the cuts, whatever the events of the sample.
    exact = GaussianClasses.from_study(STUDIES["ten"]).efficiencies(results.read("ten", "scan/cuts.csv"))
    exact = exact.sort_values("signal_efficiency")
    points = ["signal_efficiency", "background_efficiency"]
    np.testing.assert_allclose(table.loc[table["series"] == "scan", points], exact[points])
    of_windows = table[table["series"] == "two_sided"]
    np.testing.assert_allclose(of_windows["over_one_sided"], 0.8)
    for name, rows in table.groupby("series"):
        label = {"one_sided": "Optimum, one-sided", "two_sided": "Optimum, two-sided"}.get(name, name)
        np.testing.assert_array_equal(labelled(top)[label].get_xydata(), rows[points])
        ratio = rows[["signal_efficiency", "over_one_sided"]]
        np.testing.assert_array_equal(labelled(bottom)[label].get_xydata(), ratio)


def test_expected_significance(results):
    table, (top, bottom) = (
        results.table("expected_significance"),
        results.figure("expected_significance").axes,
    )
    features = results.read("ten", "features.parquet")
    test = features[features["split"] == "test"]
    for name in ("scan", "bce"):
        cuts = results.read("ten", f"{name}/cuts.csv")
        expected = selected_yields(test, passes_cut_table(test, cuts), STUDIES["ten"].counting_experiment)
        rows = table[table["network"] == name]
        assert sorted(rows["significance"]) == pytest.approx(sorted(expected["significance"]))
        assert rows["signal_efficiency"].is_monotonic_increasing
        drawn = labelled(top)[name].get_xydata()
        np.testing.assert_array_equal(drawn, rows[["signal_efficiency", "exact_significance"]])
        assert rows["exact_significance"].notna().all()
    assert bottom.get_yscale() == "log"
    assert len(top.lines) == len(legend_texts(top.get_legend())) == 2


def test_expected_significance_without_exact_efficiencies_shows_those_of_the_sample(results):
    table, (top, bottom) = (
        results.table("expected_significance_of_events"),
        results.figure("expected_significance_of_events").axes,
    )
    assert table["exact_significance"].isna().all()
    for name, rows in table.groupby("network"):
        points = labelled(top)[name].get_xydata()
        np.testing.assert_array_equal(points, rows[["signal_efficiency", "significance"]])
    assert len(top.lines) == 2
    assert [len(container[0].get_xydata()) for container in bottom.containers] == [3, 1]


def test_competitors_are_compared_at_the_targets_of_the_first(results):
    table = results.table("competitors")
    at_targets = table[table["part"] == "targets"]
    assert at_targets["network"].tolist() == ["scan"] * 3 + ["boxes"] * 3 + ["linear"] * 3
    assert at_targets["target_efficiency"].tolist() == [0.3, 0.6, 0.9] * 3
    metrics = {name: results.read("seven", f"{name}/metrics.csv") for name in ("scan", "boxes", "linear")}
    of_scan = metrics["scan"].sort_values("target_efficiency")
    drawn = at_targets[at_targets["network"] == "scan"]
    assert drawn["background_efficiency"].tolist() == of_scan["background_efficiency"].tolist()
    assert at_targets[at_targets["network"] == "boxes"]["background_efficiency"].tolist() == [0.0, 0.01, 0.05]
    assert at_targets[at_targets["network"] == "linear"]["background_efficiency"].isna().all()
    of_network = at_targets.drop_duplicates("network").set_index("network")
    assert of_network["training_seconds"].tolist() == [7.5, 0.02, 2.5]
    assert of_network["has_cuts"].tolist() == [True, True, False]
    assert of_network.loc["linear", "roc_area"] == metrics["linear"]["auc"][0]
    assert of_network.loc["scan", "roughness"] < of_network.loc["boxes", "roughness"]
    assert np.isnan(of_network.loc["linear", "roughness"])
    # All working points of cuts, those between the targets too; of a score the whole curve.
    roc = table[table["part"] == "roc"].groupby("network")
    assert roc.size()["scan"] == 3
    assert roc.get_group("boxes")["signal_efficiency"].is_monotonic_increasing
    assert roc.size()["boxes"] == 4
    assert roc.size()["linear"] > 50


def test_competitors_without_background_stand_at_the_lower_end(results):
    figure = results.figure("competitors")
    roc, targets, roughness, training = figure.axes
    n_background = results.table("competitors")["background_events"].max()
    points = {line.get_color(): line for line in roc.lines}
    boxes = points[LINE_COLORS[1]]
    assert min(boxes.get_ydata()) == pytest.approx(0.5 / n_background)
    assert boxes.get_linestyle() == "None"
    assert points[LINE_COLORS[2]].get_marker() == ""
    assert any("no event left" in text.get_text() for text in (*roc.texts, *targets.texts))
    assert [text.get_text().strip() for text in roughness.texts][2] == "no cuts"
    assert [bar.get_width() for bar in training.patches] == [7.5, 0.02, 2.5]
    assert [tick.get_text() for tick in targets.get_xticklabels()] == ["0.3", "0.6", "0.9"]
    assert legend_texts(figure.legends[0]) == ["scan", "boxes", "linear"]


def test_competitors_need_targets_of_the_first(results):
    figure = CASES["competitors"] | {"networks": ["bce", "boxes"]}
    with pytest.raises(ValueError, match="network bce has no targets to compare at: name a scan first"):
        competitors.tabulate(results.inputs(figure))


def test_overtraining(results):
    top, bottom = results.figure("overtraining").axes
    ratios, shares = ({box.get_label(): box[0].get_xydata() for box in ax.containers} for ax in (top, bottom))
    assert [tick.get_text() for tick in bottom.get_xticklabels()] == ["0.3", "0.6", "0.9", "none"]
    # Networks stand side by side; a point beyond the ends is an arrow.
    step = 0.7 / 3
    np.testing.assert_allclose(ratios["scan"], [[-step, 1.1], [1 - step, 0.98], [2 - step, 1.01]])
    np.testing.assert_allclose(ratios["boxes"], [[1, 1.3]])
    np.testing.assert_allclose(ratios["linear"], [[3 + step, 1.6]])
    np.testing.assert_allclose(shares["boxes"], [[1, 0.4], [2, 1.2]])
    assert len(shares["scan"]) == 0
    for ax, arrow in ((top, "$\\uparrow$"), (bottom, "$\\downarrow$")):
        (at,) = [
            line.get_xydata() for line in ax.lines if line.get_marker() == arrow and len(line.get_xdata())
        ]
        assert at[0, 0] == 0
    assert "gain over scan" in bottom.get_title(loc="left")


def test_overtraining_without_a_gain_has_one_panel(results):
    (only,) = results.figure("overtraining_of_one").axes
    assert only.get_xlabel() == "Target signal efficiency"
    assert set(results.table("overtraining_of_one")["network"]) == {"scan"}


def test_points_with_few_events_are_hollow_and_say_how_many_more(results):
    training, test = results.figure("certify").axes
    for ax in (training, test):
        hollow = [
            line for line in ax.lines if line.get_markerfacecolor() == "white" and len(line.get_xdata())
        ]
        # The best cuts leave 45 events at 0.3, 125 at 0.5; networks stand side by side.
        assert [line.get_xdata()[0] for line in hollow] == pytest.approx([-0.15, 0.15])
    assert [tick.get_text() for tick in training.get_xticklabels()] == ["0.3", "0.5", "0.7", "0.9"]
    assert [text.get_text() for text in training.texts if text.get_text().startswith("+")] == ["+6", "+3"]


def test_beside_a_row_that_keeps_no_signal_events_are_counted(results):
    """The number of its events is empty, which makes floats of the others in the file."""
    rows = results.read("seven", "certify.csv").astype({"ratio": float, "events_left": float})
    rows.loc[1, ["ratio", "events_left"]] = np.nan
    table = certify.tabulate(SimpleNamespace(read_analysis=lambda kind: rows))
    assert len(table) == len(rows) - 1
    training, _ = certify.make_figure(table, None, STUDIES["seven"]).axes
    assert {"+6", "+3"} <= {text.get_text() for text in training.texts}


def test_the_best_cuts_are_seen_however_far_the_others(results):
    table = results.table("certify").assign(ratio=8.0, test_ratio=9.0)
    for ax in certify.make_figure(table, None, STUDIES["seven"]).axes:
        low, high = ax.get_ylim()
        assert low < 1.0 < 9.0 < high


def test_without_a_bound_there_is_no_band(results):
    table = results.table("certify")
    heights = {}
    for name, bound in (("given", table["bound"]), ("zero", 0.0), ("none", np.nan)):
        ratio = table["ratio_to_bound"] if name == "given" else np.nan
        drawn = results.figure("certify", table.assign(bound=bound, ratio_to_bound=ratio))
        bands = [band for band in drawn.axes[0].collections if isinstance(band, PolyCollection)]
        heights[name] = max(np.ptp(path.vertices[:, 1]) for band in bands for path in band.get_paths())
    assert heights["none"] < heights["given"] < heights["zero"]


RANGES = pd.DataFrame({">": [-3.0, -4.0], "<": [3.0, 4.0]}, index=["a", "b"])


def cut_table(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["target_efficiency", "feature", "direction", "cut_scaled"])


def test_roughness_by_hand():
    """Eq 7: the inner target lies 1 off the middle of neighbours that are 2 apart, and on it in b."""
    cuts = cut_table(
        [
            *[
                (target, "a", ">", cut)
                for target, cut in zip([0.2, 0.5, 0.8], [0.0, -2.0, -2.0], strict=True)
            ],
            *[(target, "b", "<", cut) for target, cut in zip([0.8, 0.5, 0.2], [2.0, 1.0, 0.0], strict=True)],
            (0.35, "a", ">", 100.0),  # no target of the others
        ]
    )
    targets = [0.2, 0.5, 0.8]
    assert cut_roughness(cuts, targets, RANGES) == pytest.approx((1 / 4.1 + 0) / 2)
    # An edge that is absent stands at the end of the range: (-2, -3, -2) instead of (-2, ., -2).
    absent = cut_table([(0.2, "a", ">", -2.0), (0.8, "a", ">", -2.0), (0.5, "b", "<", 4.0)])
    assert cut_roughness(absent, targets, RANGES) == pytest.approx((1 / 0.1 + 0) / 2)
    assert np.isnan(cut_roughness(cuts.iloc[:0], targets, RANGES))
    assert np.isnan(cut_roughness(cuts, [0.1, 0.15, 0.17], RANGES))


def test_ranges_are_those_of_the_training_sample(results):
    table = results.read("seven", "features.parquet")
    names = [feature.name for feature in STUDIES["seven"].features]
    mean, spread = training_scaling(table, names)
    training = table.loc[table["split"] == "train", names].to_numpy()
    ranges = scaled_ranges(table, "standard")
    np.testing.assert_allclose(ranges.loc[names, ">"], (training.min(axis=0) - mean) / spread)
    np.testing.assert_allclose(ranges.loc[names, "<"], (training.max(axis=0) - mean) / spread)
