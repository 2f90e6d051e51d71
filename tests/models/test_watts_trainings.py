"""Trainings of Watts' notebooks: his cuts on his own events, and cuts that drift."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from cabin_core import EventSample, FeatureScaling, load_network, train
from cabin_core.classifiers import cuts_of
from scripts.evaluation.cut_function_scan import network_of, sample_of
from scripts.models.network_training import cut_recorder
from scripts.models.samples import DTYPES
from scripts.parsing import parse_kind
from tests import trainings
from tests.configs import PAPER
from tests.studies import make_study

CLAIMS = PAPER["studies"]["watts_plane"]["claims"]
NETWORKS = {
    name: entry
    for study, parts in PAPER["studies"].items()
    if study.startswith("watts")
    for name, entry in parts["networks"].items()
}


def training(name: str, sample: EventSample | None = None, **changes):
    """Train a network of the config on Watts' own sample; the test sample is a few events of it."""
    settings = parse_kind("model", NETWORKS[name] | changes)
    dtype = DTYPES[settings.precision]
    events = sample or sample_of("plane")
    events = EventSample(events.features.to(dtype), events.is_signal, events.weights.to(dtype))
    few = events.take(torch.cat([events.is_signal.nonzero()[:5, 0], (~events.is_signal).nonzero()[:5, 0]]))
    network = settings.build([">"] * events.n_features)
    recorder = cut_recorder(FeatureScaling.identity([f"x{i}" for i in range(events.n_features)]))
    rows = train(network, settings.build_loss(), events, few, settings.training(), watch=recorder)
    return cuts_of(network).cuts()[0].tolist(), pd.DataFrame(rows), network


@pytest.mark.parametrize("name", ["watts_sigmoid", "watts_erf"])
def test_first_epochs_in_two_dimensions(name):
    """The training of the config goes there: downhill, at first by the learning rate an epoch."""
    cuts, history, _ = training(name, epochs=30)
    assert cuts == pytest.approx([1 - 30 * 0.002] * 2, abs=1e-3)
    assert (history["train_total"].diff()[1:] < 0).all()
    assert history["cut_x0"].iloc[0] == 1.0


@pytest.mark.parametrize("name", ["watts_sigmoid", "watts_erf"])
def test_least_loss_in_two_dimensions(name):
    """W1: after 5000 epochs his cuts are at the minimum of the loss, which any optimiser finds."""
    settings, events = parse_kind("model", NETWORKS[name]), sample_of("plane")
    network, loss = network_of(settings.cut_function, np.array([[1.0, 1.0]])), settings.build_loss()
    optimizer = torch.optim.LBFGS(
        network.parameters(), max_iter=60, tolerance_grad=1e-9, line_search_fn="strong_wolfe"
    )

    def closure():
        optimizer.zero_grad()
        value = loss.of_rows(network, events).sum()
        value.backward()
        return value

    key = name.replace("watts_", "watts-2d-")
    assert closure().item() == pytest.approx(CLAIMS[f"{key}-start"]["reference"], abs=0.02)
    optimizer.step(closure)
    assert network.cuts()[0].tolist() == pytest.approx(CLAIMS[key]["reference"], abs=2e-5)
    assert closure().item() == pytest.approx(CLAIMS[f"{key}-loss"]["reference"], abs=0.02)


@pytest.mark.parametrize("function", ["sigmoid", "erf"])
def test_cuts_far_from_all_events_stay(function):
    """W3."""
    cuts, history, _ = training("watts_sigmoid_far", cut_function=function, epochs=20)
    assert cuts == pytest.approx([60.0, 60.0], abs=1e-3)
    assert history["train_total"].to_numpy() == pytest.approx(10_000 * math.log(20_000), abs=0.1)


@pytest.mark.parametrize(
    ("name", "sample", "cut", "loss"),
    [
        ("watts_ascent", "line_first", 3.624483, -20.89633),
        ("watts_descent", "line_again", 3.2649, 2082.857),
    ],
)
def test_ascent_and_descent_in_one_dimension(name, sample, cut, loss):
    """W2."""
    cuts, history, _ = training(name, sample_of(sample))
    assert cuts == pytest.approx([cut], abs=1e-4)
    assert history["train_total"].iloc[-1] == pytest.approx(loss, abs=1e-3)
    # Flat after 20 and 10 steps.
    assert history["cut_x0"].iloc[25:].to_numpy() == pytest.approx(cut, abs=0.02)


