"""Watts' toys."""

import numpy as np
import pandas as pd
import pytest
import torch

from cabin_core import load_network
from scripts.figures import cut_history
from scripts.figures.papers import passing_against_cut
from scripts.models.samples import make_sample
from tests.figures.cases import (
    CASES,
)
from tests.figures.results import Results, labelled, module_of_case


def training_of(results: Results, study: str) -> pd.DataFrame:
    events = results.read(study, "features.parquet")
    return events[events["split"] == "train"]


def test_average_weights_are_those_of_the_events(results):
    table = results.table("emulations")
    events = training_of(results, "line")
    hard = table[(table["panel"] == "average") & (table["name"] == "hard") & (table["class"] == "signal")]
    for _, row in hard[hard["x"].between(3.0, 7.0)].iterrows():
        assert row["y"] == pytest.approx((events.loc[events["label"] == 1, "x"] >= row["x"]).mean())
    figure = results.figure("emulations")
    drawn = labelled(figure.axes[2])
    assert list(drawn) == ["Signal", "Background"]
    erf = table[(table["panel"] == "average") & (table["name"] == "erf") & (table["class"] == "signal")]
    np.testing.assert_allclose(drawn["Signal"].get_ydata(), erf["y"])


def test_dots_are_at_the_best_cuts(results):
    table = results.table("emulated_losses")
    figure = results.figure("emulated_losses")
    for ax, loss in zip(figure.axes[:3], ("significance", "cross_entropy", "squares"), strict=True):
        dots = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
        best = [
            rows.loc[(rows[loss] if loss == "significance" else -rows[loss]).idxmax(), "cut"]
            for _, rows in table.groupby("function", sort=False)
        ]
        assert dots == best


def test_share_of_the_gradient_ends_at_all_of_it(results):
    table = results.table("gradient_reach")
    window = table[(table["panel"] == "window") & (table["function"] == "erf")]
    assert window["gradient"].iloc[-1] == pytest.approx(1.0, abs=1e-6)
    assert table.loc[(table["panel"] == "cut") & (table["function"] == "balanced"), "gradient"].isna().any()


def test_stars_of_the_surfaces_are_their_best_points(results):
    table = results.table("cut_surfaces")
    figure = results.figure("cut_surfaces")
    rows = table[(table["function"] == "erf") & (table["loss"] == "squares")]
    best = rows.loc[rows["value"].idxmin()]
    (star,) = (line for line in figure.axes[2].lines if line.get_marker() == "*")
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (best["x"], best["y"])


def test_cut_history_starts_at_the_first_epoch_and_shows_what_was_published(results):
    figure = results.figure("cut_history")
    for ax, feature, published in zip(figure.axes, ("x1", "x2"), (-7.5, -7.9), strict=True):
        history = results.read("plane", "raw/history.csv")
        line = labelled(ax)["raw"]
        assert line.get_ydata()[0] == history[f"cut_{feature}"].iloc[0]
        open_marker = labelled(ax)["Published"]
        assert (open_marker.get_xdata()[0], open_marker.get_ydata()[0]) == (len(history), published)
    with pytest.raises(ValueError, match="the history of bce has no cuts: its entry needs record_cuts"):
        cut_history.cut_columns(results.read("seven", "bce/history.csv"), "bce")


def test_lines_on_the_plane_are_the_cuts(results):
    ax = results.figure("cuts_on_plane").axes[0]
    cuts = results.read("plane", "softmax/cuts.csv")["cut"]
    vertical, horizontal = ax.lines[:2]
    assert vertical.get_xdata()[0] == pytest.approx(cuts[0])
    assert horizontal.get_ydata()[0] == pytest.approx(cuts[1])


def test_scores_without_bounds_are_shown_after_a_sigmoid(results):
    table = results.table("joint_scores")
    assert table.groupby("network")["squashed"].first().to_dict() == {"softmax": False, "raw": True}
    widths = table["high"] - table["low"]
    areas = (table["density"] * widths).groupby([table["network"], table["class"]]).sum()
    assert areas.to_numpy() == pytest.approx(1.0)


def test_shares_of_the_maps_are_of_all_test_events(results):
    table = results.table("classification_maps")
    scores = results.read("plane", "softmax/scores.parquet")
    signal = scores[(scores["split"] == "test") & (scores["label"] == 1)]["score"]
    shares = table[table["kind"] == "share"].set_index(["rule", "class"])["correct"]
    assert shares["output", "signal"] == pytest.approx((signal > 0.5).mean())
    # A sigmoid of what is in [0, 1] already.
    assert shares["sigmoid", "signal"] == 1.0
    assert shares["sigmoid", "background"] < 0.05


def test_moved_cut_leaves_the_network_as_it_was(results):
    trained = load_network(results.folder_of("plane") / "raw" / "model.pt")
    before = trained.network.state_dict()["preselection.bias"].clone()
    sample = make_sample(results.read("plane", "features.parquet"), trained.scaling, "train", torch.float32)
    table = passing_against_cut.move_first_cut(trained.network, sample, "sigmoid")
    assert torch.equal(trained.network.state_dict()["preselection.bias"], before)
    # Far down the cut does nothing: what passes is what the network itself lets through.
    with torch.no_grad():
        outputs = trained.network.classifier(sample.features)[sample.is_signal, 0]
    assert table["passing"].iloc[0] == (outputs > 1e-6).sum()
    assert table["passing"].iloc[-1] == 0
    with pytest.raises(ValueError, match="a joint one is needed"):
        passing_against_cut.move_first_cut(trained.network.preselection, sample, "sigmoid")


@pytest.mark.parametrize(
    ("case", "study", "message"),
    [
        ("emulations", "plane", "1 features with cuts > are scanned here, the study has x1 >, x2 >"),
        ("cuts_on_plane", "line", "contours are drawn in two features, the study has 1"),
        ("classification_maps", "line", "maps are drawn in two features, the study has 1"),
    ],
)
def test_plots_of_another_number_of_features(results, case, study, message):
    inputs = results.inputs(CASES[case] | {"study": study})
    with pytest.raises(ValueError, match=message):
        module_of_case(case).tabulate(inputs)
