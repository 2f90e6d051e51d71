"""Faults of sources that make their events, of features and of counting experiments: a line each."""

import pytest

from scripts.study_parsing import parse_study
from tests.faults import REMOVED, changed, check_line
from tests.property_toy import ENTRY as TOY
from tests.studies import COUNTING_EXPERIMENT, study_entry

GAUSSIAN = study_entry(counting_experiment=COUNTING_EXPERIMENT)
PROCESSES = study_entry(
    source={
        "kind": "processes",
        "seed": 5,
        "processes": {
            "s": {"class": "signal", "events": 60, "mean": [4.0, 7.0], "width": [1.0, 2.0]},
            "b1": {"class": "background", "events": 50, "mean": [2.0, 5.0], "width": [1.0, 1.0]},
            "b2": {"class": "background", "events": 40, "mean": [2.0, 10.0], "width": [1.0, 1.0]},
        },
    },
    counting_experiment=COUNTING_EXPERIMENT | {"cross_sections": {"s": 1.0, "b1": 1.0, "b2": 100.0}},
)
WATTS = study_entry(source={"kind": "watts", "sample": "plane", "test_events": 10, "seed": 1}, split=None)
ANEW = study_entry(
    source={"kind": "watts", "sample": "plane_anew", "events": 9, "test_events": 10, "seed": 1}, split=None
)
PROPERTY = [{"name": "pt", "label": "$p_T$", "unit": "GeV"}]


@pytest.mark.parametrize("entry", [GAUSSIAN, PROCESSES, WATTS, ANEW, TOY])
def test_the_studies_of_the_tests_pass(entry):
    parse_study("toy", entry)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("source.kind", "gausian", "toy.source: unknown source 'gausian': one of delphes, gaussian"),
        ("source.kind", REMOVED, "toy.source: the key `kind` is missing"),
        ("source.kind", 3, "toy.source: unknown source 3: one of"),
        ("source", "gaussian", "toy.source: 'gaussian' is not of type mapping"),
        ("source.events", 9, "toy.source: unknown key events; known here: kind, signal_events"),
        ("source.signal_events", 0, "toy.source.signal_events: 0 is less than the minimum of 1"),
        ("source.signal_events", True, "toy.source.signal_events: True is not of type integer"),
        ("source.width_scale", 0.0, "toy.source.width_scale: 0.0 is less than or equal to the minimum"),
        ("source.mean_scale", -1.0, "toy.source.mean_scale: -1.0 is less than the minimum"),
        ("source.seed", 2**32, "toy.source.seed: 4294967296 is greater than the maximum"),
        ("features.0.direction", "=", "toy.features.0.direction: '=' is no direction"),
        ("features.0.name", "x1", "toy.features: x1 is named twice"),
        ("features.0.name", "label", "toy.features: label is a column of the feature table"),
        ("features.0.range", [2, 1], "toy.features.0.range: the range is not increasing"),
        ("properties", PROPERTY, "toy.properties: a gaussian source makes features only: pt is none"),
        ("split.test_fraction", 1.0, "toy.split.test_fraction: 1.0 is greater than or equal to the maximum"),
        ("split", REMOVED, "toy: the key `split` is missing"),
        ("sead", 3, "toy: unknown key sead; known here: .*split"),
        ("search", {}, "toy: the key search is now counting_experiment"),
    ],
)
def test_faults_of_a_gaussian_study(path, value, message):
    check_line(changed(GAUSSIAN, path, value), message)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("minimum_signal", 300.0, "experiment: the minimum signal, 300 events, must be less than the 20 exp"),
        ("minimum_signal", -1.0, "experiment.minimum_signal: -1.0 is less than the minimum of 0"),
        ("luminosity", float("nan"), "experiment.luminosity: nan is not a finite number"),
        ("luminosity", -1.0, "experiment.luminosity: -1.0 is less than or equal to the minimum"),
        ("cross_sections", {"signal": 1.0}, r"experiment.cross_sections: .* is too short: at least 2"),
        ("cross_sections.signal", 0.0, "cross_sections.signal: 0.0 is less than or equal"),
        ("relative_uncertainty", -0.1, "relative_uncertainty: -0.1 is less than"),
        ("irreducible_background", "one", "irreducible_background: 'one' is not of type number"),
        ("energy", 13, "toy.counting_experiment: unknown key energy"),
    ],
)
def test_faults_of_a_counting_experiment(path, value, message):
    check_line(changed(GAUSSIAN, f"counting_experiment.{path}", value), message)


