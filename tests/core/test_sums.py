"""Sums over events: by hand, and added up from chunks."""

import math

import pytest
import torch

from cabin_core import EfficiencyScanNetwork, EventSums


def scan_network():
    """Return a float64 scan with learned weights whose cuts and scores are moderate."""
    network = EfficiencyScanNetwork(2, (0.5, 0.9, 0.2, 0.35), activation_scale=1.5).double()
    network.weight.data.copy_(torch.tensor([0.8, -1.3]))
    torch.nn.init.normal_(network.bias, std=0.5, generator=torch.Generator().manual_seed(0))
    return network


def test_event_sums_by_hand():
    scores = torch.tensor([[0.5, 1.0], [0.25, 0.5], [0.75, 0.0]])
    sums = EventSums.from_scores(scores, torch.tensor([True, False, True]), torch.tensor([1.0, 2.0, 3.0]))
    assert sums.signal_score.tolist() == [0.5 + 3 * 0.75, 1.0]
    assert sums.background_score.tolist() == [0.5, 1.0]
    assert (sums.signal_weight.item(), sums.background_weight.item()) == (4.0, 2.0)
    assert sums.signal_efficiency().tolist() == [2.75 / 4, 0.25]
    assert sums.background_efficiency().tolist() == [0.25, 0.5]
    first = -(math.log(0.5) + 2 * math.log(0.75) + 3 * math.log(0.75))
    second = -2 * math.log(0.5) + 3 * 100
    assert sums.cross_entropy.tolist() == pytest.approx([first, second])


@pytest.mark.parametrize(("score", "is_signal"), [(0.0, True), (1.0, False)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_cross_entropy_is_clamped_at_100(score, is_signal, dtype):
    scores = torch.tensor([[score]], dtype=dtype)
    weights = torch.tensor([2.0], dtype=dtype)
    assert EventSums.from_scores(scores, torch.tensor([is_signal]), weights).cross_entropy.item() == 200.0


@pytest.mark.parametrize("score", [1e-20, 1e-6, 0.3])
def test_pull_of_a_signal_event_is_limited_far_outside_a_cut(score):
    scores = torch.tensor([[score]], dtype=torch.float64, requires_grad=True)
    sums = EventSums.from_scores(scores, torch.tensor([True]), torch.ones(1, dtype=torch.float64))
    sums.cross_entropy.sum().backward()
    assert scores.grad.item() == pytest.approx(-(1 - score) / max(score * (1 - score), 1e-12))


def gradient_of_all(sums, network):
    outputs = [sums.signal_score, sums.background_score, sums.cross_entropy]
    return torch.autograd.grad([output.sum() for output in outputs], list(network.parameters()))


def assert_same_sums(sums, whole, network):
    for name in vars(whole):
        torch.testing.assert_close(getattr(sums, name), getattr(whole, name), rtol=1e-12, atol=0)
    for gradient, expected in zip(
        gradient_of_all(sums, network), gradient_of_all(whole, network), strict=True
    ):
        torch.testing.assert_close(gradient, expected, rtol=1e-10, atol=1e-12)


def test_sums_of_two_chunks_add_up(make_sample):
    sample, network = make_sample(9, 7), scan_network()
    whole, head, tail = (
        EventSums.from_scores(network(x), is_signal, weights)
        for x, is_signal, weights in (
            (sample.features[part], sample.is_signal[part], sample.weights[part])
            for part in (slice(None), slice(5), slice(5, None))
        )
    )
    assert_same_sums(head + tail, whole, network)


@pytest.mark.parametrize("chunk_size", [1, 3, 15, 16, 1000])
def test_chunks_of_a_sample_change_nothing(make_sample, chunk_size):
    sample, network = make_sample(9, 7), scan_network()
    whole = EventSums.from_scores(network(sample.features), sample.is_signal, sample.weights)
    sizes = []
    network.register_forward_hook(lambda _, inputs, __: sizes.append(len(inputs[0])))
    assert_same_sums(EventSums.from_sample(network, sample, chunk_size), whole, network)
    assert sum(sizes) == 16
    assert max(sizes) == min(chunk_size, 16)
