"""Measures of trainings, of linear networks, of events and of settings, by hand."""

import math

import numpy as np
import pytest
import torch

from cabin_core import FeatureScaling, LinearNetwork, TrainedNetwork, save_network
from scripts.scorecard.measures.settings import network_setting
from scripts.scorecard.results import NotRun
from tests.studies import NETWORKS

# ---- a training ----


def test_losses_of_a_history(run):
    run.write(
        history={
            "epoch": [0, 1, 2],
            "train_total": [10.0, 4.0, 5.0],
            "train_bce": [1.0, 2.0, 0.0],
            "train_background": [2.0, 1.0, 3.0],
        }
    )
    assert run("training_loss", network="net", epoch=1) == 4.0
    assert run("training_loss", network="net", epoch=0) == 10.0
    assert run("training_loss", network="net", epoch=-1) == 5.0
    with pytest.raises(NotRun, match="net is trained for 3 epochs"):
        run("training_loss", network="net", epoch=3)
    # The mean of the shares, not the share of the means.
    found = run("loss_share", network="net", terms=["bce", "background"])
    assert found == pytest.approx((0.3 + 0.75 + 0.6) / 3)
    assert run("least_in_history", network="net", column="train_total") == 4.0
    with pytest.raises(NotRun, match="net has no train_share in its history"):
        run("least_in_history", network="net", column="train_share")


def test_cuts_on_the_way(run, cut_table, nan):
    history = {"epoch": range(4), "train_total": 1.0}
    history |= {"cut_x0": [1.0, 0.5, 0.7, 0.6], "cut_x1": [2.0, 2.0, 1.0, 0.5]}
    run.write(history=history, cuts=cut_table([(nan, 0.2, 0.4)], "cut"))
    assert run("cut_movement", network="net") == 1.5
    assert run("largest_cut_step", network="net", after=0) == pytest.approx(0.2)
    assert run("largest_cut_step", network="net", after=2) == pytest.approx(-0.1)
    with pytest.raises(NotRun, match="net is trained for fewer than 4 epochs"):
        run("largest_cut_step", network="net", after=4)
    velocity = {"network": "net", "feature": "x0"}
    assert run("cut_velocity", **velocity, between=[1, 3]) == pytest.approx(1000 * 0.1 / 2)
    # The cut after the last epoch is what is saved.
    assert run("cut_velocity", **velocity, between=[2, 4]) == pytest.approx(1000 * -0.5 / 2)
    with pytest.raises(NotRun, match="net is trained for 4 epochs"):
        run("cut_velocity", **velocity, between=[2, 5])
    run.write(history={"epoch": [0], "train_total": [1.0]})
    with pytest.raises(NotRun, match="net does not record its cuts"):
        run("cut_movement", network="net")


# ---- a linear network ----


@pytest.fixture
def linear(run):
    """Weights 2 and -1.5 of features scaled by 4 and 0.5."""
    network = LinearNetwork(2, bias=True)
    network.linear.weight.data = torch.tensor([[2.0, -1.5]])
    scaling = FeatureScaling(["x0", "x1"], [1.0, 0.0], [4.0, 0.5])
    (run.root / "net").mkdir(parents=True)
    save_network(run.root / "net" / "model.pt", TrainedNetwork(network, scaling, (">", "<"), {}))
    return run


def test_weights_of_a_linear_network(linear):
    assert linear("parameter_count", network="net") == 3
    assert linear("linear_weight", network="net", feature="x1") == -1.5
    with pytest.raises(NotRun, match="study toy has no feature x2"):
        linear("linear_weight", network="net", feature="x2")
    # In physical units 0.5 and -3: the boundary rises by 6 in the first feature for 1 in the second.
    assert linear("boundary_slope", network="net") == pytest.approx(6.0)
    assert linear("weight_norm", network="net") == pytest.approx(math.sqrt(0.25 + 9))


# ---- events ----


def test_events_by_class_and_sample(run):
    table = {"x0": 0.0, "x1": 0.0, "weight": 1.0, "label": [1, 1, 1, 0, 0]}
    run.write(features=table | {"split": ["train", "train", "test", "train", "test"], "process": "p"})
    assert run("events") == 5
    assert run("events", label=1) == 3
    assert run("events", split="test") == 2
    assert run("events", label=0, split="train") == 1
    assert run("feature_count") == 2


def test_a_correlation_within_a_class_is_not_that_of_both(run):
    """Far apart in both features, the classes together are correlated; b and c of the background are most."""
    table = {
        "a": [0, 1, 0, 1, 10, 11, 10, 11],
        "b": [0, 0, 1, 1, 10, 10, 11, 12],
        "c": [0, 1, 1, 0, 10, 9, 9, 8],
        "label": [1] * 4 + [0] * 4,
        "split": "train",
        "weight": 1.0,
    }
    b, c = (np.array(table[name][4:]) for name in "bc")
    expected = abs(np.cov(b, c)[0, 1] / (b.std(ddof=1) * c.std(ddof=1)))
    assert run.write(features=table)("largest_correlation") == pytest.approx(expected)


# ---- settings ----


def test_numbers_of_the_config(run):
    assert run("source_setting", key="signal_events") == 200
    with pytest.raises(NotRun, match=r"the source of study toy has no signal\.mass in this config"):
        run("source_setting", key="signal.mass")
    assert run("network_setting", network="net", key="epochs") == 3
    assert run("network_setting", network="net", key="loss.background") == 0.1
    with pytest.raises(NotRun, match="network net has no momentum in this config"):
        run("network_setting", network="net", key="momentum")
    with pytest.raises(NotRun, match="study toy does not train absent in this run"):
        run("network_setting", network="absent", key="epochs")


def test_settings_of_another_study(run):
    with pytest.raises(NotRun, match="study away is left out of this run"):
        network_setting(run.results, study="away", network="net", key="epochs")


def test_settings_that_are_inner_mappings(make_run):
    run = make_run(networks={"net": NETWORKS["kcuts"]})
    assert run("network_setting", network="net", key="bins") == 10
