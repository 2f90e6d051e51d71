"""Functions in place of the step of a cut: exactly on it, and in logarithms."""

import math

import pytest
import torch

from cabin_core import (
    CutNetwork,
    EventSample,
    FullyConnectedNetwork,
    JointNetwork,
    WattsLoss,
)
from cabin_core.cut_functions import CUT_FUNCTIONS, product_of_weights

ON_THE_CUT = torch.tensor([[0.5], [0.75], [0.25]])


@pytest.mark.parametrize(
    ("function", "score"),
    [("sigmoid", 0.5), ("erf", 0.5), ("balanced", 0.0), ("hard", 1.0), ("heaviside", 0.0)],
)
def test_weight_of_an_event_exactly_on_the_cut(function, score):
    network = CutNetwork(1, 1, [1.0], 1000.0, start=-0.5, cut_function=function)
    below = -1.0 if function == "balanced" else 0.0
    assert network(ON_THE_CUT).flatten().tolist() == pytest.approx([score, 1.0, below], abs=1e-6)


def test_hard_scores_drop_an_event_exactly_on_the_cut():
    network = JointNetwork(CutNetwork(1, 1, [1.0], 2.0, start=-0.5), FullyConnectedNetwork(1, (2,)))
    passed = (network.hard_scores(ON_THE_CUT) > 0).flatten()
    assert passed.tolist() == [False, True, False]


@pytest.mark.parametrize("function", ["sigmoid", "erf"])
def test_logarithm_of_the_score(function):
    network = CutNetwork(2, 2, [1.0, -1.0], 2.0, cut_function=function).double()
    network.bias.data = torch.tensor([[[0.5, -0.25], [0.0, 1.0]]], dtype=torch.float64)
    features = torch.linspace(-1, 1, 10, dtype=torch.float64).reshape(5, 2)
    torch.testing.assert_close(network.log_score(features), network(features).log())


def test_floor_of_the_logarithms_of_the_notebooks():
    """P = 0 of a signal event costs ln(1e6), P = 1 next to nothing."""
    scores, weights = torch.tensor([[0.0, 1.0], [1.0, 1.0]]).double(), torch.tensor([2.0, 1.0]).double()
    found = WattsLoss("cross_entropy").of_scores(scores, torch.tensor([True, True]), weights)
    assert found.tolist() == pytest.approx([12 * math.log(10) - 1e-6, -3e-6], abs=1e-9)


def test_chunks_are_added_up_in_double_precision():
    # In single precision one and 2^24 is 2^24.
    weights = torch.tensor([2.0**24, 1.0, 1.0, 1.0])
    sample = EventSample(torch.zeros(4, 1), torch.tensor([True, True, True, False]), weights)
    found = WattsLoss("squares").of_rows(torch.zeros_like, sample, chunk_size=1)
    assert found.tolist() == [2.0**24 + 2]


def test_product_of_weights_is_that_of_torch():
    margins = torch.linspace(-2, 2, 60, dtype=torch.float64).reshape(2, 3, 10)
    ours, theirs = (margins.clone().requires_grad_() for _ in range(2))
    found, expected = product_of_weights("erf", ours), CUT_FUNCTIONS["erf"](theirs).prod(dim=1)
    torch.testing.assert_close(found, expected)
    found.square().sum().backward()
    expected.square().sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad)
