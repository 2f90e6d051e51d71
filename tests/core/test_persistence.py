import contextlib
import pathlib
import pickle
import random

import pytest
import torch

from cabin_core import (
    CutNetwork,
    EfficiencyScanNetwork,
    FeatureScaling,
    FullyConnectedNetwork,
    JointNetwork,
    LinearNetwork,
    OneToOneLinear,
    TrainedNetwork,
    load_network,
    save_network,
)
from cabin_core.persistence import NETWORKS

FEATURES, DIRECTIONS = ("met", "m_ll"), (">", "<")
#: Of every class that can be saved, each argument once at another value than the default.
MADE = {
    "linear": lambda: LinearNetwork(2),
    "linear with a bias": lambda: LinearNetwork(2, bias=True).double(),
    "fully connected": lambda: FullyConnectedNetwork(2, (4, 3)).double(),
    "fully connected, raw": lambda: FullyConnectedNetwork(2, [3], 2, sigmoid=False, events_innermost=True),
    "cuts in order": lambda: CutNetwork(2, 3, [1.0, -1.0], looser_rows=[1, 2, 0], start=0.5),
    "one to one": lambda: OneToOneLinear(2, [1.0, -1.0], 7.0),
    "weights": lambda: OneToOneLinear(2, [2.0, -0.1]).double(),
    "some windows": lambda: OneToOneLinear(2, [1.0, 1.0], 1.0, windows=[1], start=1.5),
    "windows": lambda: OneToOneLinear(2, None, 1.0, windows=True, start=1.5, cut_function="erf"),
    "scan": lambda: EfficiencyScanNetwork(2, (0.9, 0.2)),
    "scan, precise": lambda: EfficiencyScanNetwork(2, (0.9, 0.2, 0.5), monotone=True, start=1.0).double(),
    "joint": lambda: JointNetwork(OneToOneLinear(2, [1.0, -1.0], 3.0), FullyConnectedNetwork(2, (4,))),
    "joint scan": lambda: JointNetwork(
        EfficiencyScanNetwork(2, (0.9, 0.2), None, 1.0, windows=True, start=2.0),
        FullyConnectedNetwork(2, (4,), 2, events_innermost=True),
    ).double(),
    "twice": lambda: JointNetwork(
        CutNetwork(2, 1, [1.0, 1.0]), JointNetwork(CutNetwork(2, 1, [1.0, -1.0]), LinearNetwork(2))
    ),
}
INCOMPLETE = "not a complete model file: delete it and train the network again"


def trained_network(made="one to one"):
    network = MADE[made]()
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    scaling = FeatureScaling(FEATURES, [101.3, 1 / 3], [17.2, 0.1])
    training = {"epochs": 5, "loss": {"bce": 0.1, "targets": [0.2, 0.9]}, "name": "a", "batch": None}
    return TrainedNetwork(network, scaling, DIRECTIONS, training)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.pt"


