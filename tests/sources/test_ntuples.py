"""Config of ntuples: what is computed for each process, and a line for each fault."""

import numpy as np
import pandas as pd
import pytest

from scripts.kinds import ConfigError
from scripts.study_parsing import parse_study
from tests.faults import REMOVED, changed, check_line
from tests.ntuple_files import ntuple_study
from tests.studies import study_entry

STUDY = ntuple_study(
    {
        "s": {"files": ["s*.root"], "columns": {"pt": "max(jet_pt)"}, "cross_section": 1.0},
        "b": {"files": ["b.root"], "preselection": {"two jets": "n_jets > 1"}, "cross_section": 20.0},
        "data": {"files": ["data.root"], "tree": "ntuple/events"},
    },
    ("pt", "ht"),
    luminosity=140.0,
    columns={"ht": "sum(jet_pt) / unit", "unit": "1000", "unused": "jet_pt[7]"},
    preselection=[{"two jets": "len(jet_pt) >= 2"}, "ht > 0.1"],
    weight="w",
    missing={"jet_pt": -999.0},
)


def recipe(process, **changes):
    study = parse_study("toy", STUDY | changes)
    return study.source.recipe(process, study)


def test_what_each_process_needs():
    assert recipe("s") == {
        "columns": {"unit": "1000", "ht": "sum(jet_pt) / unit", "pt": "max(jet_pt)"},
        "steps": [["two jets", "len(jet_pt) >= 2"], ["ht > 0.1", "ht > 0.1"]],
        "features": ["pt", "ht"],
        "where": None,
        "weight": "w",
        "event": None,
        "test": None,
        "missing": {"jet_pt": -999.0},
        "keeps_missing": False,
        "tree": None,
        "sum_of_weights": None,
    }
    of_background = recipe("b", split={"by": "n % 2 == 0"})
    assert of_background["columns"]["pt"] == "`pt`"
    assert of_background["steps"] == [["two jets", "n_jets > 1"], ["ht > 0.1", "ht > 0.1"]]
    assert of_background["test"] == "n % 2 == 0"
    of_data = recipe("data", split={"by": "n % 2 == 0"})
    assert (of_data["tree"], of_data["weight"], of_data["test"]) == ("ntuple/events", None, None)


