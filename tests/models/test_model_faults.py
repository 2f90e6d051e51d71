"""Faults of models in the config: each gets one line that names the key, what is wrong and what to do."""

import copy
import json

import pytest

from scripts.kinds import ConfigError
from scripts.study_parsing import parse_study
from tests.studies import COUNTING_EXPERIMENT, NETWORKS, TARGETS, study_entry

TOY = NETWORKS["one_to_one"] | {"loss": {"watts": "softmax"}, "activation_scale": 1.0, "start": -1.0}
JOINT = NETWORKS["joint"] | {"kept_fraction": 0.1, "start": 2.0, "loss": {"joint": {}}}
ENTRIES = NETWORKS | {
    "toy": TOY,
    "chain": JOINT,
    "zloss": NETWORKS["linear"] | {"loss": {"lovasz_z": {"error": "hinge", "epsilon": 10.0}}},
    "significance": NETWORKS["one_to_one"] | {"loss": {"significance": 1.0, "constraint": 10.0}},
    "windows": NETWORKS["scan"] | {"weights": "windows", "start": 2.0},
    "binned": NETWORKS["scan"] | {"event_property": {"name": "x0", "edges": [-9, 0, 9]}},
    "boxes": NETWORKS["kcuts"] | {"event_property": {"name": "x0", "edges": [-9, 0, 9]}},
}
PROPERTY = {"name": "x0", "edges": [0, 1]}


def faults(name: str, change: dict, **study: object) -> list[str]:
    """The faults of a study with one network, some of whose keys are changed; None leaves a key out."""
    entry = {key: value for key, value in (ENTRIES[name] | change).items() if value is not None}
    study.setdefault("counting_experiment", COUNTING_EXPERIMENT)
    value = copy.deepcopy(study_entry(networks={name: entry}, **study))
    with pytest.raises(ConfigError) as raised:
        parse_study("toys", value)
    return str(raised.value).splitlines()


def test_the_entries_are_right():
    study = parse_study("toys", study_entry(networks=ENTRIES, counting_experiment=COUNTING_EXPERIMENT))
    for name, network in study.networks.items():
        assert network.model_dump(exclude_unset=True) == ENTRIES[name]


