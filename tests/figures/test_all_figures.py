"""Every figure: the files it reads, what it leaves alone, and where its legend is."""

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cabin_core import TrainedNetwork
from scripts.figures.inputs import FigureInputs
from scripts.figures.style import (
    paper_style,
)
from tests.figures.cases import (
    FIGURES,
    STUDIES,
    settings_of,
    study_of,
)
from tests.figures.results import module_of_case


@pytest.mark.parametrize("case", list(FIGURES))
def test_the_files_read_are_those_declared(results, monkeypatch, case):
    read = set()
    original, original_model = FigureInputs.read, FigureInputs.model

    def record(inputs: FigureInputs, kind: str, position: int = 0) -> pd.DataFrame:
        read.add((kind, position))
        return original(inputs, kind, position)

    def record_model(inputs: FigureInputs, position: int = 0) -> TrainedNetwork:
        read.add(("model", position))
        return original_model(inputs, position)

    monkeypatch.setattr(FigureInputs, "read", record)
    monkeypatch.setattr(FigureInputs, "model", record_model)
    results.fresh_table(case)
    declared = results.files(FIGURES[case])
    assert read == {(kind, i) for kind, paths in declared.items() for i in range(len(paths))}


@pytest.mark.parametrize("case", list(FIGURES))
def test_make_figure_changes_nothing_else(results, case):
    table, settings = results.fresh_table(case), dict(matplotlib.rcParams)
    before = table.copy()
    module_of_case(case).make_figure(table, settings_of(FIGURES[case]), STUDIES[study_of(FIGURES[case])])
    assert_frame_equal(table, before)
    assert dict(matplotlib.rcParams) == settings
    assert plt.get_fignums() == []


@pytest.mark.parametrize("case", list(FIGURES))
def test_legend_and_title_are_inside_and_apart(results, case):
    figure = results.figure(case)
    with paper_style():
        figure.draw_without_rendering()
    legends = figure.legends + [ax.get_legend() for ax in figure.axes if ax.get_legend()]
    boxes = [legend.get_window_extent() for legend in legends]
    assert all(figure.bbox.padded(1).containsx(x) for box in boxes for x in (box.x0, box.x1))
    assert all(figure.bbox.padded(1).containsy(y) for box in boxes for y in (box.y0, box.y1))
    if settings_of(FIGURES[case]).files:
        assert figure.get_suptitle() == STUDIES[study_of(FIGURES[case])].title
        assert not figure._suptitle.get_window_extent().count_overlaps(boxes)