def test_a_counting_experiment_is_a_mapping():
    check_line(changed(GAUSSIAN, "counting_experiment", [1]), r"experiment: \[1\] is not of type mapping")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("source.processes.b1.events", 0, "source.processes.b1.events: 0 is less than the minimum"),
        ("source.processes.b1.mean", [2.0], "source.processes.b1.mean: 1 numbers for 2 features"),
        ("source.processes.b1.width", [1.0, 0.0], "processes.b1.width.1: 0.0 is less than or equal"),
        ("source.processes.b1.class", "bg", "processes.b1.class: 'bg' is not one of 'signal', 'background'"),
        ("source.processes.b1.class", REMOVED, "processes.b1: the key `class` is missing"),
        ("source.processes.b1.colour", "red", "processes.b1: unknown key colour; known here: class, events"),
        ("source.processes.s.class", "background", "source.processes: no process of the class signal"),
        ("source.processes", {"s": {}}, "source.processes"),
        (
            "counting_experiment.cross_sections",
            {"s": 0.1, "b1": 1.0},
            "counting_experiment.cross_sections: none of the process b2: give it in fb",
        ),
        ("counting_experiment.cross_sections.b3", 1.0, "unknown process 'b3': one of s, b1, b2"),
        ("counting_experiment.cross_sections.b1", -1.0, "cross_sections.b1: -1.0 is less than or equal"),
        ("properties", PROPERTY, "toy.properties: a processes source makes features only: pt is none"),
    ],
)
def test_faults_of_processes(path, value, message):
    check_line(changed(PROCESSES, path, value), message)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("split", {"test_fraction": 0.5, "seed": 1}, "toy.split: a source of the kind watts splits itself"),
        ("properties", PROPERTY, "toy.properties: a watts source makes features only: pt is none"),
        ("source.sample", "plain", "source.sample: 'plain' is not one of"),
        ("source.events", 9, "source.events: the sample plane_anew needs it, and no other: .* is plane"),
        ("source.sample", "line", "source.sample: 2 features for the sample line, which has 1"),
        ("source.test_events", 0, "source.test_events: 0 is less than the minimum"),
        ("source.seed", REMOVED, "toy.source: the key `seed` is missing"),
    ],
)
def test_faults_of_watts_toys(path, value, message):
    check_line(changed(WATTS, path, value), message)


def test_new_events_need_a_number():
    check_line(changed(ANEW, "source.events", REMOVED), "source.events: the sample plane_anew needs it")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("properties.0.name", "label", "toy.properties: label is a column of the feature table"),
        ("properties.0.name", "eta", "event_property.name: unknown property 'pt': one of eta"),
        ("properties", REMOVED, "event_property.name: the study has no property pt: add it to the key"),
        ("source.event_property.high", 10.0, "source.event_property: low must be below high"),
        ("source.event_property.name", "x", "source.event_property.name: x is a feature: give it another"),
        ("source.event_property.middle", 10.0, "event_property: unknown key middle; known here: name, low"),
        ("source.signal.mean", [[0.0]], "source.signal.mean: 1 polynomials for 2 features: give one each"),
        ("source.signal.mean", [[0.0], []], r"source.signal.mean.1: \[\] is too short: at least 1"),
        (
            "source.signal.width",
            [[1.0], [1.0, -2.0]],
            "source.signal: a width is not positive at every value of the property",
        ),
        ("source.background.scale", 0.0, "source.background.scale: 0.0 is less than or equal"),
        ("source.property", {}, "toy.source: the key property is now event_property"),
    ],
)
def test_faults_of_the_property_toy(path, value, message):
    check_line(changed(TOY, path, value), message)