BAD = [
    # Keys and their types.
    ("scan", {"epoch": 3}, "unknown key epoch; known here: model, loss, optimizer"),
    ("scan", {"model": "scann"}, "unknown model 'scann': one of bdt, certify, fully_connected, grid"),
    ("scan", {"model": None}, "the key `model` is missing"),
    ("scan", {"loss": None}, "the key `loss` is missing"),
    ("scan", {"epochs": 0}, ".epochs: 0 is less than the minimum of 1"),
    ("scan", {"epochs": "many"}, ".epochs: 'many' is not of type integer"),
    ("scan", {"epochs": True}, ".epochs: True is not of type integer"),
    ("scan", {"batch_size": 1}, ".batch_size: 1 is less than the minimum of 2"),
    ("scan", {"learning_rate": 0}, ".learning_rate: 0 is less than or equal to the minimum of 0"),
    ("scan", {"optimizer": "newton"}, ".optimizer: 'newton' is not one of 'sgd', 'adam', 'lbfgs'"),
    ("scan", {"polish_epochs": 10_000}, "polish_epochs must be fewer than the"),
    (
        "scan",
        {"optimizer": "lbfgs", "batch_size": 5},
        "batch_size: lbfgs takes one full batch and one learning rate",
    ),
    ("scan", {"device": "gpu"}, ".device: 'gpu' is not one of 'cpu', 'cuda'"),
    ("scan", {"precision": "float16"}, ".precision: 'float16' is not one of 'float32', 'float64'"),
    ("scan", {"activation_scale": -1.0}, ".activation_scale: -1.0 is less than or equal"),
    ("scan", {"start": float("inf")}, ".start: inf is not a finite number"),
    ("scan", {"targets": [0.2, 1.0]}, ": targets: an efficiency lies between 0 and 1, not at 1"),
    ("scan", {"targets": [0.5, 0.0]}, ".targets.1: 0.0 is less than or equal to the minimum of 0"),
    ("scan", {"targets": [float("nan")]}, ".targets.0: nan is not a finite number"),
    ("scan", {"targets": [0.2, 0.2]}, ".targets: 0.2 is named twice"),
    ("scan", {"targets": []}, r".targets: \[\] is too short: at least 1 needed"),
    ("scan", {"targets": None}, "the key `targets` is missing"),
    ("one_to_one", {"targets": [0.2, 0.3]}, r".targets: \[0.2, 0.3\] is too long: at most 1 taken"),
    ("fully_connected", {"hidden_layers": []}, r".hidden_layers: \[\] is too short"),
    ("fully_connected", {"hidden_layers": None}, "the key `hidden_layers` is missing"),
    ("fully_connected", {"hidden_layers": [3, 0]}, ".hidden_layers.1: 0 is less than the minimum of 1"),
    ("fully_connected", {"initial_weights": "normal"}, ".initial_weights: 'normal' is not one of"),
    # Keys of other models.
    ("scan", {"bias": True}, "unknown key bias; of the model linear, not of scan"),
    ("one_to_one", {"monotone": True}, "unknown key monotone; of the model scan"),
    ("scan", {"record_cuts": True}, "unknown key record_cuts; of the model joint, one_to_one"),
    ("linear", {"record_cuts": True}, "unknown key record_cuts; of the model joint, one_to_one"),
    ("linear", {"start": 1.0}, "unknown key start; of the model joint, one_to_one, scan"),
    ("linear", {"weights": "learned"}, "unknown key weights; of the model joint, one_to_one, scan"),
    (
        "linear",
        {"initial_weights": "uniform"},
        "initial_weights; of the model fully_connected, joint",
    ),
    ("linear", {"cut_function": "erf"}, "unknown key cut_function; of the model joint, one_to_one"),
    (
        "linear",
        {"event_property": PROPERTY},
        "key event_property; of the model joint, kcuts, one_to_",
    ),
    (
        "scan",
        {"hidden_layers": [3]},
        "unknown key hidden_layers; of the model fully_connected, joint",
    ),
    ("scan", {"kept_fraction": 0.1}, "unknown key kept_fraction; of the model joint"),
    ("scan", {"classifier_output": "raw"}, "unknown key classifier_output; of the model joint"),
    (
        "scan",
        {"classifier_learning_rate": 0.1},
        "unknown key classifier_learning_rate; of the model j",
    ),
    ("joint", {"targets": [0.5]}, "unknown key targets; of the model bdt, certify, fully_connected, grid"),
    # Cuts.
    (
        "scan",
        {"weights": [1, -1, 1]},
        ".weights: 3 weights for the 2 features of the study: give one a feature",
    ),
    ("scan", {"weights": "learnt"}, "weights must be 'directions', 'learned', 'windows' or .* not 'learnt'"),
    ("scan", {"weights": [1, "x"]}, ".weights.1: 'x' is not of type number"),
    ("scan", {"weights": 3}, ".weights: 3 is not of type text"),
    ("scan", {"weights": [1, 0]}, "weights: a weight of zero has no cut"),
    ("windows", {"start": 0.0}, "windows: start must be positive for windows, not 0.0: their lower edges"),
    ("windows", {"start": None}, "start must be positive for windows"),
    (
        "toy",
        {"weights": "windows", "start": 1.0, "record_cuts": True},
        "record_cuts is for a network with one set",
    ),
    ("toy", {"event_property": PROPERTY, "record_cuts": True}, "record_cuts is for a network with one set"),
    ("toy", {"cut_function": "hard"}, ".cut_function: hard has no gradient to train with"),
    ("toy", {"cut_function": "heaviside"}, ".cut_function: heaviside has no gradient to train with"),
    ("toy", {"cut_function": "erff"}, ".cut_function: 'erff' is not one of"),
    ("scan", {"cut_function": "balanced"}, "cut_function: balanced is negative for events that fail"),
    (
        "toy",
        {"cut_function": "balanced", "loss": {"watts": "cross_entropy"}},
        "balanced is negative for events",
    ),
    # What cuts follow.
    (
        "binned",
        {"event_property": {"name": "x0", "edges": [20]}},
        r".event_property.edges: \[20\] is too short",
    ),
    (
        "binned",
        {"event_property": {"name": "x0", "edges": [2, 2, 3]}},
        ".event_property.edges: the edges .* incr",
    ),
    (
        "boxes",
        {"event_property": {"name": "x0", "edges": [3, 2]}},
        ".event_property.edges: the edges .* increas",
    ),
    ("binned", {"event_property": {"name": "x0"}}, ".event_property: the key `edges` is missing"),
    ("binned", {"event_property": PROPERTY | {"bins": 3}}, ".event_property: unknown key bins"),
    ("binned", {"event_property": PROPERTY | {"name": "eta"}}, "name: unknown property 'eta': one of x0, x1"),
    ("boxes", {"event_property": PROPERTY | {"name": "eta"}}, "name: unknown property 'eta': one of x0, x1"),
    ("scan", {"property": PROPERTY}, "the key property is now event_property"),
    ("boxes", {"property": PROPERTY}, "the key property is now event_property"),
    ("grid", {"event_property": PROPERTY}, "unknown key event_property; of the model"),
    # Schedules.
    (
        "scan",
        {"schedule": {"first_goal": 0.5}},
        "schedule.first_goal: the loss has no constraint whose goals",
    ),
    ("scan", {"schedule": {}}, ".schedule: an empty schedule changes nothing: remove it"),
    (
        "scan",
        {"schedule": {"goals_move": [0.5, 0.5]}},
        "goals_move must be two shares of the epochs in increas",
    ),
    ("scan", {"schedule": {"goals_move": [0.5]}}, r".schedule.goals_move: \[0.5\] is too short"),
    (
        "scan",
        {"schedule": {"last_learning_rate": 0}},
        ".schedule.last_learning_rate: 0 is less than or equal",
    ),
    (
        "linear",
        {"schedule": {"first_activation_scale": 3.0}},
        "a network without cuts has no sigmoids to sharpen",
    ),
    # Competitors.
    ("kcuts", {"targets": [0.5]}, "unknown key targets; of the model bdt, .*, scan, not of kcuts"),
    ("kcuts", {"bins": 1}, ".bins: 1 is less than the minimum"),
    ("kcuts", {"edges": 0}, ".edges: 0 is less than the minimum"),
    ("kcuts", {"population": 4}, ".population: 4 is less than the minimum of 5"),
    ("kcuts", {"generations": 0}, ".generations: 0 is less than the minimum"),
    ("kcuts", {"cycles": 0}, ".cycles: 0 is less than the minimum"),
    ("kcuts", {"edges": None}, "networks.kcuts: the key `edges` is missing"),
    ("grid", {"most_points": 3}, ".supercuts: the grid has 4 points, most_points allows 3"),
    ("grid", {"most_points": 0}, ".most_points: 0 is less than the minimum"),
    ("grid", {"targets": []}, r".targets: \[\] is too short: at least 1 needed"),
    ("grid", {"targets": [0.5, 1.2]}, ".targets.1: 1.2 is greater than or equal to the maximum of 1"),
    ("grid", {"supercuts": []}, r".supercuts: \[\] is too short: at least 1 needed"),
    ("grid", {"supercuts": ""}, ".supercuts: '' is too short: at least 1 needed"),
    ("grid", {"supercuts": 3}, ".supercuts: 3 is not of type text"),
    ("grid", {"supercuts": "none.json"}, ".supercuts: none.json: cannot be read"),
    ("grid", {"supercuts": [{"st3": []}]}, '.supercuts: supercuts: entry 0 has no text "selections"'),
    (
        "grid",
        {"supercuts": [{"selections": "met > {0}", "st3": [[0, 1, 1]]}]},
        '.supercuts: "met > .0.": unknown branch met: the study has x0, x1',
    ),
    (
        "grid",
        {
            "supercuts": [
                *NETWORKS["grid"]["supercuts"],
                {"selections": "{0} < x1 & x1 < {1}", "pivot": [2, 1]},
            ]
        },
        ".supercuts: the window of x1 is empty: its low edge, 2 at least, is not below",
    ),
    ("bdt", {"targets": []}, r".targets: \[\] is too short: at least 1 needed"),
    ("bdt", {"targets": [0.2, 2]}, ".targets.1: 2 is greater than or equal to the maximum of 1"),
    ("bdt", {"validation_fraction": 1}, ".validation_fraction: 1 is greater than or equal to the maximum"),
    ("bdt", {"learning_rate": 2}, ".learning_rate: 2 is greater than the maximum of 1"),
    (
        "bdt",
        {"loss": {"bce": 1}},
        "unknown key loss; of the model fully_connected, .*, not of bdt",
    ),
]


