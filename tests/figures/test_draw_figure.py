"""The rule that draws a figure, what it cannot draw, and the helpers."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from scripts import draw_figure
from scripts.data.score_table import score_columns
from scripts.figures import style
from scripts.figures.score_panels import panel_title
from scripts.figures.style import (
    densities,
    log_limits,
    panel_grid,
    with_unit,
)
from scripts.kinds import module_of
from tests.figures.cases import (
    ENTRIES,
    FIGURES,
    entry_of,
    study_of,
)
from tests.studies import study_entry


@pytest.mark.parametrize(
    ("figure", "network"),
    [
        ({"plot": "features_with_cuts", "networks": ["linear"], "scaled": True, "bins": 5}, "linear"),
        ({"plot": "cuts", "networks": ["scan", "linear"], "scaled": True}, "linear"),
        ({"plot": "efficiencies", "networks": ["bce"]}, "bce"),
        ({"plot": "scores_and_roc", "networks": ["scan"]}, "scan"),
    ],
    ids=lambda value: value["plot"] if isinstance(value, dict) else "",
)
def test_networks_that_a_kind_cannot_draw(results, figure, network):
    module = module_of("plot", figure["plot"])
    with pytest.raises(ValueError, match=rf"\b{network}\b"):
        module.tabulate(results.inputs(figure | {"study": "ten"}))


@pytest.mark.parametrize("case", ["scores_and_roc", "diagram_linear"])
def test_draw_figure_writes_what_it_declares_twice_the_same(results, tmp_path, case):
    written = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        paths = {end: folder / f"of_{end}.{end}" for end in ("csv", "pdf", "png")}
        files = results.files(FIGURES[case])
        draw_figure.main(
            **paths,
            figure=entry_of(FIGURES[case]),
            study=study_entry(**ENTRIES[study_of(FIGURES[case])]),
            study_name=study_of(FIGURES[case]),
            caption="Not drawn.",
            **files,
        )
        assert set(folder.iterdir()) == set(paths.values())
        written.append({end: path.read_bytes() for end, path in paths.items()})
    assert written[0] == written[1]
    assert_frame_equal(pd.read_csv(io.BytesIO(written[0]["csv"])), results.table(case))
    assert written[0]["pdf"].startswith(b"%PDF")
    assert b"CreationDate" not in written[0]["pdf"]
    inches = results.figure(case).get_size_inches()
    pixels = plt.imread(io.BytesIO(written[0]["png"])).shape[1::-1]
    assert pixels == tuple((inches * draw_figure.DPI).astype(int))
    with style.paper_style():
        drawn, plain = results.figure(case), io.BytesIO()
        drawn.savefig(io.BytesIO(), format="pdf")
        drawn.savefig(plain, format="png", dpi=draw_figure.DPI)
    assert written[0]["png"] == plain.getvalue()
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("n_panels", "rows", "columns"), [(1, 1, 1), (3, 1, 3), (4, 2, 2), (7, 2, 4), (10, 2, 5)]
)
def test_panel_grid(n_panels, rows, columns):
    figure, axes = panel_grid(n_panels)
    assert figure.axes == axes
    assert len(axes) == n_panels
    assert axes[0].get_gridspec().get_geometry() == (rows, columns)


def test_densities_and_limits_by_hand():
    density, uncertainty = densities(
        np.array([0.5, 0.5, 1.5, 9.0]), np.array([1.0, 2, 3, 4]), np.array([0.0, 1, 3])
    )
    np.testing.assert_allclose(density, [3 / 10, 3 / 20])
    np.testing.assert_allclose(uncertainty, [np.sqrt(5) / 10, 3 / 20])
    assert log_limits(np.array([0.0, 2.0, 8.0])) == (1.0, 24.0)
    assert log_limits(np.zeros(3)) == (0.1, 1.0)


def test_titles_and_units():
    assert score_columns(pd.DataFrame(columns=["label", "score_0.95", "score_0.2"])) == [
        "score_0.2",
        "score_0.95",
    ]
    assert [panel_title(name) for name in ("score", "score_0.07", "score_0.955")] == [
        "",
        "Target 7 %",
        "Target 95.5 %",
    ]
    assert [with_unit("MET", "GeV"), with_unit("$x$", "")] == ["MET [GeV]", "$x$"]
