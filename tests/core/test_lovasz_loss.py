"""The Lovász Z loss of a network: its value, its settings, and what training on it does."""

import math

import pytest
import torch

from cabin_core import EventSample, LinearNetwork, LovaszZLoss, OneToOneLinear, TrainingSettings, train
from cabin_core.lovasz import ERRORS, event_yields, weighted_lovasz_z

LUMINOSITY = 3000.0


def toy(n_events, sigma=(0.1, 1.0, 100.0), seed=1):
    """The toy of arXiv:2412.09500, features divided by two; weights are expected yields."""
    generator = torch.Generator().manual_seed(seed)
    means = torch.tensor([[4.0, 7.0], [2.0, 5.0], [2.0, 10.0]], dtype=torch.float64)
    processes = torch.arange(3).repeat_interleave(n_events)
    features = means[processes] + torch.randn(3 * n_events, 2, generator=generator, dtype=torch.float64)
    is_signal = processes == 0
    weights = event_yields(is_signal, processes, list(sigma), LUMINOSITY)
    return EventSample((features - features.mean(0)) / features.std(0), is_signal, weights)


def linear(seed=1):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return LinearNetwork(2, bias=True).double()


@pytest.mark.parametrize("error", ERRORS)
def test_loss_of_a_network(error):
    sample, network = toy(20), linear()
    errors = ERRORS[error](network.logits(sample.features)[:, 0], sample.is_signal)
    terms = LovaszZLoss(error, epsilon=50.0).evaluate(network, sample)
    expected = weighted_lovasz_z(errors, sample.is_signal, sample.weights, 50.0)
    assert terms.total.item() == expected.item()
    assert terms.values() == {
        "total": expected.item(),
        "share": pytest.approx(expected.item() / (300.0 / math.sqrt(50.0))),
        "spread": pytest.approx(network.logits(sample.features).std().item()),
    }


def test_epsilon_is_the_signal_yield_where_absent():
    sample, network = toy(20), linear()
    absent, given_value = (
        LovaszZLoss(epsilon=epsilon).evaluate(network, sample).total for epsilon in (None, 300.0)
    )
    assert absent.item() == pytest.approx(given_value.item(), rel=1e-12)


def test_batches_stand_for_the_whole_yield():
    """Scaled, a batch of copies of some events is worth what those events alone are."""
    sample, network = toy(10), linear()
    loss = LovaszZLoss(epsilon=300.0, signal_yield=300.0, background_yield=303_000.0)
    half = torch.cat([torch.arange(5), torch.arange(10, 15), torch.arange(20, 25)])
    twice = sample.take(torch.cat([half, half]))
    first, second = loss.evaluate(network, sample.take(half)), loss.evaluate(network, twice)
    assert first.total.item() == pytest.approx(second.total.item(), rel=1e-9)
    assert loss.evaluate(network, sample).share < 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"error": "hing"}, "unknown error 'hing' of the Z loss: one of hinge, sigmoid"),
        ({"epsilon": 0.0}, "epsilon of the Z loss must be positive"),
        ({"signal_yield": -1.0}, "signal_yield of the Z loss must be positive"),
        ({"focal_exponent": -1.0}, "focal_exponent of the Z loss must not be negative"),
    ],
)
def test_wrong_settings(change, message):
    with pytest.raises(ValueError, match=message):
        LovaszZLoss(**change)


def test_network_without_raw_outputs():
    with pytest.raises(ValueError, match="needs raw outputs, which a OneToOneLinear lacks"):
        LovaszZLoss().evaluate(OneToOneLinear(2, [1, 1]).double(), toy(5))


def trained(epsilon, epochs=150, sigma=(0.1, 1.0, 100.0), **settings):
    sample, network = toy(2000, sigma), linear()
    loss = LovaszZLoss(epsilon=epsilon, signal_yield=300.0, background_yield=303_000.0)
    how = TrainingSettings(epochs, "adam", 0.05, **settings)
    history = train(network, loss, sample, sample, how)
    return network.linear.weight.detach()[0], history


@pytest.mark.parametrize(("sigma", "sign"), [((0.1, 1.0, 100.0), -1), ((0.1, 100.0, 1.0), 1)])
def test_boundary_turns_against_the_larger_background(sigma, sign):
    """Z7, with few events: x2 is worse than nothing in case 1, where b2 at large x2 is the larger one."""
    weights, history = trained(1e4, sigma=sigma)
    assert weights[0] > 0
    assert sign * weights[1] > 0.3
    assert history[-1]["train_share"] < 0.97


def test_collapse_at_the_epsilon_of_the_paper():
    """Z6: no linear network is better than an output of 0 for every event."""
    weights, history = trained(None)
    assert min(row["train_share"] for row in history) >= 0.9999
    assert weights.norm() < 0.1
    assert history[-1]["train_spread"] < 0.1 * history[0]["train_spread"]


def test_mini_batches():
    _, history = trained(1e4, epochs=3, batch_size=1000)
    assert len(history) == 3
    assert history[-1]["train_total"] < history[0]["train_total"]
    assert set(history[0]) == {"epoch"} | {
        f"{split}_{name}" for split in ("train", "test") for name in ("total", "share", "spread")
    }
