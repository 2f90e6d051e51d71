"""Figures and tables of a study that names none of its own."""

import sys
from subprocess import run

import pytest

from scripts.kinds import module_of, modules
from scripts.study_parsing import parse_study
from tests.conftest import ROOT
from tests.studies import COUNTING_EXPERIMENT, NETWORKS, make_study, study_entry


def standard(**changes):
    return make_study(figures="default", tables="default", check=True, **changes)


def networks(*names: str) -> dict:
    return {name: NETWORKS[name] for name in names}


def test_a_scan_a_search_and_trees():
    study = standard(networks=networks("bdt", "scan", "kcuts"), counting_experiment=COUNTING_EXPERIMENT)
    assert {name: figure.networks for name, figure in study.figures.items()} == {
        "small_features": [],
        "small_scan_features_with_cuts": ["scan"],
        # The scores of trees and their one ROC curve stand side by side.
        "small_scan_scores": ["scan"],
        "small_scan_roc": ["scan"],
        "small_bdt_scores_and_roc": ["bdt"],
        "small_scan_history": ["scan"],
        "small_bdt_history": ["bdt"],
        "small_scan_efficiencies": ["scan"],
        "small_cuts": ["scan", "kcuts"],
        "small_competitors": ["bdt", "scan", "kcuts"],
        "small_expected_significance": ["bdt", "scan", "kcuts"],
    }
    assert {name: table.networks for name, table in study.tables.items()} == {
        "small_working_points": ["bdt", "scan", "kcuts"],
        "small_cuts": ["scan", "kcuts"],
        "small_directions": [],
        "small_n_minus_one": ["scan", "kcuts"],
        "small_competitors": ["bdt", "scan", "kcuts"],
        "small_expected_significance": ["bdt", "scan", "kcuts"],
    }


def test_figures_and_tables_are_standard_where_nothing_is_said():
    entry = {key: value for key, value in study_entry().items() if key not in ("figures", "tables")}
    study = parse_study("small", entry)
    assert "small_features" in study.figures
    assert "small_working_points" in study.tables


def test_one_network_without_targets_or_cuts():
    study = standard(networks=networks("linear"))
    assert set(study.figures) == {"small_features", "small_linear_scores_and_roc", "small_linear_history"}
    assert set(study.tables) == {"small_directions", "small_working_points"}


def test_networks_with_targets_set_those_of_the_others():
    study = standard(networks=networks("linear", "one_to_one", "scan"))
    assert study.figures["small_competitors"].networks == ["scan", "linear", "one_to_one"]
    assert study.figures["small_cuts"].networks == ["scan", "one_to_one"]
    assert "small_one_to_one_efficiencies" not in study.figures
    # Without targets there is nothing to compare at.
    assert "small_competitors" not in standard(networks=networks("linear", "one_to_one")).figures


def test_no_more_networks_than_a_figure_can_tell_apart():
    many = {f"scan{i}": NETWORKS["scan"] for i in range(9)}
    study = standard(networks=many)
    assert len(study.figures["small_cuts"].networks) == 5
    assert len(study.figures["small_competitors"].networks) == 7
    assert len(study.tables["small_cuts"].networks) == 9


def test_what_is_asked_for_is_shown():
    analyses = {
        "optimum": {"targets": [0.5, 0.9]},
        "robustness": {
            "shifts": [0.0],
            "seed": 1,
            "selections": [{"network": "scan", "target": 0.6, "score_above": 0.5}],
        },
    }
    study = standard(analyses=analyses)
    assert {"small_optimum", "small_robustness"} <= set(study.figures)
    assert "small_optimum" in study.tables
    assert not {"small_optimum", "small_robustness"} & set(standard().figures)


def test_cuts_that_follow_a_property_have_a_table():
    binned = NETWORKS["scan"] | {"event_property": {"name": "x1", "edges": [-1.0, 0.0, 1.0]}}
    study = standard(networks={"binned": binned})
    assert set(study.tables) == {
        "small_working_points",
        "small_cuts",
        "small_directions",
        "small_n_minus_one",
    }
    assert "small_cuts" not in study.figures


def test_captions_are_sentences_about_the_networks():
    study = standard(networks=networks("scan", "kcuts", "linear"), counting_experiment=COUNTING_EXPERIMENT)
    for drawn in (*study.figures.values(), *study.tables.values()):
        assert drawn.caption.startswith("A small study. ")
        assert drawn.caption.endswith(".")
        assert all(name in drawn.caption for name in drawn.networks)
        assert "{" not in drawn.caption


@pytest.mark.parametrize("room", ["plot", "table"])
def test_every_standard_kind_has_a_caption_and_no_option_that_must_be_given(room):
    for kind in modules(room):
        settings = module_of(room, kind).Settings
        if settings.standard:
            assert settings.standard_caption.endswith("."), kind
            needed = {name for name, field in settings.model_fields.items() if field.is_required()}
            assert needed == {room, "caption"}, kind


def test_kinds_are_light():
    """A dry run imports all that a config names: none brings what draws, trains or reads."""
    code = (
        "import sys; from scripts.kinds import module_of, modules\n"
        "for room in ('plot', 'table'):\n"
        "    for kind in modules(room): module_of(room, kind)\n"
        "heavy = {'matplotlib', 'mplhep', 'pandas', 'scipy', 'sklearn', 'torch'} & set(sys.modules)\n"
        "print(*sorted(heavy))"
    )
    done = run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