def test_the_classes_and_the_training():
    source = parse_study("toy", STUDY).source
    assert source.from_files
    assert source.class_of_process == {"s": "signal", "b": "background"}
    assert source.weighs_classes_equally


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "source.processes.s.role",
            "sig",
            r"processes.s.role: 'sig' is not one of 'signal', 'background', 'd",
        ),
        ("source.processes.s.role", "background", "source.processes: no process of the role signal"),
        ("source.processes.b", REMOVED, "source.processes: no process of the role background"),
        ("source.processes.s.files", [], r"processes.s.files: \[\] is too short"),
        ("source.processes.s.file", ["a.root"], "processes.s: unknown key file; known here: role, files"),
        ("source.processes.s.cross_section", 0, "processes.s.cross_section: 0 is less than or equal"),
        ("source.processes.s.filter_efficiency", 1.1, "filter_efficiency: 1.1 is greater than the maximum"),
        ("source.processes.s.k_factor", -1, "processes.s.k_factor: -1 is less than or equal"),
        ("source.processes.s.cross_section", REMOVED, "processes.s: the key `cross_section` is missing, wh"),
        ("source.luminosity", REMOVED, "processes.s.cross_section: it counts with a luminosity only: give"),
        ("source.processes.s.sum_of_weights", 0, "processes.s.sum_of_weights: 0 is less than or equal"),
        (
            "source.processes.s.sum_of_weights",
            {"tree": "Runs"},
            "sum_of_weights: the key `branch` is missing",
        ),
        (
            "source.processes.data.weight",
            "w",
            "processes.data: weight: events of data count as 1 and are not in the test sample, r",
        ),
        ("source.processes.data.k_factor", 1.0, "processes.data: k_factor: events of data count as 1"),
        ("source.weight", "w +", "source.weight: expression 'w \\+': "),
        ("source.weight", 2, "source.weight: 2 is not of type text"),
        ("source.weight", "__import__('os')", "source.weight: expression '__import__"),
        ("source.columns.ht", "sum(jet_pt", r"source.columns.ht: expression 'sum\(jet_pt': "),
        ("source.columns.ht", "jet.pt", "source.columns.ht: expression 'jet.pt': "),
        ("source.columns.ht", "[x for x in jet_pt]", "source.columns.ht: expression "),
        ("source.columns.unit", "2 * ht", r"processes.s.columns: the columns ht, unit need each other"),
        (
            "source.processes.b.columns",
            {"pt": "2 * qt", "qt": "pt"},
            "processes.b.columns: the columns pt, qt ne",
        ),
        ("source.preselection.0", {"a": "x > 1", "b": "x > 2"}, "source.preselection.0: .* is too long"),
        ("source.preselection.0", "x >", "source.preselection.0: expression 'x >': "),
        ("source.preselection.0", {"a": "x >"}, "source.preselection.0.a: expression 'x >': "),
        ("source.preselection.0", "ht > 0.1", "source.preselection: two steps have the name 'ht > 0.1'"),
        ("source.preselection.0", {"all events": "x > 1"}, "two steps have the name 'all events'"),
        (
            "source.processes.b.preselection",
            {"two jet": "n > 1"},
            "processes.b.preselection: unknown step 'two jet': one of two jets, ht > 0.1",
        ),
        ("source.missing", {"jet_pd": -999.0}, "source.missing.jet_pd: no expression needs this branch"),
        ("source.missing", {"jet_pt": "none"}, "source.missing.jet_pt: 'none' is not of type number"),
        ("source.processes.b.missing", {"x": -1.0}, "processes.b.missing.x: no expression of this process"),
        ("source.without_object", "drop", "without_object: 'drop' is not one of 'fail', 'pass'"),
        ("source.event", "n %", "source.event: expression 'n %': "),
        ("source.kinds", 1, "source: unknown key kinds; known here: "),
        ("source.processes.s.test_files", ["t.root"], "processes.b: the key `test_files` is missing, which"),
        (
            "source.processes.s.test_files",
            ["t.root"],
            "toy.split: a source of the kind ntuples splits itself",
        ),
        ("source.processes.data.test_files", ["t.root"], "processes.data: test_files: events of data"),
        ("split", REMOVED, "toy: the key `split` is missing"),
        ("split", {"by": "n %"}, "toy.split.by: expression 'n %': "),
        ("split", {"by": "n % 2 == 0", "seed": 1}, "toy.split: by and seed: remove one"),
        ("split", {"test_fraction": 0.2}, "toy.split: the key `seed` is missing"),
        ("split", {"seed": 2}, "toy.split: the key `test_fraction` is missing"),
        ("features.0.name", "event", "toy.features: event is a column of the feature table"),
    ],
)
def test_faults(path, value, message):
    check_line(changed(STUDY, path, value), message)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("signal", "background"), None),
        (("s", "s_weighted"), "processes.s_weighted: the cutflow has a column s_weighted already"),
        (
            ("background", "b"),
            "processes.background: the cutflow has a column background already: give the pr",
        ),
        (("s", "step"), "processes.step: the cutflow has a column step already"),
        (("s", "signal_expected"), "processes.signal_expected: the cutflow has a column signal_expected alr"),
    ],
)
def test_names_of_processes(names, message):
    processes = {
        name: {"role": role, "files": ["x.root"]}
        for name, role in zip(names, ("signal", "background"), strict=True)
    }
    entry = ntuple_study(processes)
    if message is None:
        parse_study("toy", entry)
    else:
        check_line(entry, message)


def test_another_kind_has_no_branches_to_split_by():
    entry = changed(STUDY, "split", {"by": "x > 0"})
    gaussian = {"kind": "gaussian", "signal_events": 9, "background_events": 9, "seed": 1}
    entry["source"] = gaussian | {"mean_scale": 0.5, "width_scale": 2.0}
    check_line(entry, "toy.split.by: only ntuples have branches to split by: give test_fraction and seed")


EXPERIMENT = {"minimum_signal": 3.0}
UNCERTAIN = changed(STUDY, "source.processes.b.uncertainty", "1e-1") | {"counting_experiment": EXPERIMENT}