@pytest.fixture(scope="module")
def plane() -> EventSample:
    """A few thousand of Watts' events in two dimensions."""
    return sample_of("plane").take(torch.arange(0, 20_000, 5))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_structure_of_the_joint_network(plane, seed):
    """W7: 1012 + 2 parameters, outputs in [0, 1], a gradient of the cuts at (1, 1) and none at (60, 60)."""
    events = EventSample(plane.features.float(), plane.is_signal, plane.weights.float())
    for start, moves in ((-1.0, True), (-60.0, False)):
        settings = parse_kind("model", NETWORKS["watts_softmax"] | {"start": start})
        network = settings.build([">", ">"], seed)
        assert sum(parameter.numel() for parameter in network.parameters()) == 1014
        outputs = network(events.features)
        assert ((outputs >= 0) & (outputs <= 1)).all()
        settings.build_loss().evaluate(network, events).total.backward()
        gradient = cuts_of(network).bias.grad.abs()
        assert (gradient > 1e-3).all() if moves else (gradient < 1e-12).all()


def test_starting_weights_are_truncated_normal():
    settings = parse_kind("model", NETWORKS["watts_softmax"] | {"hidden_layers": [400, 300]})
    layer = settings.build([">", ">"], 1).classifier.layers[2]
    weights = layer.weight.detach() * 400**0.5
    assert weights.abs().max() <= 2.0
    # Of a normal distribution cut at two standard deviations.
    assert weights.std().item() == pytest.approx(0.8796, abs=0.01)
    assert (layer.bias == 0).all()


def test_cuts_of_the_raw_network_drift(plane):
    """W6 with few events: downwards in every epoch, and on."""
    cuts, history, _ = training("watts_raw", plane, epochs=400)
    for column in ("cut_x0", "cut_x1"):
        assert (history[column].iloc[200:].diff().dropna() < 0).all()
    assert max(cuts) < -4.1
    assert history["train_total"].iloc[-1] < history["train_total"].iloc[200]


@pytest.mark.parametrize("name", ["watts_softmax_2", "watts_squares_2", "watts_bce"])
def test_cuts_of_every_loss_go_down(plane, name):
    """W4 and W5 with few events: not under the softmax only."""
    cuts, history, network = training(name, plane, epochs=250)
    assert max(cuts) < 0.75
    assert history["train_total"].iloc[-1] < history["train_total"].iloc[0]
    outputs = network(plane.features.float())
    assert ((outputs >= 0) & (outputs <= 1)).all()


def test_files_of_unscaled_features_and_recorded_cuts(tmp_path):
    source = {"kind": "watts", "sample": "plane_anew", "events": 400, "test_events": 100, "seed": 1}
    features = [{"name": name, "direction": ">", "label": name, "unit": ""} for name in ("x1", "x2")]
    study = make_study(source=source, split=None, features=features)
    study.source.generate(study).to_parquet(tmp_path / "features.parquet")
    entry = NETWORKS["watts_raw"] | {"epochs": 6}
    files = trainings.train(tmp_path / "features.parquet", tmp_path, entry, ["x1", "x2"])
    trained = load_network(files["model"], ["x1", "x2"])
    np.testing.assert_array_equal(trained.scaling.mean, 0)
    np.testing.assert_array_equal(trained.scaling.spread, 1)
    cuts = pd.read_csv(files["cuts"])
    assert cuts["cut"].to_list() == cuts["cut_scaled"].to_list()
    assert cuts["cut"].to_list() == pytest.approx(cuts_of(trained.network).cuts()[0].tolist())
    history = pd.read_csv(files["history"])
    assert history["cut_x1"][0] == -4.0
    assert pd.read_csv(files["metrics"])["signal_efficiency"][0] == 1.0
