"""Training on the Z loss: on the yields that a counting experiment expects."""

import pandas as pd
import pytest

from cabin_core import load_network
from tests import trainings
from tests.studies import make_study

FEATURES = ["x1", "x2"]
SOURCE = {
    "kind": "processes",
    "seed": 5,
    "processes": {
        "s": {"class": "signal", "events": 600, "mean": [4.0, 7.0], "width": [1.0, 2.0]},
        "b1": {"class": "background", "events": 500, "mean": [2.0, 5.0], "width": [1.0, 1.0]},
        "b2": {"class": "background", "events": 400, "mean": [2.0, 10.0], "width": [1.0, 1.0]},
    },
}
EXPERIMENT = {
    "luminosity": 3000.0,
    "cross_sections": {"s": 0.1, "b1": 1.0, "b2": 100.0},
    "relative_uncertainty": 0.0,
    "minimum_signal": 0.0,
}
NETWORK = {
    "model": "linear",
    "bias": True,
    "loss": {"lovasz_z": {"error": "hinge", "epsilon": 10000.0}},
    "optimizer": "adam",
    "learning_rate": 0.05,
    "epochs": 40,
    "seed": 1,
    "precision": "float64",
}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    features = [{"name": name, "direction": ">", "label": name, "unit": ""} for name in FEATURES]
    study = make_study(source=SOURCE, features=features, counting_experiment=EXPERIMENT)
    path = tmp_path_factory.mktemp("toy") / "features.parquet"
    study.source.generate(study).to_parquet(path)
    return path


def test_training_on_the_z_loss(table, tmp_path):
    files = trainings.train(table, tmp_path, NETWORK, FEATURES, counting_experiment=EXPERIMENT)
    history = pd.read_csv(files["history"])
    assert {"epoch", "train_total", "train_share", "train_spread", "test_total"} <= set(history)
    # The share is of N_s / sqrt(epsilon), and the yields of either sample are the full ones.
    for split in ("train", "test"):
        ratio = history[f"{split}_total"] / history[f"{split}_share"]
        assert ratio.to_list() == pytest.approx([3.0] * 40)
    assert history["train_total"].iloc[-1] < 0.95 * history["train_total"].iloc[0]
    trained = load_network(files["model"])
    assert trained.network.linear.bias is not None
    assert trained.training["loss"] == NETWORK["loss"]


def test_the_z_loss_needs_a_counting_experiment(table, tmp_path):
    message = "the loss lovasz_z needs the yields that a counting experiment expects"
    with pytest.raises(ValueError, match=message):
        trainings.train(table, tmp_path, NETWORK, FEATURES)


def test_other_losses_do_not_see_the_counting_experiment(table, tmp_path):
    entry = NETWORK | {"loss": {"bce": 1.0}}
    histories = [
        trainings.train(table, tmp_path / str(len(given)), entry, FEATURES, evaluate=False, **given)[
            "history"
        ]
        for given in ({}, {"counting_experiment": EXPERIMENT})
    ]
    assert histories[0].read_bytes() == histories[1].read_bytes()