@pytest.mark.parametrize(
    ("name", "change", "message"), BAD, ids=[f"{name}-{change}" for name, change, _ in BAD]
)
def test_wrong_settings_get_one_line(name, change, message):
    (line,) = faults(name, change)
    assert line.startswith(f"studies.toys.networks.{name}")
    with pytest.raises(ConfigError, match=message):
        raise ConfigError(line)
    assert len(line) < 400


LOSSES = [
    ("scan", {"smoothnes": 1}, ".loss: unknown key smoothnes; known here: .*smoothness"),
    ("scan", {"bce": float("inf")}, ".loss.bce: inf is not a finite number"),
    ("scan", {"bce": -1.0}, ".loss.bce: -1.0 is less than the minimum of 0"),
    ("scan", {"bce": 0.0}, "all loss coefficients are zero: nothing to train"),
    ("scan", {}, "all loss coefficients are zero: nothing to train"),
    ("scan", 3, ".loss: 3 is not of type mapping"),
    ("linear", {"cut_size": 1.0}, "the cut_size term of the loss needs cuts, which a linear network lacks"),
    (
        "linear",
        {"efficiency": 1.0},
        "the efficiency term of the loss needs cuts, which a linear network lacks",
    ),
    (
        "linear",
        {"smoothness": 1.0},
        "the smoothness term of the loss needs cuts, which a linear network lacks",
    ),
    ("one_to_one", {"efficiency": 1.0}, "the efficiency term of the loss needs target efficiencies"),
    (
        "one_to_one",
        {"constraint": 1.0},
        "the constraint term of the loss needs target efficiencies or a minimum",
    ),
    (
        "binned",
        {"bin_smoothness": 1.0},
        "the bin_smoothness term of the loss needs three bins: give `event_prop",
    ),
    (
        "scan",
        {"bce": 1.0, "constraint_form": "equal"},
        "constraint_form equal needs the constraint term of the",
    ),
    (
        "scan",
        {"constraint": 1.0, "constraint_form": "equal_together"},
        "equal_together needs bins of a property",
    ),
    ("scan", {"constraint": 1.0, "constraint_form": "most"}, ".loss.constraint_form: 'most' is not one of"),
    (
        "significance",
        {"significance": 1.0},
        ".loss: a minimum signal is kept by the constraint term of the loss",
    ),
    (
        "zloss",
        {"lovasz_z": {"error": "hing"}},
        ".loss.lovasz_z.error: 'hing' is not one of 'hinge', 'sigmoid'",
    ),
    (
        "zloss",
        {"lovasz_z": {"error": "hinge", "epsilon": 0.0}},
        ".loss.lovasz_z.epsilon: 0.0 is less than or equ",
    ),
    ("zloss", {"lovasz_z": {}}, ".loss.lovasz_z: the key `error` is missing"),
    ("zloss", {"lovasz_z": None}, ".loss.lovasz_z: null is not of type mapping"),
    (
        "zloss",
        {"lovasz_z": {"error": "hinge"}, "bce": 1.0},
        "lovasz_z is a loss of its own: remove bce, or lova",
    ),
    ("scan", {"lovasz_z": {"error": "hinge"}}, "lovasz_z needs raw outputs, which a scan network lacks"),
    ("joint", {"lovasz_z": {"error": "hinge"}}, "lovasz_z needs raw outputs, which a joint network lacks"),
    ("toy", {"watts": "softmx"}, ".loss.watts: 'softmx' is not one of 'significance', 'cross_entropy'"),
    ("toy", {"watts": "softmax", "bce": 1.0}, "watts is a loss of its own: remove bce, or watts"),
    ("chain", {"joint": {}, "bce": 1.0}, "joint is a loss of its own: remove bce, or joint"),
    ("chain", {"joint": {}, "watts": "softmax"}, "joint is a loss of its own: remove watts, or joint"),
    ("chain", {"bce": 1.0}, "kept_fraction: only the loss joint holds it"),
    ("joint", {"joint": {}}, "the loss joint is of a joint network with a kept_fraction"),
    ("linear", {"joint": {}}, "the loss joint is of a joint network with a kept_fraction"),
    ("chain", {"joint": {"coupling": 1.1}}, ".loss.joint.coupling: 1.1 is greater than the maximum of 1"),
    (
        "chain",
        {"joint": {"order_share": 0}},
        ".loss.joint.order_share: 0 is less than or equal to the minimum",
    ),
    ("chain", {"joint": {"stiffness": 0}}, ".loss.joint.stiffness: 0 is less than or equal to the minimum"),
    ("chain", {"joint": {"handover": [0.5, 0.4]}}, "handover must be two shares of the epochs in increasing"),
    ("chain", {"joint": {"handover": [0.5]}}, r".loss.joint.handover: \[0.5\] is too short"),
    (
        "chain",
        {"joint": {"stifness": 1}},
        ".loss.joint: unknown key stifness; known here: stiffness, order_share",
    ),
]


