"""The split of a study into folds: its keys, and what cannot be had with it, one line each."""

import pytest

from scripts.kinds import module_of, modules
from scripts.study_parsing import parse_study
from tests.delphes_files import SELECTION
from tests.faults import changed, check_line
from tests.ntuple_files import ntuple_study
from tests.studies import COUNTING_EXPERIMENT, NETWORKS, study_entry

NTUPLES = ntuple_study({"s": {"files": ["s.root"]}, "b": {"files": ["b.root"]}}, split={"folds": 5})
STUDY = study_entry(split={"folds": 5}, networks=NETWORKS, counting_experiment=COUNTING_EXPERIMENT)


@pytest.mark.parametrize(
    ("study", "split", "message"),
    [
        (STUDY, {"folds": 1}, "toy.split.folds: 1 is less than the minimum of 2"),
        (STUDY, {"folds": 101}, "toy.split.folds: 101 is greater than the maximum of 100"),
        (STUDY, {"folds": 2.0}, "toy.split.folds: 2.0 is not of type integer"),
        (STUDY, {"folds": 5, "test_fraction": 0.2}, "toy.split: folds and test_fraction: remove one"),
        (STUDY, {"folds": 5, "seed": 1}, "toy.split: folds and seed: remove one"),
        (STUDY, {}, "toy.split: the key `test_fraction` is missing"),
        (STUDY, {"folds": 5, "by": "x > 0"}, "toy.split.by: only ntuples have branches to split by"),
        (NTUPLES, {"folds": 5, "by": "x.y"}, "toy.split.by: "),
        (NTUPLES, {"by": "x > 0", "seed": 1}, "toy.split: by and seed: remove one"),
    ],
)
def test_one_line_for_each_fault_of_the_split(study, split, message):
    check_line(changed(study, "split", split), message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"analyses": {"optimum": {"targets": [0.1, 0.5]}}},
            "toy.analyses.optimum: it does not take a model a fold",
        ),
        (
            {"analyses": {"kept_fractions": {"network": "joint", "fractions": [0.5], "seeds": [1]}}},
            "toy.analyses.kept_fractions: ",
        ),
        ({"claims": {"one": {"measure": "events"}}}, "toy.claims: it does not take a model a fold"),
        (
            {"tables": {"one": {"table": "optimum", "networks": ["scan"], "caption": "Optimum."}}},
            "toy.tables.one: it does not take a model a fold: remove it, or `folds` of the split",
        ),
        (
            {"figures": {"one": {"plot": "cut_history", "networks": ["scan"], "caption": "Cuts."}}},
            "toy.figures.one: it does not take a model a fold",
        ),
        (
            {"features": [{"name": "fold", "direction": ">"}]},
            "toy.features: fold is a column of the feature table",
        ),
    ],
)
def test_one_line_for_what_takes_no_folds(changes, message):
    check_line(STUDY | changes, message)


def test_files_for_the_test_leave_no_folds():
    files = {"files": ["x.root"], "test_files": ["y.root"]}
    entry = ntuple_study({"s": files, "b": files}, split={"folds": 2})
    check_line(
        entry, "toy.split: the source says which events are of the test, as `test_files` do: remove one"
    )
    watts = study_entry(
        source={"kind": "watts", "sample": "plane", "test_events": 10, "seed": 1}, split={"folds": 2}
    )
    check_line(watts, "toy.split: the source says which events are of the test")


def test_a_balance_needs_the_seed_of_a_split():
    source = {"kind": "delphes", "signal": ["s.root"], "background": ["b.root"], "selection": SELECTION}
    entry = study_entry(
        source=source | {"balance": True},
        features=[{"name": "met", "direction": ">"}],
        networks={"linear": NETWORKS["linear"]},
        split={"folds": 2},
    )
    check_line(entry, "toy.source.balance: it draws by the seed of the split, which folds have none of")
    parse_study("toy", changed(entry, "source.balance", False))


def test_standard_figures_and_tables_are_those_that_take_folds():
    study = parse_study("toy", STUDY | {"figures": "default", "tables": "default"})
    for room, section in (("plot", study.figures), ("table", study.tables)):
        kinds = {entry.__class__.__module__.rpartition(".")[2] for entry in section.values()}
        wanted = {
            kind
            for kind in modules(room)
            if module_of(room, kind).Settings.standard and module_of(room, kind).Settings.takes_folds
        }
        assert kinds == wanted - {"cutflow"}  # of files alone
    assert study.folds == 5
    assert parse_study("toy", study_entry()).folds is None


def test_folds_by_position_are_not_exported():
    """Other files than those of the training have no such fold."""
    study = parse_study("toy", NTUPLES | {"networks": {"scan": NETWORKS["scan"]}})
    assert study.exports.names(study) == []
    numbered = parse_study(
        "toy", changed(NTUPLES, "split", {"folds": 5, "by": "x"}) | {"networks": {"scan": NETWORKS["scan"]}}
    )
    assert numbered.exports.names(numbered) == ["scan"]
    entry = NTUPLES | {"networks": {"scan": NETWORKS["scan"]}, "exports": {"networks": ["scan"]}}
    check_line(entry, "toy.exports: the folds go by the position of an event in its files")