class CreatesFile:
    """An object whose pickle creates a file when it is read."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return pathlib.Path.touch, (self.target,)


def described(network):
    """Class and arguments, nested ones too."""
    values = network.arguments().items()
    return type(network), {
        name: described(value) if isinstance(value, torch.nn.Module) else value for name, value in values
    }


@pytest.mark.parametrize("made", MADE)
def test_round_trip(path, made):
    trained = trained_network(made)
    save_network(path, trained)
    loaded = load_network(path, FEATURES)
    assert loaded.dtype == trained.dtype == next(trained.network.parameters()).dtype
    x = torch.randn(30, 2, generator=torch.Generator().manual_seed(1), dtype=trained.dtype)
    scores = trained.network(x)
    assert loaded.network(x).dtype == trained.dtype
    assert torch.equal(loaded.network(x), scores)
    assert scores.std() > 0
    assert described(loaded.network) == described(trained.network)
    assert loaded.event_property is None
    assert loaded.training == trained.training
    assert loaded.directions == DIRECTIONS
    assert loaded.scaling.features == FEATURES
    assert torch.equal(loaded.scaling.mean, trained.scaling.mean)
    assert torch.equal(loaded.scaling.spread, trained.scaling.spread)


def test_loading_leaves_the_generator_of_the_caller_alone(path):
    save_network(path, trained_network("linear"))
    state = torch.get_rng_state()
    load_network(str(path))
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("kept", [0, 1, 4, 100, 0.5, 0.9, -100, -1])
def test_truncated_file_is_refused(path, kept):
    save_network(path, trained_network())
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    with pytest.raises(ValueError, match=f"{path}: {INCOMPLETE}"):
        load_network(path)


@pytest.mark.parametrize(
    "content",
    [
        *(random.Random(seed).randbytes(200) for seed in (1, 2, 3)),
        b"features,cut\nmet,200\n",
        b"\x80\x02" + bytes(50),
        b".",
        b"M",
    ],
    ids=lambda content: repr(content[:8]),
)
def test_bytes_of_another_kind_are_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=INCOMPLETE):
        load_network(path)


@pytest.mark.parametrize(
    "write", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value, protocol=2))]
)
def test_code_in_a_file_is_not_run(path, tmp_path, write):
    created = tmp_path / "created"
    write({"format": "cabin_core network 3", "training": CreatesFile(created)}, path)
    with pytest.raises(ValueError, match=INCOMPLETE):
        load_network(path)
    assert not created.exists()
    with contextlib.suppress(Exception):  # the plain pickle is no file of torch, but its code has run by then
        torch.load(path, weights_only=False)
    assert created.exists()  # the file was armed


@pytest.mark.parametrize("content", [[1, 2], {"format": "cabin_core network 0"}, {}])
def test_other_content_is_refused(path, content):
    torch.save(content, path)
    with pytest.raises(ValueError, match=r"not a model file of this version \(cabin_core network 3\)"):
        load_network(path)


def test_missing_file(path):
    with pytest.raises(FileNotFoundError, match=f"{path}: no such model file: train the network first"):
        load_network(path)


@pytest.mark.parametrize("asked", [("m_ll", "met"), ("met",), ("met", "m_ll", "pt"), ("met", "m_tt")])
def test_other_features_or_another_order_are_refused(path, asked):
    save_network(path, trained_network())
    with pytest.raises(ValueError, match=f"made for the features met, m_ll, not {', '.join(asked)}: train"):
        load_network(path, asked)


def test_features_may_be_a_list_or_left_out(path):
    save_network(path, trained_network())
    assert load_network(path, list(FEATURES)).scaling.features == FEATURES
    assert load_network(path).scaling.features == FEATURES


def test_round_trip_of_cuts_that_follow_a_property(path):
    network = EfficiencyScanNetwork(2, (0.9, 0.5), [1.0, -1.0], bin_edges=(20.0, 40.0, 100.0)).double()
    torch.nn.init.normal_(network.bias, generator=torch.Generator().manual_seed(0))
    # The property is the last column, as it is.
    scaling = FeatureScaling((*FEATURES, "pt"), [101.3, 1 / 3, 0.0], [17.2, 0.1, 1.0])
    save_network(path, TrainedNetwork(network, scaling, DIRECTIONS, {}))
    loaded = load_network(path, FEATURES)
    x = torch.tensor([[0.1, -0.2, 30.0], [0.1, -0.2, 50.0]], dtype=torch.float64)
    assert torch.equal(loaded.network(x), network(x))
    assert not torch.equal(loaded.network(x[:1]), loaded.network(x[1:]))
    assert loaded.network.bin_edges == (20.0, 40.0, 100.0)
    assert loaded.event_property == "pt"
    with pytest.raises(ValueError, match=r"made for the features met, m_ll, pt, not met: train"):
        load_network(path, ["met"])


def test_every_class_of_the_core_that_can_be_saved_is_saved_here():
    def classes(network):
        return {type(part) for part in network.modules()}

    assert set(NETWORKS.values()) <= set().union(*(classes(make()) for make in MADE.values()))


@pytest.mark.parametrize(
    "network",
    [
        torch.nn.Linear(2, 1),
        JointNetwork(CutNetwork(2, 1, [1.0, 1.0]), torch.nn.Linear(2, 1)),
        type("LinearNetwork", (LinearNetwork,), {})(2),
    ],
    ids=["of torch", "inside", "of the same name"],
)
def test_networks_of_other_classes_are_not_saved(path, network):
    trained = TrainedNetwork(network, FeatureScaling(FEATURES, [0.0, 0.0], [1.0, 1.0]), DIRECTIONS, {})
    with pytest.raises(ValueError, match="cannot be saved: it is no network of the core"):
        save_network(path, trained)
    assert not path.exists()


@pytest.mark.parametrize("name", ["Linear", "Sequential", "load_network", "__class__", None])
def test_only_classes_of_the_core_are_loaded(path, name):
    save_network(path, trained_network("joint"))
    content = torch.load(path, weights_only=True)
    content["network"]["arguments"]["classifier"]["class"] = name
    torch.save(content, path)
    with pytest.raises(ValueError, match=f"{path}: {INCOMPLETE}"):
        load_network(path)
