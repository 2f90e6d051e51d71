"""Networks that tell classes apart by a score."""

import math

import pytest
import torch

from cabin_core import CutNetwork, FullyConnectedNetwork, JointNetwork, LinearNetwork
from cabin_core.classifiers import cuts_of, start_truncated_normal


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def test_linear_network_is_the_sigmoid_of_a_weighted_sum():
    network = LinearNetwork(2)
    network.linear.weight.data.copy_(torch.tensor([[0.7, -1.3]]))
    assert network(torch.tensor([[2.0, 0.5]])).item() == pytest.approx(sigmoid(0.7 * 2 - 1.3 * 0.5))
    assert sum(p.numel() for p in network.parameters()) == 2


def test_fully_connected_network_by_hand():
    network = FullyConnectedNetwork(2, (2,))
    into, out = [module for module in network.modules() if isinstance(module, torch.nn.Linear)]
    into.weight.data.copy_(torch.tensor([[1.0, 2.0], [-1.0, 1.0]]))
    into.bias.data.copy_(torch.tensor([0.5, -0.25]))
    out.weight.data.copy_(torch.tensor([[2.0, 3.0]]))
    out.bias.data.fill_(-1.0)
    # Hidden nodes 1 - 0.6 + 0.5 and relu(-1 - 0.3 - 0.25) = 0.
    assert network(torch.tensor([[1.0, -0.3]])).item() == pytest.approx(sigmoid(2 * 0.9 - 1))


@pytest.mark.parametrize("sigmoid", [True, False])
def test_axis_of_the_events_is_no_other_network(sigmoid):
    plain, innermost = (
        FullyConnectedNetwork(3, (5, 4), 2, sigmoid=sigmoid, events_innermost=way).double()
        for way in (False, True)
    )
    innermost.load_state_dict(plain.state_dict())
    features = torch.randn(50, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    for network in (plain, innermost):
        network(features).square().sum().backward()
    torch.testing.assert_close(innermost(features), plain(features))
    torch.testing.assert_close(innermost.logits(features), plain.logits(features))
    for ours, theirs in zip(innermost.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)


def test_fully_connected_network_has_the_layers_that_are_asked_for():
    network = FullyConnectedNetwork(7, (20, 10))
    assert [tuple(p.shape) for p in network.parameters() if p.dim() == 2] == [(20, 7), (10, 20), (1, 10)]


@pytest.mark.parametrize(
    "network",
    [LinearNetwork(2), LinearNetwork(2, bias=True), FullyConnectedNetwork(2, (4, 3))],
    ids=["linear", "bias", "fully connected"],
)
def test_scores_are_the_logistic_function_of_the_raw_outputs(network):
    features = torch.randn(7, 2, generator=torch.Generator().manual_seed(1))
    assert network.logits(features).shape == (7, 1)
    assert torch.equal(torch.sigmoid(network.logits(features)), network(features))


def test_bias_is_an_option_that_changes_nothing_else():
    torch.manual_seed(3)
    without = LinearNetwork(2)
    torch.manual_seed(3)
    with_bias = LinearNetwork(2, bias=True)
    assert list(without.state_dict()) == ["linear.weight"]
    assert torch.equal(without.linear.weight, with_bias.linear.weight)


def test_truncated_normal_start():
    torch.manual_seed(0)
    network = FullyConnectedNetwork(25, (400, 16))
    network.apply(start_truncated_normal)
    for layer in network.layers:
        if isinstance(layer, torch.nn.Linear):
            width = layer.in_features**-0.5
            # A normal distribution cut at twice its width has 0.8796 of that width.
            assert (
                layer.weight.std().item() == pytest.approx(0.88 * width, rel=0.1) or layer.out_features < 16
            )
            assert layer.weight.abs().max() <= 2 * width
            assert (layer.bias == 0).all()


@pytest.mark.parametrize("shape", [(4, 1), (4, 3)])
@pytest.mark.parametrize("innermost", [True, False])
def test_features_of_another_number_are_refused(shape, innermost):
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        FullyConnectedNetwork(2, (3,), events_innermost=innermost)(torch.zeros(shape))


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((), r"positive numbers of nodes, not \[\]"),
        ((3, 0), r"positive numbers of nodes, not \[3, 0\]"),
    ],
)
def test_layers_without_nodes_are_refused(layers, message):
    with pytest.raises(ValueError, match=message):
        FullyConnectedNetwork(2, layers)


def test_a_joint_network_tells_its_parts_and_others_none():
    cuts, classifier = CutNetwork(2, 1), FullyConnectedNetwork(2, (3,))
    groups = JointNetwork(cuts, classifier).parameter_groups()
    assert {name: [id(p) for p in group] for name, group in groups.items()} == {
        "cuts": [id(p) for p in cuts.parameters()],
        "classifier": [id(p) for p in classifier.parameters()],
    }


def test_cuts_of_networks():
    cuts = CutNetwork(2, 1, [1.0, 1.0])
    assert cuts_of(cuts) is cuts
    assert cuts_of(JointNetwork(cuts, LinearNetwork(2))) is cuts
    assert cuts_of(LinearNetwork(2)) is None
