"""The losses of Watts' notebooks: values by hand, gradients, chunks of events."""

import math

import pytest
import torch
from torch.autograd import gradcheck

from cabin_core import CutNetwork, EventSample, FullyConnectedNetwork, OneToOneLinear, WattsLoss, train
from cabin_core.classifiers import JointNetwork, cuts_of
from cabin_core.training import TrainingSettings
from cabin_core.watts_losses import LOG_FLOOR, WATTS_LOSSES


def sample(n_events: int = 40, n_features: int = 2) -> EventSample:
    generator = torch.Generator().manual_seed(3)
    features = torch.randn(n_events, n_features, generator=generator, dtype=torch.float64)
    weights = torch.rand(n_events, generator=generator, dtype=torch.float64) + 0.5
    return EventSample(features, torch.arange(n_events) < n_events // 3, weights)


def network(n_rows: int = 2) -> CutNetwork:
    cuts = CutNetwork(2, n_rows, [1.0, -1.0], 1.0).double()
    with torch.no_grad():
        cuts.bias.copy_(torch.linspace(-1, 1, 2 * n_rows).reshape(1, n_rows, 2))
    return cuts


def test_values_by_hand():
    scores = torch.tensor([[0.9], [0.6], [0.2]], dtype=torch.float64)
    is_signal = torch.tensor([True, False, False])
    weights = torch.tensor([2.0, 1.0, 3.0], dtype=torch.float64)
    z = [1 / (1 + math.exp(-p)) for p in (0.9, 0.6, 0.2)]
    expected = {
        "significance": -1.8 / math.sqrt(0.6 + 0.6),
        "cross_entropy": -(
            2 * math.log(0.9 + LOG_FLOOR) + math.log(0.4 + LOG_FLOOR) + 3 * math.log(0.8 + LOG_FLOOR)
        ),
        "squares": 2 * 0.01 + 0.36 + 3 * 0.04,
        "softmax": 2 * math.log(2 * math.exp(z[0]) + math.exp(z[1]) + 3 * math.exp(z[2])) - 2 * z[0],
    }
    assert set(expected) == set(WATTS_LOSSES)
    for kind, value in expected.items():
        (found,) = WattsLoss(kind).of_scores(scores, is_signal, weights)
        assert found.item() == pytest.approx(value, rel=1e-12), kind


@pytest.mark.parametrize("kind", WATTS_LOSSES)
def test_gradients(kind):
    events = sample(12)
    generator = torch.Generator().manual_seed(5)
    scores = torch.rand(12, 2, generator=generator, dtype=torch.float64).clamp(0.1, 0.9).requires_grad_()
    loss = WattsLoss(kind)
    assert gradcheck(lambda p: loss.of_scores(p, events.is_signal, events.weights), (scores,))


@pytest.mark.parametrize("kind", WATTS_LOSSES)
def test_chunks_and_order_of_events_do_not_matter(kind):
    events, cuts, loss = sample(), network(), WattsLoss(kind)
    whole = loss.of_rows(cuts, events, chunk_size=100)
    torch.testing.assert_close(loss.of_rows(cuts, events, chunk_size=7), whole, rtol=1e-12, atol=1e-12)
    order = torch.randperm(len(events), generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(loss.of_rows(cuts, events.take(order)), whole, rtol=1e-12, atol=1e-12)
    value = loss.evaluate(cuts, events)
    assert value.values() == {"total": pytest.approx(whole.sum().item())}


def test_softmax_does_not_see_a_shift_and_starts_at_the_logarithm_of_all_events():
    events = sample()
    n_events = len(events)
    ones = torch.ones(n_events, dtype=torch.float64)
    for constant in (0.0, 0.3):
        scores = torch.full((n_events, 1), constant, dtype=torch.float64)
        (loss,) = WattsLoss("softmax").of_scores(scores, events.is_signal, ones)
        assert loss.item() == pytest.approx(int(events.is_signal.sum()) * math.log(n_events), rel=1e-12)


def test_softmax_pushes_every_event_even_at_the_best_outputs():
    """Why cuts drift: no event is ever done with."""
    is_signal = torch.arange(80_000) < 40_000
    outputs = is_signal.double().requires_grad_()
    loss = 40_000 * outputs.exp().sum().log() - outputs[is_signal].sum()
    loss.backward()
    assert outputs.grad[0].item() == pytest.approx(-0.269, abs=5e-4)
    assert outputs.grad[-1].item() == pytest.approx(0.269, abs=5e-4)


def test_negative_sum_of_background_weights_has_no_significance():
    scores = torch.tensor([[0.5], [-0.5]], dtype=torch.float64)
    (loss,) = WattsLoss("significance").of_scores(scores, torch.tensor([True, False]), torch.ones(2).double())
    assert loss.isnan()


def test_unknown_loss():
    with pytest.raises(ValueError, match="unknown loss 'softmx' of Watts: one of significance"):
        WattsLoss("softmx")


def test_scores_of_nan():
    scores = torch.tensor([[math.nan], [0.5]])
    with pytest.raises(ValueError, match="the scores are NaN"):
        WattsLoss("squares").of_scores(scores, torch.tensor([True, False]), torch.ones(2))


@pytest.mark.parametrize("function", ["sigmoid", "erf"])
@pytest.mark.parametrize(("start", "moves"), [(-1.0, True), (-60.0, False)])
def test_cut_gradient_vanishes_far_from_all_events(function, start, moves):
    torch.manual_seed(0)
    cuts = OneToOneLinear(2, [1.0, 1.0], 1.0, start=start, cut_function=function)
    joint = JointNetwork(cuts, FullyConnectedNetwork(2, [2, 15, 30, 15]))
    events = sample()
    events = EventSample(events.features.float(), events.is_signal, events.weights.float())
    WattsLoss("softmax").evaluate(joint, events).total.backward()
    assert cuts_of(joint) is cuts
    assert (cuts.bias.grad.abs().max().item() > 1e-3) == moves
    assert moves or cuts.bias.grad.abs().max().item() < 1e-12


def test_a_network_without_cuts_has_none():
    assert cuts_of(FullyConnectedNetwork(2, [3])) is None


def test_training_watches_the_network_before_each_epoch():
    cuts, events = network(1), sample()
    start = cuts.cuts()[0, 0].item()
    rows = train(
        cuts,
        WattsLoss("squares"),
        events,
        events,
        TrainingSettings(3, "sgd", 0.01),
        watch=lambda net: {"first": cuts_of(net).cuts()[0, 0].item()},
    )
    assert [set(row) for row in rows] == [{"epoch", "train_total", "test_total", "first"}] * 3
    assert rows[0]["first"] == start
    assert rows[1]["first"] != start
    assert cuts.cuts()[0, 0].item() != rows[2]["first"]
