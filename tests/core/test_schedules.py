"""A schedule from epoch to epoch, one quantity at a time."""

import math

import pytest
import torch

from cabin_core import (
    CutLoss,
    CutNetwork,
    EfficiencyScanNetwork,
    FullyConnectedNetwork,
    JointNetwork,
    Schedule,
    TrainingSettings,
    train,
)


def test_goals_move_between_their_two_shares_of_the_epochs(make_sample):
    network = EfficiencyScanNetwork(2, [0.8], [1.0, 1.0]).double()
    loss = CutLoss([0.8], constraint=1.0)
    constraint = loss.terms["constraint"].constraint
    schedule = Schedule(first_goal=0.2, goals_move=(0.4, 0.8))
    settings = TrainingSettings(10, learning_rate=1e-3, schedule=schedule)
    at_one = torch.ones(1, dtype=torch.float64)
    history = train(
        network,
        loss,
        make_sample(),
        None,
        settings,
        watch=lambda _: {"goal": constraint.shortfall(at_one).exp().item()},
    )
    # The sixth epoch is six tenths of the training, halfway between the two shares.
    moving = [0.2 * 4**way for way in (0.25, 0.5, 0.75)]
    assert [row["goal"] for row in history] == pytest.approx([0.2] * 4 + moving + [0.8] * 3)


def parameters_by_epoch(network, sample, settings):
    """The parameters of cuts and classifier before each epoch, and after the last."""

    def now():
        return [
            torch.cat([parameter.detach().flatten() for parameter in part.parameters()])
            for part in (network.preselection, network.classifier)
        ]

    seen = []
    train(network, CutLoss(bce=1.0), sample, None, settings, watch=lambda _: seen.append(now()) or {})
    return [*seen, now()]


def test_each_part_of_a_joint_network_falls_from_its_own_learning_rate(make_sample):
    sample = make_sample()
    torch.manual_seed(2)
    network = JointNetwork(CutNetwork(2, 1, [1.0, 1.0], 2.0), FullyConnectedNetwork(2, (3,))).double()
    settings = TrainingSettings(
        2,
        learning_rate=0.4,
        classifier_learning_rate=0.05,
        schedule=Schedule(last_learning_rate=0.1),
    )
    CutLoss(bce=1.0).evaluate(network, sample).total.backward()
    slopes = [
        torch.cat([parameter.grad.flatten() for parameter in part.parameters()])
        for part in (network.preselection, network.classifier)
    ]
    start, middle, _ = parameters_by_epoch(network, sample, settings)
    # By a factor of four in two epochs: half of the first rates in the first one.
    for rate, slope, before, after in zip((0.2, 0.025), slopes, start, middle, strict=True):
        torch.testing.assert_close(after - before, -rate * slope, rtol=1e-9, atol=1e-14)


def test_the_last_epoch_has_the_last_learning_rate(make_sample):
    sample = make_sample()
    network = CutNetwork(2, 1, [1.0, 1.0], 2.0).double()
    loss = CutLoss(bce=1.0)
    loss.evaluate(network, sample).total.backward()
    before, slope = network.bias.detach().clone(), network.bias.grad.clone()
    schedule = Schedule(last_learning_rate=0.03)
    train(network, loss, sample, None, TrainingSettings(1, learning_rate=0.5, schedule=schedule))
    torch.testing.assert_close(network.bias.detach() - before, -0.03 * slope)


def test_sharpness_grows_by_equal_factors_to_that_of_the_network(make_sample):
    network = CutNetwork(2, 1, [1.0, 1.0], 16.0).double()
    schedule = Schedule(first_activation_scale=1.0)
    settings = TrainingSettings(4, learning_rate=1e-3, schedule=schedule)
    history = train(
        network,
        CutLoss(bce=1.0),
        make_sample(),
        None,
        settings,
        watch=lambda cuts: {"log": math.log2(cuts.activation_scale)},
    )
    assert [row["log"] for row in history] == pytest.approx([1.0, 2.0, 3.0, 4.0])
