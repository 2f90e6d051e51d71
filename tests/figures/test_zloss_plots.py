"""The plots of arXiv:2412.09500, against events counted one by one."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cabin_core import FeatureScaling
from scripts.figures.papers import boundaries, collapse
from tests.figures.cases import (
    CASES,
    STUDIES,
    TOY_NETWORKS,
)
from tests.figures.results import Results, labelled
from tests.figures.written import training_scaling


def passing(results: Results, network: str, threshold: float, process: str) -> float:
    """Share of the test events of a process above a threshold, counted one by one."""
    events = results.read("toy", "features.parquet")
    scores = results.read("toy", f"{network}/scores.parquet")["score"]
    return float((scores > threshold)[(events["process"] == process) & (events["split"] == "test")].mean())


def test_boundaries(results):
    table, (ax,) = results.table("boundaries"), results.figure("boundaries").axes
    assert table["kind"].value_counts()[["signal", "background"]].to_list() == [30, 600]
    events = results.read("toy", "features.parquet")
    scaling = FeatureScaling(["x1", "x2"], *training_scaling(events, ["x1", "x2"]))
    for name in ("bce", "zloss_large"):
        weights, constant, _, _ = TOY_NETWORKS[name]
        ends = table[(table["kind"] == "boundary") & (table["name"] == name)][["x", "y"]].to_numpy()
        scaled = scaling.scale(torch.tensor(ends)).numpy()
        np.testing.assert_allclose(scaled @ weights + constant, 0.0, atol=1e-9)
        assert np.ptp(ends, axis=0).min() > 0.2
        line = labelled(ax)[name]
        np.testing.assert_allclose(line.get_xydata(), ends)
        assert line.get_linestyle() == "-"
    published = labelled(ax)["zloss_large, published"]
    assert published.get_linestyle() == "--"
    assert published.get_color() == labelled(ax)["zloss_large"].get_color()
    assert ax.get_xlim() == (-2, 7)
    assert ax.get_xlabel() == "$x_{1}$ [GeV]"
    assert (
        len({labelled(ax)[f"{name} events drawn"].get_color() for name in ("s, 30", "b1, 200", "b2, 400")})
        == 3
    )


def test_boundaries_need_two_features_and_known_processes(results):
    inputs, toy = results.inputs(CASES["boundaries"]), STUDIES["toy"]
    with pytest.raises(ValueError, match="drawn in two features, the study has 1"):
        boundaries.tabulate(replace(inputs, study=toy.model_copy(update={"features": toy.features[:1]})))
    with pytest.raises(ValueError, match="no process b3 to draw: the study has s, b1, b2"):
        boundaries.tabulate(results.inputs(CASES["boundaries"] | {"drawn_events": {"b3": 1}}))


@pytest.mark.parametrize("case", ["significance", "significance_against_threshold"])
def test_significance(results, case):
    table, (ax,) = results.table(case), results.figure(case).axes
    scan = table[(table["kind"] == "scan") & (table["name"] == "zloss_large")]
    scores = results.read("toy", "zloss_large/scores.parquet").query("split == 'test' and label == 1")
    ranked = np.sort(scores["score"])
    for x, value in scan.loc[scan["x"] < 0.9995, ["x", "y"]].to_numpy()[::97]:
        n_above = round(x * len(ranked))
        # An efficiency is that of every threshold from one event of signal to the next.
        between = ranked[-min(n_above + 1, len(ranked))], ranked[-n_above] - 1e-12
        bounds = []
        for threshold in (x, x) if case.endswith("threshold") else between:
            s, b1, b2 = (passing(results, "zloss_large", threshold, name) for name in ("s", "b1", "b2"))
            bounds.append(300 * s / np.sqrt(3000 * b1 + 300_000 * b2))
        assert bounds[0] * (1 - 1e-9) <= value <= bounds[1] * (1 + 1e-9)
    assert scan["y"].iloc[-1] == pytest.approx(0.545, abs=0.002)
    line = next(line for label, line in labelled(ax).items() if label.startswith("zloss_large"))
    best = scan[scan["background_events"] >= 100]["y"].max()
    assert f", {best:.2f} at " in line.get_label()
    assert np.nanmax(line.get_ydata()) == pytest.approx(best)
    dotted = [line for line in ax.lines if line.get_linestyle() == ":"]
    for line in dotted:
        assert not line.get_label().startswith("zloss")
    assert ("Published" in labelled(ax)) == (case == "significance")


def test_class_efficiencies(results):
    table, (ax,) = results.table("class_efficiencies"), results.figure("class_efficiencies").axes
    for process in ("s", "b1", "b2"):
        rows = table[(table["kind"] != "published") & (table["name"] == process)]
        for row in rows.iloc[::101].itertuples():
            assert row.y == pytest.approx(passing(results, "zloss_large", row.x, process))
        np.testing.assert_array_equal(labelled(ax)[process].get_xydata(), rows[["x", "y"]])


@pytest.mark.parametrize(
    ("case", "shares"),
    [("background_roc", (3000 / 303_000, 300_000 / 303_000)), ("background_roc_of_events", (0.6, 0.4))],
)
def test_background_roc(results, case, shares):
    table, (ax,) = results.table(case), results.figure(case).axes
    rows = table[(table["kind"] == "scan") & (table["name"] == "zloss_large")]
    scores = results.read("toy", "zloss_large/scores.parquet").query("split == 'test' and label == 1")
    for row in rows[rows["y"].between(0.05, 0.999)].iloc[::83].itertuples():
        threshold = np.quantile(scores["score"], 1 - row.y, method="lower")
        background = sum(
            share * passing(results, "zloss_large", threshold, name)
            for share, name in zip(shares, ("b1", "b2"), strict=True)
        )
        assert row.x == pytest.approx(background, abs=0.02)
    assert ax.get_xscale() == "log"
    assert ("Published" in labelled(ax)) == (case == "background_roc")


def test_loss_landscapes(results):
    table, figure = results.table("loss_landscapes"), results.figure("loss_landscapes")
    at = table.set_index(["error", "x", "y"])["loss"]
    # Both wrong by one: all of the significance, N_s / sqrt(epsilon); one of them: Eq 5 by hand.
    assert at["hinge", 0.0, 0.0] == pytest.approx(1.0)
    assert at["hinge", 1.0, -1.0] == 0.0
    assert at["hinge", 1.0, 0.0] == pytest.approx(1 - 1 / np.sqrt(11))
    assert at["hinge", 0.0, -1.0] == pytest.approx(1.0)
    for error, rows in table.groupby("error"):
        least = rows.loc[rows["loss"].idxmin()]
        assert least["x"] > least["y"], error
    panels = [ax for ax in figure.axes if ax.get_title()]
    assert [ax.get_title() for ax in panels] == ["Hinge", "Sigmoid", "Cross-entropy", "Focal"]
    assert panels[0].lines[-1].get_xydata().tolist() == [[1.5, -1.5]]


def test_collapse(results):
    table, figure = results.table("collapse"), results.figure("collapse")
    ends = table[table["epoch"].isna()]
    assert ends["network"].to_list() == ["zloss", "zloss_large", "zloss_larger"]
    assert ends["epsilon"].to_list() == pytest.approx([300.0, 3000.0, 10000.0])
    assert ends["share"].to_list() == pytest.approx([1.004, 0.97, 0.73], abs=1e-3)
    events = results.read("toy", "features.parquet")
    _, spread = training_scaling(events, ["x1", "x2"])
    norm = np.linalg.norm(TOY_NETWORKS["zloss_large"][0] / spread)
    assert ends["weight_norm"].iloc[1] == pytest.approx(norm)
    scan = results.table("significance").query("name == 'zloss_large' and kind == 'scan'")
    assert ends["significance"].iloc[1] == pytest.approx(scan["y"].max())
    assert set(table.loc[table["epoch"].notna(), "network"]) == {"zloss"}
    hollow = [line for line in figure.axes[0].lines if line.get_label() == "collapsed"]
    assert [line.get_xdata().tolist() for line in hollow] == [[pytest.approx(300.0)]]
    assert figure.axes[5].get_ylabel() == "Spread of the outputs $F$"


def test_collapse_needs_the_z_loss(results):
    figure = CASES["collapse"] | {"networks": ["bce", "zloss"]}
    with pytest.raises(ValueError, match="network bce was not trained on the loss lovasz_z"):
        collapse.tabulate(results.inputs(figure))
