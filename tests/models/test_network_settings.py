"""From the settings of a network to the objects of the core."""

import subprocess
import sys

import pytest
import torch

from cabin_core import EfficiencyScanNetwork, JointLoss, LovaszZLoss, OneToOneLinear, WattsLoss
from cabin_core.cuts import CutNetwork
from scripts.kinds import modules
from scripts.parsing import parse_kind
from tests.conftest import ROOT, environment
from tests.studies import NETWORKS

DIRECTIONS = [">", "<", ">"]
LOSS = {"bce": 1.0}
ENTRIES = {
    "linear": NETWORKS["linear"],
    "fully_connected": NETWORKS["fully_connected"] | {"hidden_layers": [4, 3]},
    "one_to_one": NETWORKS["one_to_one"] | {"weights": "learned"},
    "scan": NETWORKS["scan"] | {"targets": [0.5, 0.2], "precision": "float64"},
    "learned": NETWORKS["scan"] | {"targets": [0.9, 0.2, 0.5], "weights": "learned"},
}


def settings_of(name: str, **changes):
    return parse_kind("model", ENTRIES[name] | changes)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_network_is_fixed_by_its_seed(name):
    settings = settings_of(name)
    first, again, other = (settings.build(DIRECTIONS, seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[key], again[key]) for key in first)
    random_start = name != "scan"
    assert random_start == any(not torch.equal(first[key], other[key]) for key in first)
    of_settings = settings_of(name, seed=3).build(DIRECTIONS).state_dict()
    assert all(torch.equal(first[key], of_settings[key]) for key in first)


def test_building_leaves_the_generator_of_the_caller_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    settings_of("linear").build(DIRECTIONS, seed=99)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("name", ENTRIES)
def test_scores_have_one_column_a_row_and_lie_between_0_and_1(name):
    settings = settings_of(name)
    dtype = {"float32": torch.float32, "float64": torch.float64}[settings.precision]
    network = settings.build(DIRECTIONS)
    x = 10 * torch.randn(50, 3, generator=torch.Generator().manual_seed(1), dtype=dtype)
    scores = network(x)
    n_rows = len(settings.targets) if settings.model == "scan" else 1
    assert scores.shape == (50, n_rows)
    assert scores.dtype == dtype
    assert ((scores >= 0) & (scores <= 1)).all()
    torch.testing.assert_close(network(x[7:9]), scores[7:9])
    if isinstance(network, CutNetwork):
        assert network.cuts().shape == (n_rows, 3)
        assert network.bias.shape == (1, n_rows, 3)


@pytest.mark.parametrize("model", ["one_to_one", "scan"])
@pytest.mark.parametrize(
    ("weights", "expected"), [("directions", [1.0, -1.0, 1.0]), ([-0.5, 2, 1], [-0.5, 2.0, 1.0])]
)
def test_a_network_has_its_settings(model, weights, expected):
    changes = {"targets": [0.3], "weights": weights, "activation_scale": 7, "precision": "float64"}
    settings = settings_of(model, **changes)
    network = settings.build(DIRECTIONS)
    assert isinstance(network, OneToOneLinear if model == "one_to_one" else EfficiencyScanNetwork)
    assert network.weight.tolist() == expected
    assert network.activation_scale == 7.0
    assert network.bias.dtype == network.weight.dtype == torch.float64
    assert settings.working_points == [0.3]


def test_default_activation_scale_is_that_of_the_paper():
    entry = {key: value for key, value in NETWORKS["one_to_one"].items() if key != "activation_scale"}
    network = parse_kind("model", entry).build([">"])
    expected = torch.sigmoid(torch.tensor(15 * 0.1)).item()
    assert network(torch.tensor([[0.1]])).item() == pytest.approx(expected, rel=1e-6)


def test_a_bias_is_an_option_that_changes_nothing_else():
    without, with_bias = (
        settings_of("linear", bias=bias).build([">", ">"], seed=3) for bias in (False, True)
    )
    assert list(without.state_dict()) == ["linear.weight"]
    assert torch.equal(without.linear.weight, with_bias.linear.weight)


@pytest.mark.parametrize(
    ("name", "directions", "changes", "message"),
    [
        ("one_to_one", [">", ">="], {}, "unknown direction '>='"),
        ("linear", ["left"], {}, "unknown direction 'left'"),
        ("one_to_one", [">", ">"], {"weights": [1]}, "1 weights for 2"),
    ],
)
def test_networks_that_cannot_be_built(name, directions, changes, message):
    with pytest.raises(ValueError, match=message):
        settings_of(name, **changes).build(directions)


def test_windows_and_monotone_scans():
    changes = {"targets": [0.9, 0.5], "weights": "windows", "start": 2.0, "monotone": True}
    network = settings_of("scan", **changes, precision="float32").build([">", "<"])
    assert network.bias.shape == (1, 2, 4)
    assert network.windows
    network.bias.data[0, 0] = 1.0
    network.project()
    assert network.bias.tolist() == [[[1.5] * 4] * 2]


def test_bins_of_a_property():
    settings = settings_of("scan", event_property={"name": "pt", "edges": [0, 1, 3, 4]})
    network = settings.build([">", "<"])
    assert settings.n_bins == network.n_bins == 3
    assert network.bias.shape == (3, 2, 2)
    assert network.n_features == 2


