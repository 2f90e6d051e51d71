"""Losses and cuts of trainings: the table against the files, the figure against the table."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from scripts.figures import cuts, history
from scripts.figures.history import CURVES
from scripts.figures.inputs import FigureInputs
from tests.figures.cases import (
    FIGURES,
    STUDIES,
    settings_of,
)
from tests.figures.results import labelled, legend_texts
from tests.studies import make_study


def test_history(results):
    table, (figure) = results.table("history"), results.figure("history")
    (ax,) = figure.axes
    given = results.read("seven", "scan/history.csv")
    curves = {name: curve for name, curve in CURVES.items() if name in given}
    assert len(curves) == 7
    assert_frame_equal(table, given[["epoch", *curves]])
    for line, (column, (label, *_)) in zip(ax.lines, curves.items(), strict=True):
        np.testing.assert_array_equal(line.get_xydata(), given[["epoch", column]])
        assert line.get_label() == label
    assert legend_texts(figure.legends[0]) == [label for label, *_ in curves.values()]
    assert len({str(line.get_linestyle()) + line.get_color() for line in ax.lines}) == 7
    assert ax.get_yscale() == "log"
    lowest, highest = ax.get_ylim()
    late = given.loc[given["epoch"] >= 3, list(curves)]
    assert lowest < late.min().min()
    assert highest > given[list(curves)].max().max()


def test_history_of_one_term_is_the_total_only(results):
    table, (ax,) = results.table("history_of_one_term"), results.figure("history_of_one_term").axes
    assert list(table.columns) == ["epoch", "train_total", "test_total", "train_bce"]
    assert [line.get_label() for line in ax.lines] == ["Total, training", "Total, test"]


def test_history_of_the_z_loss(results):
    assert list(results.table("history_of_the_z_loss")) == ["epoch", "train_total", "test_total"]


def test_history_connects_the_epochs_that_looked_at_the_test_sample():
    settings = settings_of(FIGURES["history"])
    test = [9.0, np.nan, 5.0, np.nan, 3.0]
    table = pd.DataFrame({"epoch": range(5), "train_total": [8.0, 6.0, 5.0, 4.0, 2.0], "test_total": test})
    (ax,) = history.make_figure(table, settings, make_study()).axes
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), [[0, 9], [2, 5], [4, 3]])
    lowest, highest = ax.get_ylim()
    assert lowest < 2
    assert highest > 9


def test_history_shows_a_term_without_a_curve_of_its_own(monkeypatch, tmp_path):
    """A module of cabin_core/terms is all that a new term needs."""
    monkeypatch.setattr(history, "TERMS", ("bce", "new_term"))
    epochs = np.arange(1.0, 9.0)
    columns = ("epoch", "train_total", "test_total", "train_bce", "train_new_term", "train_share")
    pd.DataFrame(dict.fromkeys(columns, epochs)).to_csv(tmp_path / "history.csv", index=False)
    settings = settings_of(FIGURES["history"])
    inputs = FigureInputs(settings, make_study(), {"history": [tmp_path / "history.csv"]})
    table = history.tabulate(inputs)
    assert list(table) == list(columns[:-1])
    (ax,) = history.make_figure(table, settings, make_study()).axes
    assert [line.get_label() for line in ax.lines][-2:] == ["BCE", "New term"]


def test_history_of_a_loss_below_zero_stays_in_the_frame():
    epochs = np.arange(100)
    table = pd.DataFrame(
        {
            "epoch": epochs,
            "train_total": -0.1 * epochs,
            "test_total": -0.1 * epochs + 0.2,
            "train_log_background": -0.1 * epochs - 0.5,
            "train_constraint": np.full(100, 0.5),
        }
    )
    (ax,) = history.make_figure(table, settings_of(FIGURES["history"]), make_study()).axes
    assert ax.get_yscale() == "linear"
    low, high = ax.get_ylim()
    later = table.loc[epochs >= 5].drop(columns="epoch").to_numpy()
    assert low < later.min() < later.max() < high
    assert len(ax.lines) == 4


@pytest.mark.parametrize(("case", "column"), [("cuts", "cut_scaled"), ("cuts_physical", "cut")])
def test_cuts(results, case, column):
    study = FIGURES[case]["study"]
    figure, scan = results.figure(case), results.read(study, "scan/cuts.csv")
    bce, metrics = results.read(study, "bce/cuts.csv"), results.read(study, "bce/metrics.csv")
    assert len(results.table(case)) == len(scan) + len(bce)
    for ax, feature in zip(figure.axes, STUDIES[study].features, strict=True):
        line, star = ax.lines
        expected = scan[scan["feature"] == feature.name].sort_values("target_efficiency")
        np.testing.assert_array_equal(line.get_xydata(), expected[["target_efficiency", column]])
        # Without a target, at the signal efficiency that the network has.
        own = [metrics.loc[0, "signal_efficiency"], bce.set_index("feature").loc[feature.name, column]]
        np.testing.assert_array_equal(star.get_xydata(), [own])
        assert (star.get_marker(), star.get_linestyle()) == ("*", "None")
        assert ax.get_title() == f"{feature.label} {feature.direction} cut"
        if column == "cut":
            assert ax.get_ylabel() == ("Cut [GeV]" if feature.unit else "Cut")
    assert (len({ax.get_ylim() for ax in figure.axes}) == 1) == (column == "cut_scaled")
    assert legend_texts(figure.legends[0]) == ["scan", "bce"]


@pytest.mark.parametrize(
    "count",
    [4, 5],
)
def test_cuts_of_as_many_single_networks_as_allowed(results, count):
    assert count in cuts.Settings.n_networks
    one = results.table("cuts").query("network == 'bce'")
    figure = results.figure("cuts", pd.concat(one.assign(network=f"net{i}") for i in range(count)))
    assert len({line.get_marker() for line in figure.axes[0].lines}) == count


def test_windows_are_two_lines_of_one_colour(results):
    table = results.table("cuts")
    edges = table[table["network"] == "scan"]
    other = edges.assign(direction=edges["direction"].map({"<": ">", ">": "<"}), cut=edges["cut"] + 1.0)
    ax = results.figure("cuts", pd.concat([edges, other])).axes[0]
    below, above = ax.lines
    assert below.get_color() == above.get_color()
    np.testing.assert_allclose(above.get_ydata(), below.get_ydata() + 1.0)
    assert list(labelled(ax)) == ["scan"]


def test_efficiencies(results):
    table, (ax,) = results.table("efficiencies"), results.figure("efficiencies").axes
    metrics = results.read("seven", "scan/metrics.csv").sort_values("target_efficiency")
    assert table["target_efficiency"].tolist() == [0.3, 0.6, 0.9]
    points = {container.get_label(): container for container in ax.containers}
    for name in ("signal", "background"):
        drawn = points[f"{name.capitalize()}, hard cuts"]
        np.testing.assert_array_equal(
            drawn[0].get_xydata(), metrics[["target_efficiency", f"{name}_efficiency"]]
        )
        ends = np.array(drawn[2][0].get_segments())[:, :, 1]
        np.testing.assert_allclose(np.diff(ends)[:, 0] / 2, metrics[f"{name}_efficiency_uncertainty"])
        in_loss = labelled(ax)[f"{name.capitalize()}, in the loss"]
        np.testing.assert_array_equal(
            in_loss.get_xydata(), metrics[["target_efficiency", f"loss_{name}_efficiency"]]
        )
    np.testing.assert_array_equal(labelled(ax)["Target met"].get_xydata(), [[0, 0], [1, 1]])
    assert len(legend_texts(ax.get_legend())) == 5
    assert any(line.get_visible() for line in ax.get_xgridlines())
