"""Scores and ROC curves: the table against a computation of its own, the figure against the table."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from scripts.figures.inputs import FigureInputs
from scripts.figures.papers import scores_near_one
from scripts.figures.score_panels import MOST_POINTS, tabulate_roc
from scripts.figures.style import (
    COLORS,
)
from tests.figures.cases import (
    TARGETS,
    settings_of,
)
from tests.figures.results import labelled, legend_texts, steps
from tests.studies import make_study


def check_scores(ax, table: pd.DataFrame, events: pd.DataFrame, column: str) -> None:
    for (name, split), bins in table.groupby(["class", "split"]):
        rows = events[(events["label"] == (name == "signal")) & (events["split"] == split)]
        assert bins["density"].sum() / 20 == pytest.approx(1)
        upper = rows[rows[column] >= 0.95]
        assert bins["density"].iloc[-1] / 20 == pytest.approx(upper["weight"].sum() / rows["weight"].sum())
        error = np.sqrt((upper["weight"] ** 2).sum()) / rows["weight"].sum()
        assert bins["uncertainty"].iloc[-1] / 20 == pytest.approx(error)
        if split == "train":
            heights, edges = steps(ax, name)
            np.testing.assert_array_equal(heights, bins["density"])
            np.testing.assert_allclose(edges, np.arange(21) / 20)
        else:
            (points,) = (c for c in ax.containers if c.get_label() == f"{name.capitalize()} (test)")
            filled = bins[bins["density"] > 0]
            np.testing.assert_allclose(
                points[0].get_xydata(), np.c_[filled["low"] + 0.025, filled["density"]]
            )
            ends = np.array(points[2][0].get_segments())[:, :, 1]
            np.testing.assert_allclose((ends[:, 1] - ends[:, 0]) / 2, filled["uncertainty"])
            assert points[0].get_color() == COLORS[name]
    assert ax.get_yscale() == "log"
    assert ax.get_xlim() == (0, 1)


LEGEND_OF_SCORES = [
    f"{name} ({split})" for split in ("training", "test") for name in ("Background", "Signal")
]


def test_scores(results):
    table, figure = results.table("scores"), results.figure("scores")
    events = results.read("ten", "scan/scores.parquet")
    assert list(table["panel"].unique()) == [f"score_{target}" for target in TARGETS["ten"]]
    for ax, target in zip(figure.axes, TARGETS["ten"], strict=True):
        check_scores(ax, table[table["panel"] == f"score_{target}"], events, f"score_{target}")
        assert ax.get_title() == f"Target {100 * target:.0f} %"
    assert legend_texts(figure.legends[0]) == LEGEND_OF_SCORES


def test_the_range_shared_by_scores_holds_the_bins_of_all_panels(results):
    # Unlike in the other panels, all bins of the last one are far from empty.
    table = results.table("scores")
    last = table["panel"] == "score_0.95"
    figure = results.figure("scores", table.assign(density=table["density"].mask(last, 1.0)))
    lowest, highest = figure.axes[0].get_ylim()
    assert lowest < table.loc[table["density"] > 0, "density"].min()
    assert highest > table["density"].max()


def test_scores_near_one(results):
    table, figure = results.table("scores_near_one"), results.figure("scores_near_one")
    panels = [("bce", "score", "bce"), ("scan", "score_0.3", "scan, target 30 %")]  # closest to 40 %
    for ax, (network, column, title) in zip(figure.axes, panels, strict=True):
        rows = table[table["network"] == network]
        assert set(rows["panel"]) == {column}
        events = results.read("seven", f"{network}/scores.parquet").query("split == 'test'")
        for name, label in (("signal", 1), ("background", 0)):
            of_class = events[events["label"] == label]
            bins = rows[(rows["class"] == name) & rows["density"].notna()]
            width = bins["high"].to_numpy() - bins["low"].to_numpy()
            # A score of 1 is kept too: the area is all of it.
            assert (bins["density"] * width).sum() == pytest.approx(1)
            beyond = of_class["weight"][of_class[column] > 1 - 1e-3].sum() / of_class["weight"].sum()
            area = (bins["density"] * width)[bins["low"] >= 3 - 1e-9].sum()
            assert area == pytest.approx(beyond)
            np.testing.assert_array_equal(steps(ax, name)[0], bins["density"])
        signal = events[events["label"] == 1]
        points = rows.dropna(subset=["threshold"])
        for efficiency, threshold in zip([0.4, 0.5], points["threshold"], strict=True):
            above = signal[column] > 1 - 10**-threshold
            assert np.average(above, weights=signal["weight"]) == pytest.approx(efficiency, abs=0.03)
        lines = labelled(ax)
        drawn = [lines[f"{percent} % signal efficiency"].get_xdata()[0] for percent in (40, 50)]
        assert drawn == points["threshold"].tolist()
        assert lines["Score 0.5"].get_xdata()[0] == pytest.approx(-np.log10(1 - 0.5))
        assert ax.get_title() == title
        assert ax.get_yscale() == "log"


def test_thresholds_near_one_take_weights(tmp_path):
    scores = np.linspace(0.001, 0.999, 999)
    events = pd.DataFrame({"label": 1, "split": "test", "weight": np.where(scores > 0.8, 1.0, 0.01)})
    events = pd.concat([events.assign(score=scores), events.assign(score=scores, label=0)])
    events.to_parquet(tmp_path / "scores.parquet", index=False)
    figure = settings_of({"plot": "scores_near_one", "networks": ["net"]})
    files = {"scores": [tmp_path / "scores.parquet"]}
    table = scores_near_one.tabulate(FigureInputs(figure, make_study(), files))
    above = scores > 1 - 10 ** -table["threshold"].dropna().iloc[0]
    assert np.average(above, weights=np.where(scores > 0.8, 1.0, 0.01)) == pytest.approx(0.4, abs=0.01)


def check_roc(ax, rows: pd.DataFrame, events: pd.DataFrame, column: str) -> None:
    test = events[events["split"] == "test"]
    area = roc_auc_score(test["label"], test[column], sample_weight=test["weight"])
    np.testing.assert_allclose(rows["auc"], area)
    curve = rows[["false_positive_rate", "true_positive_rate"]].to_numpy()
    np.testing.assert_allclose(curve[[0, -1]], [[0, 0], [1, 1]], atol=1e-12)
    assert (np.diff(curve, axis=0) >= 0).all()
    assert np.trapezoid(curve[:, 1], curve[:, 0]) == pytest.approx(area, abs=2e-3)
    drawn, diagonal = ax.lines
    np.testing.assert_array_equal(drawn.get_xydata(), curve)
    np.testing.assert_array_equal(diagonal.get_xydata(), [[0, 0], [1, 1]])
    assert diagonal.get_linestyle() == "--"
    assert legend_texts(ax.get_legend()) == [f"AUC = {area:.3f}"]


def test_roc(results):
    table, figure = results.table("roc"), results.figure("roc")
    events = results.read("ten", "scan/scores.parquet")
    for ax, target in zip(figure.axes, TARGETS["ten"], strict=True):
        check_roc(ax, table[table["panel"] == f"score_{target}"], events, f"score_{target}")
        assert ax.get_title() == f"Target {100 * target:.0f} %"


def test_thinned_roc_keeps_the_area():
    rng = np.random.default_rng(3)
    label = rng.integers(0, 2, 5000)
    events = pd.DataFrame({"label": label, "split": "test", "weight": 1.0, "score": rng.normal(label)})
    table = tabulate_roc(events)
    assert len(table) == MOST_POINTS
    assert table.iloc[[0, -1], 1:3].to_numpy().tolist() == [[0, 0], [1, 1]]
    assert table["auc"].iloc[0] == pytest.approx(roc_auc_score(label, events["score"]))


def test_scores_and_roc(results):
    table, (left, right) = results.table("scores_and_roc"), results.figure("scores_and_roc").axes
    events = results.read("seven", "linear/scores.parquet")
    check_scores(left, table[table["part"] == "scores"], events, "score")
    check_roc(right, table[table["part"] == "roc"], events, "score")
    assert legend_texts(left.get_legend()) == LEGEND_OF_SCORES
    assert (left.get_ylabel(), right.get_ylabel()) == ("Events (unit area)", "True positive rate")
