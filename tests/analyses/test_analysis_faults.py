"""Faults of analyses: a line each."""

import copy

import pytest

from scripts.study_parsing import parse_study
from tests.faults import REMOVED, changed, check_line
from tests.property_toy import ENTRY as TOY
from tests.studies import COUNTING_EXPERIMENT, NETWORKS, study_entry

JOINT = NETWORKS["joint"] | {"kept_fraction": 0.1, "start": 2.0, "loss": {"joint": {}}}
BINNED = NETWORKS["scan"] | {"event_property": {"name": "x0", "edges": [-9, 0, 9]}}
STUDY = study_entry(
    counting_experiment=COUNTING_EXPERIMENT,
    networks=NETWORKS | {"chain": JOINT, "binned": BINNED},
    analyses={
        "optimum": {"targets": [0.8, 0.9]},
        "robustness": {
            "shifts": [0.0, 0.1],
            "seed": 1,
            "selections": [
                {"network": "one_to_one", "score_above": 0.9},
                {"network": "scan", "target": 0.6, "score_above": 0.5},
            ],
        },
        "kept_fractions": {"network": "chain", "fractions": [0.1, 0.03], "seeds": [1]},
        "overtraining": {"networks": ["scan", "kcuts"], "simpler": "scan"},
    },
)
WATTS = study_entry(
    source={"kind": "watts", "sample": "plane", "test_events": 10, "seed": 1},
    split=None,
    networks={"chain": JOINT},
)


@pytest.mark.parametrize("entry", [STUDY, TOY, WATTS])
def test_the_studies_of_the_tests_pass(entry):
    parse_study("toy", entry)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "optima",
            {},
            "toy.analyses: unknown analysis 'optima': one of bin_optimum, certify, ",
        ),
        ("overtraining.networks", ["scan_3"], "analyses.overtraining: unknown network 'scan_3': one of"),
        ("overtraining.networks", ["scan", "scan"], "analyses.overtraining.networks: scan is named twice"),
        ("overtraining.simpler", "scna", "analyses.overtraining: unknown network 'scna': one of"),
        (
            "overtraining.simpler",
            "linear",
            "overtraining.simpler: linear has no two targets to compare at: name a network with targets",
        ),
        ("overtraining.samples", 5, "overtraining.samples: 5 is less than the minimum of 20"),
        ("overtraining.deviations", 0, "overtraining.deviations: 0 is less than or equal to the minimum"),
        ("optimum", [0.8, 0.9], r"toy.analyses.optimum: \[0.8, 0.9\] is not of type mapping"),
        ("optimum.targets", [0.8], r"analyses.optimum.targets: \[0.8\] is too short: at least 2"),
        ("optimum.targets", [0.8, 0.8], "analyses.optimum.targets: 0.8 is named twice"),
        ("optimum.targets", [0.8, 1.0], "analyses.optimum.targets.1: 1.0 is greater than or equal"),
        ("robustness.shifts", [0.1], "analyses.robustness.shifts: 0 is not among them"),
        ("robustness.selections.0.network", "scan_3", "analyses.robustness: unknown network 'scan_3'"),
        ("robustness.selections.1.target", 0.41, "robustness.selections: scan has no target 0.41: one of"),
        (
            "robustness.selections.1.target",
            REMOVED,
            "robustness.selections: say which target of scan",
        ),
        ("robustness.selections.0.target", 0.6, "selections: one_to_one has no target 0.6: one of"),
        ("robustness.selections.0.score_above", 1.5, "score_above: 1.5 is greater than the maximum of 1"),
        (
            "robustness.selections.0.network",
            "kcuts",
            "selections: kcuts is of the model kcuts, which is not shifted: name a network",
        ),
        ("robustness.selections.0.network", "bdt", "bdt is of the model bdt, which is not shifted"),
        ("robustness.selections.0.network", "binned", "the cuts of binned follow a property, which is not"),
        ("robustness.selections", [], r"robustness.selections: \[\] is too short"),
        (
            "kept_fractions.fractions",
            [0.1, 0.0],
            "fractions.1: 0.0 is less than or equal to the min",
        ),
        (
            "kept_fractions.fractions",
            [1.2],
            "fractions.0: 1.2 is greater than the maximum of 1",
        ),
        ("kept_fractions.seeds", [1, 1], "kept_fractions.seeds: 1 is named twice"),
        (
            "kept_fractions.network",
            "scan",
            "network: scan is not a joint network with the loss",
        ),
        ("kept_fractions.network", "joint", "kept_fractions.network: joint is not a joint network with the"),
        ("kept_fractions.network", "chains", "analyses.kept_fractions: unknown network 'chains'"),
        (
            "bin_optimum",
            TOY["analyses"]["bin_optimum"],
            "bin_optimum: the best cuts of bins cannot be computed for a source of the kind gaussian",
        ),
        ("repeats", {"seeds": 2, "networks": ["scan"]}, "repeats: .* cannot be computed for a source of the"),
    ],
)
def test_faults_of_analyses(path, value, message):
    check_line(changed(STUDY, f"analyses.{path}", value), message)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("record_cuts", True),
        ("scale_features", False),
        ("event_property", {"name": "x0", "edges": [0, 1]}),
    ],
)
def test_a_scan_refuses_settings_that_it_has_not(key, value):
    message = f"the scan has no {key}, which chain sets: remove it"
    check_line(changed(STUDY, f"networks.chain.{key}", value), message)


def test_events_that_are_split_already_are_not_split_anew():
    scan = {"kept_fractions": STUDY["analyses"]["kept_fractions"]}
    check_line(changed(WATTS, "analyses", scan), "analyses.kept_fractions: a watts source splits itself")
    optimum = {"optimum": {"targets": [0.8, 0.9]}}
    message = "optimum: the best cuts cannot be computed for a source of the kind watts"
    check_line(changed(WATTS, "analyses", optimum), message)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("bin_optimum.edges", [10, 50, 80], "bin_optimum: the bins must be of pt and lie within 20 to 120"),
        ("bin_optimum.name", "x", "bin_optimum: the bins must be of pt and lie within 20 to 120"),
        ("bin_optimum.edges", [20, 50, 40], "bin_optimum.edges: the edges of the bins must be increasing"),
        ("bin_optimum.edges", [20, 120], "repeats.networks: smooth must have the bins of the optimum"),
        ("bin_optimum", REMOVED, "analyses.repeats: it compares with the analysis bin_optimum, which"),
        ("repeats.networks", ["scan"], "analyses.repeats: unknown network 'scan': one of smooth, boxes"),
        ("repeats.networks", ["smooth", "smooth"], "repeats.networks: smooth is named twice"),
        ("repeats.seeds", 0, "repeats.seeds: 0 is less than the minimum of 1"),
        ("repeats.seeds", 1001, "repeats.seeds: 1001 is greater than the maximum of 1000"),
    ],
)
def test_faults_of_analyses_of_the_toy(path, value, message):
    check_line(changed(TOY, f"analyses.{path}", value), message)


def test_bins_of_a_network_are_those_of_the_optimum():
    entry = copy.deepcopy(TOY)
    entry["networks"]["smooth"]["event_property"] = {"name": "y", "edges": [-9, 9]}
    del entry["networks"]["smooth"]["loss"]["bin_smoothness"]
    check_line(entry, "repeats.networks: smooth must have the bins of the optimum as its `event_property`")