@pytest.mark.parametrize(
    ("name", "loss", "message"), LOSSES, ids=[f"{name}-{loss}" for name, loss, _ in LOSSES]
)
def test_wrong_losses_get_one_line(name, loss, message):
    test_wrong_settings_get_one_line(name, {"loss": loss}, message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kept_fraction": 0.0}, ".kept_fraction: 0.0 is less than or equal to the minimum of 0"),
        ({"kept_fraction": 1.5}, ".kept_fraction: 1.5 is greater than the maximum of 1"),
        ({"classifier_output": "raw"}, "classifier_output must be sigmoid"),
        ({"classifier_output": "x"}, ".classifier_output: 'x' is not one of 'sigmoid', 'raw'"),
        ({"classifier_learning_rate": 0.0}, ".classifier_learning_rate: 0.0 is less than or equal"),
        ({"hidden_layers": None}, "the key `hidden_layers` is missing"),
    ],
)
def test_wrong_chains_get_one_line(change, message):
    test_wrong_settings_get_one_line("chain", change, message)


@pytest.mark.parametrize("name", ["zloss", "significance"])
def test_a_loss_of_yields_needs_a_counting_experiment(name):
    (line,) = faults(name, {}, counting_experiment=None)
    assert line == (
        f"studies.toys: network {name} is trained on expected yields: the key `counting_experiment` "
        "is missing"
    )


