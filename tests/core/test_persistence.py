import contextlib
import pathlib
import pickle
import random

import pytest
import torch

from cabin_core import (
    FeatureScaling,
    NetworkSettings,
    TrainedNetwork,
    build_network,
    load_network,
    save_network,
)

FEATURES, DIRECTIONS = ("met", "m_ll"), (">", "<")
SETTINGS = [
    NetworkSettings("linear"),
    NetworkSettings("fully_connected", hidden_layers=(4, 3), precision="float64"),
    NetworkSettings("one_to_one", targets=(0.5,), activation_scale=7.0),
    NetworkSettings("one_to_one", weights=(2.0, -0.5), precision="float64"),
    NetworkSettings("scan", targets=(0.9, 0.2), weights="learned"),
    NetworkSettings("scan", targets=(0.9, 0.2, 0.5), weights="learned", precision="float64"),
]
INCOMPLETE = "not a complete model file: delete it and train the network again"


def trained_network(settings=SETTINGS[2]):
    network = build_network(settings, DIRECTIONS, seed=3)
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    scaling = FeatureScaling(FEATURES, [101.3, 1 / 3], [17.2, 0.1])
    training = {"epochs": 5, "loss": {"bce": 0.1, "targets": [0.2, 0.9]}, "name": "a", "batch": None}
    return TrainedNetwork(network, settings, scaling, DIRECTIONS, training)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.pt"


class CreatesFile:
    """An object whose pickle creates a file when it is read."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return pathlib.Path.touch, (self.target,)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: f"{s.model}-{s.precision}")
def test_round_trip(path, settings):
    trained = trained_network(settings)
    save_network(path, trained)
    loaded = load_network(path, FEATURES)
    x = torch.randn(30, 2, generator=torch.Generator().manual_seed(1), dtype=settings.dtype)
    scores = trained.network(x)
    assert loaded.network(x).dtype == settings.dtype
    assert torch.equal(loaded.network(x), scores)
    assert scores.std() > 0
    assert type(loaded.network) is type(trained.network)
    assert loaded.settings == settings
    assert loaded.training == trained.training
    assert loaded.directions == DIRECTIONS
    assert loaded.scaling.features == FEATURES
    assert torch.equal(loaded.scaling.mean, trained.scaling.mean)
    assert torch.equal(loaded.scaling.spread, trained.scaling.spread)


def test_loading_leaves_the_generator_of_the_caller_alone(path):
    save_network(path, trained_network(SETTINGS[0]))
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
    write({"format": "cabin_core network 2", "training": CreatesFile(created)}, path)
    with pytest.raises(ValueError, match=INCOMPLETE):
        load_network(path)
    assert not created.exists()
    with contextlib.suppress(Exception):  # the plain pickle is no file of torch, but its code has run by then
        torch.load(path, weights_only=False)
    assert created.exists()  # the file was armed


@pytest.mark.parametrize("content", [[1, 2], {"format": "cabin_core network 0"}, {}])
def test_other_content_is_refused(path, content):
    torch.save(content, path)
    with pytest.raises(ValueError, match=r"not a model file of this version \(cabin_core network 2\)"):
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
    settings = NetworkSettings(
        "scan", targets=(0.9, 0.5), event_property="pt", bin_edges=(20.0, 40.0, 100.0), precision="float64"
    )
    network = build_network(settings, DIRECTIONS, seed=3)
    torch.nn.init.normal_(network.bias, generator=torch.Generator().manual_seed(0))
    # The property is the last column, as it is.
    scaling = FeatureScaling((*FEATURES, "pt"), [101.3, 1 / 3, 0.0], [17.2, 0.1, 1.0])
    save_network(path, TrainedNetwork(network, settings, scaling, DIRECTIONS, {}))
    loaded = load_network(path, FEATURES)
    x = torch.tensor([[0.1, -0.2, 30.0], [0.1, -0.2, 50.0]], dtype=torch.float64)
    assert torch.equal(loaded.network(x), network(x))
    assert not torch.equal(loaded.network(x[:1]), loaded.network(x[1:]))
    assert loaded.settings == settings
    with pytest.raises(ValueError, match=r"made for the features met, m_ll, pt, not met: train"):
        load_network(path, ["met"])
