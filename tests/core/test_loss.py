"""A training asks for methods of a loss and of a network, and never for their classes."""

import copy

import pytest
import torch

from cabin_core import CutNetwork, LovaszZLoss, Schedule, TrainingSettings, WattsLoss, train
from cabin_core.loss import LossTerms


class Distance:
    """A loss with the methods that are asked for and no ancestor; it notes when they are called."""

    def __init__(self):
        self.calls = []

    def evaluate(self, network, sample):
        self.calls.append("evaluate")
        return LossTerms({"distance": ((network(sample.features) - 0.25) ** 2).mean()})

    def begin_epoch(self, share, schedule=None):
        self.calls.append(("begin", share, schedule))

    def end_epoch(self, epoch, network, sample, value):
        self.calls.append(("end", epoch, len(sample), torch.is_grad_enabled()))


class Part(torch.nn.Module):
    """A network of two parts that is none of the core, with cuts in front."""

    def __init__(self):
        super().__init__()
        self.preselection = CutNetwork(2, 1, [1.0, 1.0], 4.0)
        self.factor = torch.nn.Parameter(torch.tensor(0.5))

    def forward(self, features):
        return self.preselection(features) * self.factor

    def parameter_groups(self):
        return {"cuts": list(self.preselection.parameters()), "classifier": [self.factor]}


@pytest.mark.parametrize("schedule", [None, Schedule(first_goal=0.3)])
@pytest.mark.parametrize(("batch_size", "n_batches"), [(None, 1), (6, 2)])
def test_any_object_with_the_methods_is_trained_on(make_sample, schedule, batch_size, n_batches):
    loss = Distance()
    settings = TrainingSettings(2, batch_size=batch_size, schedule=schedule)
    sample = make_sample(dtype=torch.float32)
    history = train(
        CutNetwork(2, 1), loss, sample, None, settings, on_epoch=lambda _: loss.calls.append("row")
    )
    of_epoch = ["evaluate"] * n_batches
    assert loss.calls == [
        ("begin", 0.5, schedule),
        *of_epoch,
        ("end", 0, 11, False),
        "row",
        ("begin", 1.0, schedule),
        *of_epoch,
        ("end", 1, 11, False),
        "row",
    ]
    assert [list(row) for row in history] == [["epoch", "train_total", "train_distance"]] * 2


def test_a_network_tells_its_groups_and_cuts(make_sample):
    sample, network = make_sample(dtype=torch.float32), Part()
    loss = Distance()
    loss.evaluate(network, sample).total.backward()
    slopes = [network.preselection.bias.grad.clone(), network.factor.grad.clone()]
    starts = [network.preselection.bias.detach().clone(), network.factor.detach().clone()]
    schedule = Schedule(first_activation_scale=2.0)
    settings = TrainingSettings(1, learning_rate=0.5, classifier_learning_rate=0.125, schedule=schedule)
    train(network, loss, sample, None, settings)
    ends = [network.preselection.bias.detach(), network.factor.detach()]
    for rate, start, slope, end in zip((0.5, 0.125), starts, slopes, ends, strict=True):
        torch.testing.assert_close(end, start - rate * slope)


@pytest.mark.parametrize("loss", [LovaszZLoss(), WattsLoss("squares")])
def test_hooks_are_idle_where_a_loss_has_none_of_its_own(loss, make_sample):
    before = copy.copy(vars(loss))
    loss.begin_epoch(0.5, Schedule())
    loss.end_epoch(9, CutNetwork(2, 1), make_sample())
    assert vars(loss) == before


def test_terms_are_added_up_in_their_order():
    values = [1e8, 1.0, -1e8, 1.0]
    terms = LossTerms({f"t{i}": torch.tensor(value) for i, value in enumerate(values)})
    total = torch.tensor(values[0])
    for value in values[1:]:
        total = total + value
    assert terms.total.item() == total.item()
    assert list(terms.values()) == ["total", "t0", "t1", "t2", "t3"]