def test_a_constraint_needs_something_to_hold():
    experiment = COUNTING_EXPERIMENT | {"minimum_signal": 0.0}
    (line,) = faults("significance", {}, counting_experiment=experiment)
    assert line == (
        "studies.toys.networks.significance.loss: the constraint term of the loss needs target efficiencies "
        "or a minimum signal to hold"
    )


def test_two_faults_are_two_lines():
    first, second = faults("scan", {"epochs": 0, "seed": -1})
    assert ".epochs" in first
    assert ".seed" in second


def test_numbers_that_yaml_takes_for_text():
    value = study_entry(
        networks={"scan": NETWORKS["scan"] | {"learning_rate": "1e-3", "weights": ["1e0", -1]}}
    )
    network = parse_study("toys", value).networks["scan"]
    assert network.learning_rate == 1e-3
    assert network.weights == [1.0, -1.0]


def test_a_file_of_supercuts_is_read_and_named(tmp_path):
    path = tmp_path / "supercuts.json"
    path.write_text(json.dumps(NETWORKS["grid"]["supercuts"]))
    grid = {"model": "grid", "targets": TARGETS, "most_points": 10, "supercuts": str(path)}
    assert parse_study("toys", study_entry(networks={"grid": grid})).networks["grid"].input_files == [
        str(path)
    ]
