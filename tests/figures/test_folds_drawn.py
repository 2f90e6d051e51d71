"""Figures and tables of studies in folds: means and spreads by hand, and that they are drawn."""

import numpy as np
import pandas as pd
import pytest

from scripts.data.cut_table import CUT_COLUMNS
from scripts.figures.inputs import FigureInputs
from scripts.kinds import module_of
from scripts.parsing import parse_kind
from scripts.tables.inputs import TableInputs
from tests.studies import COUNTING_EXPERIMENT, NETWORKS, make_study

TARGETS = [0.3, 0.6]
STUDY = {
    "split": {"folds": 2},
    "counting_experiment": COUNTING_EXPERIMENT,
    "networks": {"scan": NETWORKS["scan"] | {"targets": TARGETS}, "linear": NETWORKS["linear"]},
}
#: Target, feature, direction, cut, scaled cut, fold.
CUTS = [
    (target, feature, direction, cut + 2.0 * fold + 10 * target, 0.1 * cut, fold)
    for fold in (0, 1)
    for target in TARGETS
    for feature, direction, cut in (("x0", ">", -4.0), ("x1", "<", 20.0))
]
SPREAD = pytest.approx([np.sqrt(2)] * 4)


@pytest.fixture
def files(tmp_path):
    """The files of the scan and of the linear network, with eight events; a cut drops the last two."""
    label = np.tile([1, 0], 4).astype(np.int8)
    events = pd.DataFrame(
        {
            "x0": [9.0, 9.0, 9.0, 9.0, 9.0, 9.0, -90.0, -90.0],
            "x1": np.linspace(0.0, 1.0, 8),
            "label": label,
            "split": "test",
            "weight": 1.0,
            "fold": [0, 0, 0, 0, 1, 1, 1, 1],
        }
    )
    losses = {"train_total": [3.0, 1.0, 5.0, 1.0], "test_total": [2.0] * 4}
    history = pd.DataFrame({"epoch": [0, 1, 0, 1], **losses, "fold": [0, 0, 1, 1]})
    metrics = pd.DataFrame({"target_efficiency": TARGETS, "signal_efficiency": TARGETS, "auc": 0.7})
    metrics["background_efficiency"], metrics["background_efficiency_uncertainty"] = 0.2, 0.1
    scores = events[["label", "split", "weight", "fold"]].assign(score=np.linspace(0.1, 0.8, 8))
    thresholds = {"score_above": 0.5, "score_above_fold0": 0.25, "score_above_fold1": 0.75}
    tables = {
        "cuts": [
            pd.DataFrame(CUTS, columns=[*CUT_COLUMNS, "fold"]),
            pd.DataFrame(columns=[*CUT_COLUMNS, "fold"]),
        ],
        "history": [history, history],
        "metrics": [
            metrics.assign(score_above=np.nan),
            metrics[:1].assign(target_efficiency=np.nan, **thresholds),
        ],
        "timing": [pd.DataFrame({"seconds": [1.0], "cpu_seconds": [2.0]})] * 2,
        "scores": [scores.rename(columns={"score": f"score_{TARGETS[0]}"}), scores],
    }
    paths = {}
    for kind, of_kind in tables.items():
        paths[kind] = []
        for number, table in enumerate(of_kind):
            path = tmp_path / f"{kind}_{number}.{'parquet' if kind == 'scores' else 'csv'}"
            table.to_parquet(path) if kind == "scores" else table.to_csv(path, index=False)
            paths[kind].append(path)
    events.to_parquet(tmp_path / "features.parquet")
    return paths | {"features": [tmp_path / "features.parquet"]}


def drawn(kind, files, networks=("scan",), **keys):
    """Return the rows of a plot, having drawn them, and the figure."""
    study = make_study(**STUDY)
    settings = parse_kind("plot", {"plot": kind, "caption": "Drawn.", "networks": list(networks), **keys})
    assert settings.takes_folds
    module = module_of("plot", kind)
    table = module.tabulate(FigureInputs(settings, study, files))
    figure = module.make_figure(table, settings, study)
    figure.canvas.draw()
    return table, figure


def tabulated(kind, files, networks=("scan",)):
    settings = parse_kind("table", {"table": kind, "caption": "Tabulated.", "networks": list(networks)})
    assert settings.takes_folds
    return module_of("table", kind).make_table(TableInputs(settings, make_study(**STUDY), files))


def test_cuts_are_a_line_and_a_band(files):
    table, figure = drawn("cuts", files)
    # -4 and -2 shifted by 3, then by 6; 20 and 22 likewise.
    assert table["cut"].to_list() == pytest.approx([0.0, 24.0, 3.0, 27.0])
    assert table["spread"].to_list() == SPREAD
    assert [len(ax.collections) for ax in figure.axes] == [1, 1]
    scaled, _ = drawn("cuts", files, scaled=True)
    assert scaled["spread"].to_list() == [0.0] * 4


def test_cuts_on_features_and_on_the_plane(files):
    table, figure = drawn("features_with_cuts", files)
    assert table["spread"].dropna().to_list() == SPREAD
    assert len(figure.axes[0].patches) > len(drawn("features", files, networks=())[1].axes[0].patches)
    table, figure = drawn("cuts_on_plane", files)
    assert table["spread"].dropna().to_list() == SPREAD
    assert len(figure.axes[0].patches) == 4


def test_the_loss_is_the_mean_of_the_folds(files):
    table, figure = drawn("history", files)
    assert table["train_total"].to_list() == [4.0, 1.0]
    assert table["train_total_spread"].to_list() == pytest.approx([np.sqrt(2), 0.0])
    assert len(figure.axes[0].collections) == 2


@pytest.mark.parametrize(
    ("kind", "networks"),
    [
        ("scores", ["linear"]),
        ("roc", ["linear"]),
        ("scores_and_roc", ["linear"]),
        ("significance", ["linear"]),
        ("expected_significance", ["scan", "linear"]),
        ("competitors", ["scan", "linear"]),
    ],
)
def test_what_else_takes_folds_is_drawn(files, kind, networks):
    table, _ = drawn(kind, files, networks)
    assert len(table)


def test_yields_by_the_cuts_and_thresholds_of_folds(files):
    table = tabulated("expected_significance", files, ["scan", "linear"])
    # The cuts leave three of four events of each class. Signal at 0.1, 0.3 | 0.5, 0.7 above 0.25 | 0.75: one
    # event; background at 0.2, 0.4 | 0.6, 0.8: two.
    assert table["signal"].to_list() == pytest.approx([15.0, 15.0, 5.0])
    assert table["background"].to_list() == pytest.approx([225.0, 225.0, 150.0])


def test_tables_of_cuts_have_the_spread(files):
    table = tabulated("cuts", files)
    assert table["x0"].iloc[1] == "> 3 ± 1.4"
    assert table["x1"].to_list() == ["< 24 ± 1.4 GeV", "< 27 ± 1.4 GeV"]
    left = tabulated("n_minus_one", files).set_index("feature")
    assert left.loc["x1", "cut"] == "< 27 ± 1.4 GeV"
    assert left["signal"].to_dict() == {"x0": 4, "x1": 3, "all cuts": 3}


def test_roughness_is_the_mean_of_the_folds(files):
    table = tabulated("competitors", files, ["scan", "linear"])
    assert table["training_seconds"].to_list() == [2.0, 2.0]
