"""Rounded, bounded and fixed cuts."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cabin_core import (
    CutLoss,
    EfficiencyScanNetwork,
    EventSample,
    FeatureScaling,
    OneToOneLinear,
    TrainingSettings,
    train,
)
from cabin_core.cut_limits import CutLimits
from cabin_core.feature_limits import FeatureLimits
from cabin_core.working_points import WorkingPoints, settle

SCALING = FeatureScaling(["met", "mass"], [200.0, 80.0], [50.0, 10.0])
FREE = FeatureLimits()


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            {"fixed": 1.0, "round": 5.0},
            "a fixed cut has no round, at_least or at_most: remove them, or fixed",
        ),
        ({"at_least": 3.0, "at_most": 2.0}, "at_least, 3, is above at_most, 2"),
        ({"round": -1.0}, "round is a positive step, not -1"),
        ({"round": 5.0, "at_least": 201.0, "at_most": 204.0}, "no multiple of 5 lies between 201 and 204"),
    ],
)
def test_limits_that_do_not_fit(limits, message):
    with pytest.raises(ValueError, match=message):
        FeatureLimits(**limits)


def test_exact_cuts_by_hand():
    assert FeatureLimits(round=5.0).exact([202.4999, 202.6, -1.0]).tolist() == [200.0, 205.0, 0.0]
    # Three steps of 0.1 are 0.3, not the double 0.30000000000000004.
    assert FeatureLimits(round=0.1).exact([0.3000001]).tolist() == [0.3]
    assert FeatureLimits(round=5.0, at_least=201.0, at_most=214.0).exact([0.0, 999.0]).tolist() == [
        205.0,
        210.0,
    ]
    assert FeatureLimits(at_least=1.0).exact([[0.99999], [2.5]]).tolist() == [[1.0], [2.5]]
    assert FeatureLimits(fixed=0.4).exact([7.0]).tolist() == [0.4]
    assert FeatureLimits(round=5.0, at_most=3.0).given == {"round": 5.0, "at_most": 3.0}


@given(st.integers(-10_000, 10_000), st.sampled_from([0.01, 0.1, 0.25, 5.0, 20.0]))
@settings(max_examples=50, deadline=None)
def test_multiples_are_short_decimals(number, step):
    value = FeatureLimits(round=step).exact(number * step).item()
    assert value == round(number * step, 6)
    assert len(repr(value)) <= 9


def limited(limits, targets=(0.3, 0.6, 0.9), weights=(1.0, -1.0), **options):
    net = EfficiencyScanNetwork(2, targets, None if options.get("windows") else weights, **options)
    return net, CutLimits(net, limits, SCALING)


def cuts_of(net):
    return SCALING.unscale(net.cuts().detach(), net.edge_features())


def test_bounds_and_fixed_cuts_of_both_directions():
    net, _ = limited([FeatureLimits(at_least=220.0, at_most=300.0), FeatureLimits(fixed=91.2)])
    net.bias.data = torch.tensor([[[5.0, -3.0], [-1.0, 0.0], [-9.0, 9.0]]])
    net.project()
    expected = [[220.0, 91.2], [250.0, 91.2], [300.0, 91.2]]
    np.testing.assert_allclose(cuts_of(net), expected, rtol=1e-6)
    free = limited([FREE, FeatureLimits(fixed=91.2)])[1].free
    assert free.tolist() == [True, False]


def test_held_cuts_do_not_move_and_have_no_gradient():
    net, limits = limited([FeatureLimits(round=20.0), FREE])
    net.bias.data = torch.tensor([[[0.5, 1.0], [0.9, 1.0], [2.0, 2.0]]])
    limits.hold_rounded(0)
    np.testing.assert_allclose(cuts_of(net)[:, 0], [180.0, 160.0, 100.0], rtol=1e-6)
    (net.bias.sum()).backward()
    assert net.bias.grad.tolist() == [[[0.0, 1.0]] * 3]
    net.bias.data += 1.0
    net.project()
    np.testing.assert_allclose(cuts_of(net)[:, 0], [180.0, 160.0, 100.0], rtol=1e-6)
    limits.detach()
    assert net.limits is None


def test_an_event_on_a_rounded_cut_fails_as_in_double_precision():
    values = np.arange(0.0, 400.0, 1.0)
    features = SCALING.scale(torch.tensor(np.stack([values, np.zeros_like(values)], axis=1))).float()
    net, limits = limited([FeatureLimits(round=20.0), FREE], targets=(0.5,))
    net.bias.data = torch.tensor([[[-0.61, 99.0]]])
    limits.hold_rounded(0)
    passed = features[:, 0] + net.bias.detach()[0, 0, 0] > 0
    assert passed.tolist() == (values > 240.0).tolist()


def test_a_window_narrower_than_a_step():
    _, limits = limited([FeatureLimits(round=100.0), FREE], targets=(0.5,), windows=True, start=0.5)
    with pytest.raises(ValueError, match="round: a window of met is narrower than a step of 100: take less"):
        limits.hold_rounded(0)


def test_what_takes_no_limits():
    with pytest.raises(ValueError, match="1 limits for 2 features"):
        limited([FREE])
    with pytest.raises(ValueError, match="fixed weights of 1 and -1"):
        CutLimits(OneToOneLinear(2), [FREE, FREE], SCALING)


def sample():
    random = np.random.default_rng(1)
    labels = np.arange(600) % 2
    values = random.normal(0.0, 1.0, (600, 2)) + np.outer(labels, [1.2, -1.2])
    return EventSample.from_arrays(values, labels)


def test_rounded_cuts_step_to_their_targets():
    net, limits = limited([FeatureLimits(round=5.0), FeatureLimits(round=1.0)])
    events = sample()
    loss = CutLoss([0.3, 0.6, 0.9], efficiency=10.0)
    points = WorkingPoints(net, loss, [0.3, 0.6, 0.9], events)
    for feature in limits.to_round:
        limits.hold_rounded(feature)
    assert limits.to_round == [0, 1]  # both a tenth of a scaled unit
    assert not limits.free.any()
    before = np.abs(points.missed())
    settle(points)
    assert (np.abs(points.missed()) < 1).all()
    assert before.max() > 1
    steps = cuts_of(net).numpy() / [5.0, 1.0]
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-4)


def test_a_training_within_bounds_meets_its_targets():
    net, _ = limited([FeatureLimits(at_least=205.0), FREE])
    events, targets = sample(), [0.3, 0.6, 0.9]
    loss = CutLoss(targets, efficiency=10.0, background=0.3)
    points = WorkingPoints(net, loss, targets, events)
    train(
        net,
        loss,
        events,
        None,
        TrainingSettings(epochs=20, learning_rate=0.1, most_epochs=100),
        points=points,
    )
    cuts = cuts_of(net)
    assert (cuts[:, 0] >= 205.0 - 1e-4).all()
    assert (np.abs(points.missed()[:2]) < 1).all()
    # Where the bound is in the way of a target the other cuts do what they can.
    largest = (events.features[events.is_signal, 0] > 0.1).double().mean().item()
    assert points.reached()[0, 2] == pytest.approx(largest, abs=0.02)
