"""Tables of the analysis `cut_prices`, and the points of its figure."""

import numpy as np
import pandas as pd
import pytest

from scripts.analyses.priced_cuts import COLUMNS
from scripts.figures import cut_prices
from scripts.kinds import module_of
from scripts.parsing import parse_kind
from scripts.tables.inputs import TableInputs
from tests.studies import make_study

ROWS = [
    ("all", None, 2, "x0 > 1.0 & x1 < 2.000001", 2.0, 1.0, 1.0, ""),
    ("without", "x1", 1, "x0 > 1.0", 8.0, 4.0, 1.2, "best found"),
    ("without", "x0", 1, "x1 < 2.0", 2.0, 1.0, 0.9, "can go: within 5 %"),
    ("fewest", None, 1, "x1 < 2.0", 2.0, 1.0, 0.9, "smallest, within 5 %"),
]


@pytest.fixture
def inputs(tmp_path):
    names = ["part", "feature", "n_features", "cuts", "background", "ratio", "test_ratio", "remark"]
    rows = pd.DataFrame(ROWS, columns=names).reindex(columns=COLUMNS).assign(target_efficiency=0.5)
    # At another target nothing is left.
    none = rows.assign(target_efficiency=0.2, background=0.0, ratio=np.nan)
    pd.concat([rows, none]).to_csv(tmp_path / "cut_prices.csv", index=False)
    study = make_study(analyses={"cut_prices": {}})

    def of(room, kind):
        settings = parse_kind(room, {room: kind, "caption": "Prices."})
        return TableInputs(settings, study, {"cut_prices": [tmp_path / "cut_prices.csv"]})

    return of


def test_prices_and_fewest_cuts_by_hand(inputs):
    prices = module_of("table", "cut_prices").make_table(inputs("table", "cut_prices"))
    assert prices["feature"].tolist() == ["x1", "x0"] * 2
    assert prices["with_all"].tolist() == [2, 2, 0, 0]
    assert prices["without"].tolist() == [8, 2, 0, 0]
    assert prices["remark"].tolist()[:2] == ["best found", "can go: within 5 %"]
    fewest = module_of("table", "fewest_cuts").make_table(inputs("table", "fewest_cuts"))
    assert fewest["n_features"].tolist() == [2, 1] * 2
    assert fewest["cuts"].tolist()[:2] == ["x0 > 1, x1 < 2 GeV", "x1 < 2 GeV"]
    assert fewest["remark"].tolist()[:2] == ["", "smallest, within 5 %"]


def test_a_figure_of_known_ratios(inputs):
    table = cut_prices.tabulate(inputs("plot", "cut_prices"))
    assert set(table["target_efficiency"]) == {0.5}
    fig = cut_prices.make_figure(table, None, make_study(analyses={"cut_prices": {}}))
    left, right = fig.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["$x_{0}$", "$x_{1}$"]
    assert left.get_xscale() == right.get_yscale() == "linear"


def test_a_study_with_the_analysis_has_its_figure_and_tables():
    study = make_study(analyses={"cut_prices": {}}, figures="default", tables="default", check=True)
    assert "small_cut_prices" in study.figures
    assert {"small_cut_prices", "small_fewest_cuts"} <= set(study.tables)