def test_rows_of_a_joint_network():
    network = parse_kind("model", NETWORKS["joint"]).build([">", "<"], n_rows=4)
    features = torch.randn(5, 2)
    assert network.preselection.bias.shape == (1, 4, 2)
    assert network.outputs(features).shape == (5, 4)


# ---- how it is trained ----


def test_training_of_the_core():
    schedule = {"first_activation_scale": 3.0, "goals_move": [0.1, 0.3]}
    changes = {"schedule": schedule, "batch_size": 64, "optimizer": "adam", "learning_rate": 0.1}
    how = settings_of("scan", **changes, epochs=7, seed=9).training()
    assert (how.epochs, how.optimizer, how.learning_rate, how.batch_size, how.seed) == (7, "adam", 0.1, 64, 9)
    assert how.schedule.first_activation_scale == 3.0
    assert how.schedule.goals_move == (0.1, 0.3)
    assert how.schedule.first_goal is None
    assert how.classifier_learning_rate is None
    joint = parse_kind("model", NETWORKS["joint"] | {"classifier_learning_rate": 0.02}).training()
    assert joint.classifier_learning_rate == 0.02
    assert joint.schedule is None


def test_losses_of_the_core():
    paper = settings_of("scan", loss={"efficiency": 10.0, "background": 0.1, "smoothness": 1.0}).build_loss()
    assert paper.aim.targets == (0.5, 0.2)
    # A network without cuts has working points, which its loss knows nothing of.
    assert settings_of("fully_connected").build_loss().aim.targets == ()
    watts = parse_kind("model", NETWORKS["joint"]).build_loss()
    assert isinstance(watts, WattsLoss)
    assert watts.kind == "softmax"
    given = {"stiffness": 2, "order_share": 0.4, "coupling": 0.9, "handover": [0.2, 0.8]}
    joint = parse_kind(
        "model", NETWORKS["joint"] | {"kept_fraction": 0.1, "loss": {"joint": given}}
    ).build_loss()
    assert isinstance(joint, JointLoss)
    assert joint.kept_fractions == (0.1,)
    assert (joint.constraint.stiffness, joint.order_share, joint.coupling) == (2.0, 0.4, 0.9)
    assert joint.handover == (0.2, 0.8)


def test_losses_of_yields():
    from cabin_core import ExpectedYields

    expected = ExpectedYields(30.0, 200.0, 0.1, 5.0)
    zloss = settings_of("linear", loss={"lovasz_z": {"error": "focal", "focal_exponent": 1.5}})
    assert zloss.needs_yields
    assert isinstance(zloss.build_loss(expected), LovaszZLoss)
    with pytest.raises(ValueError, match="the loss lovasz_z needs the yields that a counting experiment"):
        zloss.build_loss()
    significance = settings_of("one_to_one", loss={"significance": 1.0, "constraint": 10.0})
    assert significance.needs_yields
    assert significance.build_loss(expected).aim.yields is expected
    with pytest.raises(ValueError, match="the significance term of the loss needs the yields"):
        significance.build_loss()
    assert not settings_of("scan").needs_yields


# ---- what it tells of itself ----


@pytest.mark.parametrize(
    ("entry", "offered"),
    [
        (NETWORKS["linear"], {"scores", "one_score", "history", "loss", "boundary", "one_bin", "terms"}),
        (NETWORKS["scan"], {"cuts", "scores", "history", "loss", "one_bin", "terms"}),
        (
            NETWORKS["scan"] | {"event_property": {"name": "x0", "edges": [0, 1]}},
            {"cuts", "scores", "history", "loss", "terms"},
        ),
        (
            NETWORKS["joint"] | {"record_cuts": True},
            {
                "cuts",
                "scores",
                "one_score",
                "history",
                "loss",
                "classifier",
                "one_bin",
                "watts",
                "cut_history",
            },
        ),
        (NETWORKS["kcuts"], {"cuts", "one_bin"}),
        (NETWORKS["grid"], {"cuts", "one_bin"}),
        (NETWORKS["bdt"], {"scores", "one_score", "history", "one_bin"}),
    ],
    ids=lambda value: value["model"] if isinstance(value, dict) else "",
)
def test_what_a_model_offers(entry, offered):
    assert parse_kind("model", entry).offers == offered


def test_what_reruns_a_network():
    settings = parse_kind("model", NETWORKS["joint"])
    assert settings.modules == ["scripts.models.joint", "scripts.losses.watts"]
    assert parse_kind("model", NETWORKS["kcuts"]).modules == ["scripts.models.kcuts"]


def test_settings_bring_no_heavy_library():
    """A dry run parses all settings: they may not cost the seconds that torch and others take."""
    code = f"""
import sys
from scripts.kinds import module_of
for room, kinds in { ({room: list(modules(room)) for room in ("model", "loss")})!r}.items():
    for kind in kinds:
        module_of(room, kind)
heavy = ["torch", "numba", "scipy", "sklearn", "pandas", "xgboost", "matplotlib", "cabin_core"]
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("kind", list(modules("model")))
def test_every_setting_has_a_schema(kind):
    from scripts.kinds import module_of

    schema = module_of("model", kind).Settings.model_json_schema()
    assert schema["additionalProperties"] is False
    assert schema["properties"]["model"] == {"const": kind, "title": "Model", "type": "string"}
    if "loss" in schema["properties"]:
        losses = schema["properties"]["loss"]["oneOf"]
        assert len(losses) == 1 + len(modules("loss"))
