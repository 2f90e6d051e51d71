"""A joint network: cuts as a preselection, and the classifier behind them."""

import numpy as np
import pandas as pd
import pytest
import torch

from cabin_core import FeatureScaling, TrainedNetwork
from scripts.models.network import NetworkModel
from scripts.parsing import parse_kind
from tests import trainings
from tests.studies import NETWORKS

FEATURES, DIRECTIONS = ["a", "b"], [">", "<"]
JOINT = {
    "model": "joint",
    "kept_fraction": 0.1,
    "start": 2.0,
    "activation_scale": 30.0,
    "hidden_layers": [6],
    "loss": {"joint": {}},
    "optimizer": "adam",
    "learning_rate": 0.05,
    "classifier_learning_rate": 0.02,
    "epochs": 120,
    "seed": 1,
    "schedule": {"first_activation_scale": 3.0, "last_learning_rate": 0.005},
}


def test_joint_network_as_a_tool(tmp_path):
    generator = np.random.default_rng(2)
    label = np.arange(4000) % 2
    events = pd.DataFrame(
        {
            "a": generator.normal(1.5 * label),
            "b": generator.normal(-1.5 * label),
            "label": label.astype(np.int8),
            "split": np.where(np.arange(4000) % 5 == 0, "test", "train"),
            "weight": 1.0,
        }
    )
    events.to_parquet(tmp_path / "features.parquet")
    files = trainings.train(tmp_path / "features.parquet", tmp_path, JOINT, FEATURES, DIRECTIONS)
    cuts, metrics = pd.read_csv(files["cuts"]), pd.read_csv(files["metrics"])
    assert list(cuts["feature"]) == FEATURES
    assert list(cuts["direction"]) == DIRECTIONS
    scores = pd.read_parquet(files["scores"])["score"].to_numpy()
    passed = (events["a"] > cuts["cut"][0]) & (events["b"] < cuts["cut"][1])
    assert ((scores > 0) == passed).all()
    background = events["label"] == 0
    train = events["split"] == "train"
    assert passed[background & train].mean() == pytest.approx(0.1, abs=1e-3)
    assert passed[background & train].mean() <= 0.1
    assert metrics["background_efficiency"][0] == pytest.approx(passed[background & ~train].mean())
    assert set(pd.read_csv(files["history"])) >= {"train_efficiency", "train_cross_entropy", "test_total"}


@pytest.mark.parametrize("kept_fraction", [None, 0.5])
def test_only_cuts_with_a_kept_fraction_drop_events_from_the_scores(kept_fraction):
    of_loss = {} if kept_fraction is None else {"kept_fraction": kept_fraction, "loss": {"joint": {}}}
    settings = parse_kind("model", NETWORKS["joint"] | of_loss)
    scaling = FeatureScaling.identity(["x1", "x2"])
    trained = TrainedNetwork(settings.build([">", ">"], seed=0), scaling, (">", ">"), {})
    events = pd.DataFrame({"x1": [1.0, -0.1, 2.0], "x2": [1.0, 3.0, -4.0]})
    scores = NetworkModel(trained, settings).scores(events)
    network = trained.network.double()
    features = torch.tensor(events.to_numpy())
    with torch.no_grad():
        outputs = network.outputs(features)
        weights = network.preselection(features)
    expected = outputs * weights if kept_fraction is None else outputs * torch.tensor([[1.0], [0.0], [0.0]])
    np.testing.assert_allclose(scores, expected.numpy())
