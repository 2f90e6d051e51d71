"""Every kind of plot: its module, and the look of it."""

import inspect

import pytest

from scripts.figures.style import (
    style_sheets,
)
from scripts.kinds import module_of, modules
from tests.figures.cases import (
    CASES,
    FIGURES,
    STUDIES,
    settings_of,
    study_of,
)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.mpl_image_compare(style=style_sheets(), tolerance=2, savefig_kwargs={"dpi": 60})
def test_image(results, case):
    return results.figure(case)


@pytest.mark.parametrize("kind", modules("plot"))
def test_every_kind_draws_and_has_an_image_of_each_option(kind):
    module = module_of("plot", kind)
    assert list(inspect.signature(module.tabulate).parameters) == ["inputs"]
    assert list(inspect.signature(module.make_figure).parameters) == ["table", "figure", "study"]
    options = [set(case) - {"plot", "study", "networks"} for case in CASES.values() if case["plot"] == kind]
    assert options
    known = set(module.Settings.model_fields) - {"plot", "caption", "networks"}
    assert all(given == known for given in options)


@pytest.mark.parametrize("case", FIGURES)
def test_no_fault_is_found_in_what_is_drawn(case):
    study = STUDIES[study_of(FIGURES[case])]
    assert list(study.faults_of(settings_of(FIGURES[case]))) == []


@pytest.mark.parametrize(
    "case",
    [
        "features",
        "features_with_cuts",
        "scores",
        "roc",
        "cuts",
        "cuts_physical",
        "cuts_with_gap",
    ],
)
def test_the_lowest_panel_of_each_column_has_numbers_and_a_label(results, case):
    axes = results.figure(case).axes
    assert len(axes) == {"ten": 10, "seven": 7}[FIGURES[case]["study"]]
    lowest = {ax.get_subplotspec().colspan.start: ax for ax in axes}
    assert len(lowest) == -(-len(axes) // 2)
    for ax in lowest.values():
        assert ax.xaxis.get_tick_params()["labelbottom"]
        assert ax.get_xlabel()
