"""Hard cuts that meet their targets on the training sample."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from cabin_core import (
    CutLoss,
    CutNetwork,
    EfficiencyScanNetwork,
    EventBlock,
    EventSample,
    EventStream,
    LinearNetwork,
    OneToOneLinear,
    TrainingSettings,
    train,
)
from cabin_core.hard_sums import effective_events_of, hard_efficiencies
from cabin_core.roughness import roughness
from cabin_core.working_points import WorkingPoints, meet_targets

TARGETS = [0.2, 0.4, 0.6, 0.8, 0.9, 0.97]
SETTINGS = TrainingSettings(epochs=50, optimizer="adam", learning_rate=0.05, most_epochs=250)


def make_sample(n_events=600, seed=1, negative=0.0, columns=2):
    """Signal around 0.7, background around -0.7, in each feature; perhaps a property at the end."""
    random = np.random.default_rng(seed)
    labels = np.arange(n_events) % 2
    features = random.normal(1.4 * labels[:, None] - 0.7, 1.0, (n_events, columns))
    weights = np.where(random.random(n_events) < negative, -1.0, 1.0)
    return EventSample.from_arrays(features, labels, weights)


def points_of(network, loss, targets, sample, **options):
    return WorkingPoints(network, loss, targets, sample, **options)


def test_hard_efficiencies_by_hand():
    sample = EventSample.from_arrays(
        [[0.0, 0.0], [1.0, 2.0], [2.0, 1.0], [3.0, 3.0]], [1, 1, 0, 0], [1.0, 3.0, 1.0, 1.0]
    )
    network = OneToOneLinear(2, [1.0, -1.0])
    network.bias.data = torch.tensor([[[-0.5, 2.5]]])  # x > 0.5, y < 2.5
    assert hard_efficiencies(network, sample).tolist() == [[0.75], [0.5]]
    other = torch.tensor([[[1.0, 9.0], [-2.0, 9.0]]])
    assert hard_efficiencies(network, sample, other).tolist() == [[1.0, 0.0], [1.0, 0.5]]
    assert effective_events_of(sample).tolist() == [1.6, 2.0]


def test_hard_efficiencies_of_bins_and_of_a_stream():
    sample = make_sample(columns=3)
    network = CutNetwork(2, 2, [1.0, 1.0], bin_edges=[-9.0, 0.0, 9.0])
    network.bias.data = torch.tensor([[[0.0, 0.0], [0.5, 0.5]], [[1.0, 1.0], [9.0, 9.0]]])
    features, upper = sample.features, sample.features[:, 2] >= 0
    passed = torch.where(
        upper[:, None],
        torch.stack([(features[:, :2] + 1 > 0).all(dim=1), torch.ones(600, dtype=torch.bool)], dim=1),
        torch.stack([(features[:, :2] + shift > 0).all(dim=1) for shift in (0.0, 0.5)], dim=1),
    )
    expected = [passed[mask].double().mean(dim=0).tolist() for mask in (sample.is_signal, ~sample.is_signal)]
    assert_allclose(hard_efficiencies(network, sample), expected)
    parts = [
        EventBlock(*part)
        for part in zip(*(x.split(250) for x in (features, sample.is_signal, sample.weights)), strict=True)
    ]
    stream = EventStream(lambda: parts, 3)
    assert_allclose(hard_efficiencies(network, stream), expected)
    assert_allclose(effective_events_of(stream), [300.0, 300.0])


@pytest.mark.parametrize(
    ("network", "loss", "sample"),
    [
        (lambda: EfficiencyScanNetwork(2, TARGETS, [1.0, 1.0]), {"smoothness": 1.0}, {}),
        (lambda: EfficiencyScanNetwork(2, TARGETS, [1.0, 1.0], monotone=True), {"smoothness": 1.0}, {}),
        (lambda: EfficiencyScanNetwork(2, TARGETS, windows=True, start=2.0), {"smoothness": 1.0}, {}),
        (lambda: EfficiencyScanNetwork(2, TARGETS, [1.0, 1.0]), {}, {"negative": 0.15}),
        (lambda: EfficiencyScanNetwork(2, TARGETS, [1.0, 1.0]), {"efficiency": 0.0, "constraint": 100.0}, {}),
        (
            lambda: EfficiencyScanNetwork(2, TARGETS, [1.0, 1.0], bin_edges=[-9.0, -0.3, 0.5, 9.0]),
            {"smoothness": 1.0, "bin_smoothness": 1.0},
            {"columns": 3},
        ),
    ],
    ids=["scan", "monotone", "windows", "signed", "constraint", "bins"],
)
def test_each_target_is_met_within_its_error(network, loss, sample):
    net, events = network(), make_sample(**sample)
    cut_loss = CutLoss(TARGETS, n_bins=net.n_bins, **{"efficiency": 10.0, "background": 0.3} | loss)
    points = points_of(net, cut_loss, TARGETS, events)
    train(net, cut_loss, events, None, SETTINGS, points=points)
    assert (np.abs(points.missed()) < 1).all()
    if net.looser_rows is not None:
        assert (net.bias.detach().diff(dim=1) >= 0).all()


@pytest.mark.parametrize("of_background", [False, True])
def test_a_single_working_point(of_background):
    events, net = make_sample(), OneToOneLinear(2, [1.0, 1.0])
    loss = CutLoss([0.5], efficiency=10.0, background=0.3)
    points = points_of(net, loss, [0.3], events, of_background=of_background)
    train(net, loss, events, None, SETTINGS, points=points)
    assert (np.abs(points.missed()) < 1).all()
    if of_background:
        assert points.reached()[0, 0] > 0.6


def test_background_efficiencies_as_targets():
    events, net = make_sample(2000), EfficiencyScanNetwork(2, TARGETS[:3], [1.0, 1.0])
    loss = CutLoss(TARGETS[:3], efficiency=10.0, background=0.3, smoothness=1.0)
    points = points_of(net, loss, [0.02, 0.1, 0.3], events, of_background=True)
    train(net, loss, events, None, SETTINGS, points=points)
    assert (np.abs(points.missed()) < 1).all()
    assert (np.diff(points.reached()[0]) > 0).all()


def test_few_epochs_and_extreme_targets_end_at_the_nearest_cuts():
    events, targets = make_sample(), [0.01, 0.5, 0.9999]
    net = EfficiencyScanNetwork(2, targets, [1.0, 1.0])
    loss = CutLoss(targets, efficiency=10.0, background=0.3)
    points = points_of(net, loss, targets, events)
    settings = TrainingSettings(epochs=3, most_epochs=3)
    assert len(train(net, loss, events, None, settings, points=points)) == 3
    assert points.reached()[0].tolist() == pytest.approx([0.01, 0.5, 1.0], abs=1.01 / 300)


def test_cuts_of_a_smooth_curve_stay_smooth():
    events = make_sample(20_000)
    net = EfficiencyScanNetwork(2, TARGETS, [1.0, 1.0])
    # Efficiencies all too low, and the curve straight.
    net.bias.data = torch.tensor([[[x, 0.5 * x] for x in np.linspace(-0.6, 1.0, 6)]], dtype=torch.float32)
    before = roughness(net.cuts())
    points = points_of(net, CutLoss(TARGETS, efficiency=1.0), TARGETS, events)
    assert (np.abs(points.missed()) > 2).all()
    meet_targets(points)
    assert (np.abs(points.missed()) < 0.2).all()
    assert (net.cuts().diff(dim=0) < 0).all()
    # The same straight line between its ends, in steps that are those of the efficiencies.
    assert roughness(net.cuts()) < before + 0.01


def test_goals_move_by_what_hard_cuts_miss():
    events, net = make_sample(), OneToOneLinear(2, [1.0, 1.0])
    loss = CutLoss([0.5], efficiency=1.0, constraint=1.0)
    points = points_of(net, loss, [0.5], events)
    signal = points.reached()[0].item()
    points.move_goals()
    expected = np.clip(0.5 + 0.5 * (0.5 - signal), 0.4, 0.6)
    assert loss.aim.goals == pytest.approx([expected])
    assert loss.terms["constraint"].constraint.goals == pytest.approx([expected])


def test_working_points_of_another_network():
    events, net, loss = make_sample(), OneToOneLinear(2), CutLoss([0.5], efficiency=1.0)
    points = points_of(OneToOneLinear(2), loss, [0.5], events)
    with pytest.raises(ValueError, match="another network or loss"):
        train(net, loss, events, None, SETTINGS, points=points)


def test_most_epochs_are_not_fewer():
    with pytest.raises(ValueError, match="most_epochs must not be fewer than the 5 epochs: 4"):
        TrainingSettings(epochs=5, most_epochs=4)


def test_a_training_without_targets_ends_where_its_loss_falls_no_more():
    events, net = make_sample(), LinearNetwork(2)
    history = train(net, CutLoss(bce=1.0), events, None, replace(SETTINGS, epochs=5, most_epochs=2000))
    assert 5 < len(history) < 2000
    totals = [row["train_total"] for row in history]
    assert totals[-1] < min(totals) + 1e-3 * abs(totals[-1])


def test_a_jump_over_the_target_is_made_up_for_by_other_cuts():
    """Of 1000 signal events 900, 600 and 300 have at least one, two and three jets; x is even in [0, 1)."""
    jets = np.repeat([0.0, 1.0, 2.0, 3.0], [100, 300, 300, 300])
    x = np.tile(np.arange(100) / 100, 10)
    background = np.column_stack([np.zeros(1000), x])
    sample = EventSample.from_arrays(
        np.concatenate([np.column_stack([jets, x]), background]), [1] * 1000 + [0] * 1000, None, torch.float64
    )
    network = EfficiencyScanNetwork(2, [0.25, 0.5, 0.85], [1.0, 1.0]).double()
    # More than 2, 1, 0 jets: 0.3, 0.6 and 0.9 of the signal, so no target can be met by the jets alone.
    network.bias.data = torch.tensor([[[-2.4, 1.0], [-1.4, 1.0], [-0.4, 1.0]]], dtype=torch.float64)
    loss = CutLoss([0.25, 0.5, 0.85], efficiency=1.0, background=1.0)
    points = points_of(network, loss, [0.25, 0.5, 0.85], sample)
    assert (np.abs(points.missed()) > 1).all()
    meet_targets(points)
    # A percent of x is 3, 6 and 9 events.
    assert_allclose(points.reached()[0], [0.25, 0.5, 0.85], atol=0.007)
    # Each on the same side of the values 1, 2 and 3 as before.
    assert network.cuts()[:, 0].floor().tolist() == [2.0, 1.0, 0.0]