def test_a_counting_experiment_by_the_weights_of_the_source():
    study = parse_study("toy", UNCERTAIN)
    assert study.counting_experiment.uncertainties == {"b": 0.1}
    assert study.source.uncertainties == {"b": 0.1}
    fixed = parse_study(
        "toy", STUDY | {"counting_experiment": EXPERIMENT | {"relative_uncertainty": 0.2}}
    ).counting_experiment
    assert (fixed.uncertainties, fixed.relative_uncertainty) == ({}, 0.2)
    # That of the signal is one of processes.csv alone.
    of_signal = changed(UNCERTAIN, "source.processes.s.uncertainty", 0.3)
    study = parse_study("toy", of_signal)
    assert study.source.uncertainties == {"s": 0.3, "b": 0.1}
    assert study.counting_experiment.uncertainties == {"b": 0.1}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "counting_experiment",
            EXPERIMENT | {"luminosity": 140.0, "cross_sections": {"s": 1.0, "b": 2.0}},
            "counting_experiment.cross_sections: the source has a luminosity, so its weights are",
        ),
        (
            "counting_experiment.luminosity",
            140.0,
            "counting_experiment: luminosity without cross_sections: give both, or neither",
        ),
        (
            "counting_experiment.relative_uncertainty",
            0.2,
            "counting_experiment.relative_uncertainty: the source has the uncertainty of b: remove it there",
        ),
        (
            "counting_experiment",
            EXPERIMENT | {"relative_uncertainty": 0.2, "uncertainties": {"b": 0.2}},
            "counting_experiment: relative_uncertainty and uncertainties: remove one",
        ),
        (
            "counting_experiment.uncertainties",
            {"b": 0.2},
            "counting_experiment.uncertainties: processes of the source have an `uncertainty`: give all",
        ),
        (
            "source.processes.b.uncertainty",
            REMOVED,
            "toy.counting_experiment: the key `relative_uncertainty` is missing: of the background",
        ),
        ("source.processes.b.uncertainty", -0.1, "processes.b.uncertainty: -0.1 is less than the minimum"),
        (
            "source.processes.data.uncertainty",
            0.1,
            "processes.data: uncertainty: events of data count as 1",
        ),
        (
            "source.luminosity",
            REMOVED,
            "counting_experiment: the keys `luminosity` and `cross_sections` are missing, as the source has",
        ),
    ],
)
def test_faults_of_a_counting_experiment(path, value, message):
    check_line(changed(UNCERTAIN, path, value), message)


def test_uncertainties_of_processes_of_any_source():
    experiment = {
        "luminosity": 1.0,
        "cross_sections": {"signal": 1.0, "background": 2.0},
        "uncertainties": {"background": 0.2},
        "minimum_signal": 0.0,
    }
    parse_study("toy", study_entry(counting_experiment=experiment))
    experiment["uncertainties"] = {"signal": 0.2}
    check_line(
        study_entry(counting_experiment=experiment),
        "uncertainties: unknown background process 'signal': one of background",
    )


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(45):
        pd.DataFrame({"x": np.arange(3.0)}).to_parquet(f"s{number:02}.parquet")
    pd.DataFrame({"x": np.arange(3.0)}).to_parquet("b{1}.parquet")


def parts_of(**processes):
    entries = {name: {"files": [files], "where": where} for name, (files, where) in processes.items()}
    return parse_study("toy", ntuple_study(entries)).source.parts("toy")


def test_hundreds_of_files_are_read_by_a_few_jobs(files):
    parts = parts_of(s=("s*.parquet", None), b=("b{1}.parquet", None))
    assert [len(part.files) for part in parts["s"]] == [2, 2, 2, 3] * 5
    assert [name for part in parts["s"] for name in part.files] == [
        f"s{number:02}.parquet" for number in range(45)
    ]
    assert parts["b"] == [(["b{1}.parquet"], None)]


@pytest.mark.parametrize(
    ("processes", "message"),
    [
        (
            {"s": ("no*.root", None), "b": ("s*.parquet", None)},
            r"studies.toy.source.processes.s.files: no file matches no\*.root",
        ),
        (
            {"s": ("s00.parquet", None), "b": ("s*.parquet", "x > 1")},
            "processes.b.files: s00.parquet is also of the process s: say with `where`",
        ),
    ],
)
def test_files_that_cannot_be_read(files, processes, message):
    with pytest.raises(ConfigError, match=message):
        parts_of(**processes)


def test_a_file_of_two_processes(files):
    parts = parts_of(s=("s00.parquet", "x > 1"), b=("s00.parquet", "x <= 1"))
    assert parts == {"s": [(["s00.parquet"], None)], "b": [(["s00.parquet"], None)]}
