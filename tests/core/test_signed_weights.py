"""Samples in which some weights are negative, as those of next-to-leading order."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cabin_core import (
    CutLoss,
    CutNetwork,
    EfficiencyScanNetwork,
    EventSample,
    EventSums,
    ExpectedYields,
    JointLoss,
    TrainingSettings,
    WattsLoss,
    fit_kept_fractions,
    train,
)
from cabin_core.constraint import log_of_efficiency
from cabin_core.joint_loss import JointSums

SCAN = {"efficiency": 10.0, "background": 0.1, "cut_size": 1e-5, "bce": 1e-3, "smoothness": 1.0}


def draw_sample(seed, n_events=200, n_features=2, *, negative=0.2, dtype=torch.float64):
    generator = np.random.default_rng(seed)
    is_signal = np.arange(n_events) % 2 == 0
    x = generator.normal(size=(n_events, n_features)) + 0.8 * is_signal[:, None]
    signs = np.where(generator.random(n_events) < negative, -1.0, 1.0)
    signs[:2] = 1.0
    return EventSample.from_arrays(x, is_signal, signs * generator.uniform(0.5, 2, n_events), dtype)


def test_derivatives_are_those_of_differences():
    network, sample = CutNetwork(2, 2, [1.0, -1.0], 4.0).double(), draw_sample(3, 60)
    loss = CutLoss([0.4, 0.8], **SCAN, log_background=0.3, constraint=5.0)

    def total_at(bias):
        moved = copy.deepcopy(network)
        del moved.bias
        moved.bias = bias
        return loss(EventSums.from_sample(moved, sample), moved.cuts()).total

    assert torch.autograd.gradcheck(total_at, (network.bias.detach().clone().requires_grad_(),))


@given(seed=st.integers(0, 2**20), scale=st.sampled_from([1e-9, 0.7, 1e9]))
def test_the_loss_depends_neither_on_the_scale_of_weights_nor_on_the_order(seed, scale):
    sample = draw_sample(seed, 300, negative=0.1)
    order = torch.randperm(300, generator=torch.Generator().manual_seed(seed))
    other = EventSample(sample.features[order], sample.is_signal[order], scale * sample.weights[order])
    network = CutNetwork(2, 2, [1.0, -1.0], 4.0).double()
    loss = CutLoss([0.4, 0.8], yields=ExpectedYields(30.0, 500.0, 0.1), **SCAN, significance=0.5)
    one, two = (float(loss.evaluate(network, events).total.detach()) for events in (sample, other))
    assert one == pytest.approx(two, rel=1e-10)


@pytest.mark.parametrize("kernel", [True, False])
def test_pairs_that_cancel_change_no_cut(kernel):
    """An event with the weight 1 and the same one with -1 are nothing together."""
    sample = draw_sample(5, 400, negative=0.0, dtype=torch.float64)
    sample = EventSample(sample.features, sample.is_signal, torch.ones(400, dtype=torch.float64))
    pairs = draw_sample(6, 100)
    with_pairs = EventSample(
        torch.cat([sample.features, pairs.features, pairs.features]),
        torch.cat([sample.is_signal, pairs.is_signal, pairs.is_signal]),
        torch.cat([sample.weights, torch.ones(100), -torch.ones(100)]),
    )
    cuts = []
    for events in (sample, with_pairs):
        network = EfficiencyScanNetwork(2, [0.3, 0.6, 0.9], [1.0, -1.0], 15.0).double()
        network.fused = kernel
        how = TrainingSettings(epochs=60, optimizer="sgd", learning_rate=0.1)
        # The mean of the cross-entropy, which both classes share, sees the same sums too.
        train(network, CutLoss([0.3, 0.6, 0.9], **SCAN), events, events, how)
        cuts.append(network.cuts().detach())
    torch.testing.assert_close(*cuts, rtol=0, atol=1e-8)


def test_what_has_no_logarithm_or_root_is_told():
    assert torch.isfinite(log_of_efficiency(torch.zeros(1)))
    with pytest.raises(ValueError, match="an efficiency is negative, since negative weights outweigh"):
        log_of_efficiency(torch.tensor([0.5, -1e-3]))
    yields = ExpectedYields(10.0, 100.0, irreducible_background=1.0)
    assert yields.significance(torch.tensor([0.5]), torch.tensor([-0.005])) > 0
    with pytest.raises(ValueError, match=r"background expected after some cuts is negative.*irreducible"):
        yields.significance(torch.tensor([0.5]), torch.tensor([-0.02]))
    with pytest.raises(ValueError, match="signal expected after some cuts is negative"):
        yields.significance(torch.tensor([-0.1]), torch.tensor([0.1]))


@pytest.mark.parametrize("kind", ["significance", "softmax"])
def test_watts_losses_of_a_negative_sum_are_told(kind):
    features = torch.tensor([[1.0], [-9.0], [9.0]])
    network = CutNetwork(1, 1, [1.0], 5.0)
    sample = EventSample(features, torch.tensor([True, False, False]), torch.tensor([1.0, 2.0, -1.9]))
    if kind == "softmax":
        features = torch.tensor([[-9.0], [-9.0], [9.0]])
        sample = EventSample(features, sample.is_signal, torch.tensor([0.1, 2.0, -1.9]))
    with pytest.raises(ValueError, match=f"the loss {kind} takes a root or logarithm of a sum that is neg"):
        WattsLoss(kind).evaluate(network, sample)


def test_the_joint_loss_of_a_negative_efficiency_is_told():
    one = torch.ones(1)
    sums = JointSums(one, one, -0.1 * one, 0.2 * one, one, one, -0.1 * one)
    loss = JointLoss([0.1])
    loss.begin_epoch(0.1)
    with pytest.raises(ValueError, match="an efficiency is negative"):
        loss(sums)


def test_the_kept_fraction_ends_at_the_first_event_beyond_it():
    # From the tight side the kept background is 1, 2, 3, 2, 3, 4, of 4 in all.
    features = torch.tensor([[6.0], [5.0], [4.0], [3.0], [2.0], [1.0], [9.0]])
    weights = torch.tensor([1.0, 1.0, 1.0, -1.0, 1.0, 1.0, 1.0])
    sample = EventSample(features, torch.arange(7) == 6, weights)
    network = CutNetwork(1, 1, [1.0], 15.0)
    fit_kept_fractions(network, sample, [0.6])
    assert network.cuts().item() == pytest.approx(4.5)


def test_bins_without_a_positive_sum_are_told():
    sums = EventSums(torch.ones(2), torch.ones(2), torch.ones(2), torch.tensor([1.0, -0.5]), torch.ones(2))
    loss = CutLoss([0.5], n_bins=2, efficiency=1.0)
    with pytest.raises(ValueError, match="weights of the signal events in a bin of this batch sum to less"):
        loss(sums)
