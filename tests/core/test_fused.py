"""Layers and products of sigmoids as one compiled step, against the plain expressions in float64."""

import copy
import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cabin_core import CutNetwork, EventSample, FullyConnectedNetwork, JointLoss, JointNetwork
from cabin_core.fused import fused_layers, fused_log_scores


def normal(*shape, seed=1, scale=1.0):
    return scale * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def make_layers(widths, seed=0):
    torch.manual_seed(seed)
    return [nn.Linear(n_in, n_out) for n_in, n_out in itertools.pairwise(widths)]


def plain_layers(features, layers):
    hidden = features.double()
    for layer in layers:
        hidden = layer.bias.double()[:, None] + layer.weight.double() @ hidden
        if layer is not layers[-1]:
            hidden = torch.relu(hidden)
    return hidden


def gradients(value, parameters):
    return torch.autograd.grad(value, parameters)


@settings(deadline=None, max_examples=30)
@given(
    widths=st.lists(st.integers(1, 33), min_size=2, max_size=5),
    n_events=st.integers(1, 600),
    seed=st.integers(0, 1000),
)
def test_layers_and_their_gradient(widths, n_events, seed):
    layers = make_layers(widths, seed)
    parameters = [parameter for layer in layers for parameter in layer.parameters()]
    features, slopes = normal(widths[0], n_events, seed=seed), normal(widths[-1], n_events, seed=seed + 1)
    found, expected = fused_layers(features, layers), plain_layers(features, layers)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-5)
    ours = gradients((found * slopes).sum(), parameters)
    theirs = gradients((expected * slopes).sum(), parameters)
    for one, other in zip(ours, theirs, strict=True):
        # Contributions cancel: an error is small against their number.
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6 * (1 + n_events))


def test_nodes_that_are_zero_for_all_events_of_a_block():
    """Some are so for the first block of events alone, some for all."""
    layers = make_layers((1, 6, 5, 1))
    with torch.no_grad():
        layers[0].weight.copy_(torch.tensor([[1.0], [-1.0], [1.0], [-1.0], [0.0], [2.0]]))
        layers[0].bias.copy_(torch.tensor([0.0, 0.0, 0.1, 0.1, -1.0, 0.0]))
        layers[1].bias[2] = -100.0
    parameters = [parameter for layer in layers for parameter in layer.parameters()]
    features = torch.linspace(-1, 1, 700).reshape(1, -1)
    found, expected = fused_layers(features, layers), plain_layers(features, layers)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)
    ours, theirs = (gradients(value.square().sum(), parameters) for value in (found, expected))
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
    assert (ours[0][4] == 0).all()
    assert (ours[2][2] == 0).all()


def test_all_nodes_zero_leaves_the_last_bias():
    layers = make_layers((2, 3, 1))
    nn.init.constant_(layers[0].bias, -100.0)
    outputs = fused_layers(normal(2, 10), layers)
    assert (outputs == layers[1].bias).all()
    (slope,) = gradients(outputs.sum(), [layers[1].bias])
    assert slope.tolist() == [10.0]


def test_nan_stays_nan():
    layers = make_layers((2, 3, 1))
    features = normal(2, 5)
    features[1, 2] = math.nan
    assert fused_layers(features, layers).isnan()[0].tolist() == [False, False, True, False, False]


def make_cuts(n_features=3, n_rows=2, windows=False, seed=2, scale=15.0, **options):
    weights = None if windows is True else [1.0, -1.0, 2.0][:n_features]
    cuts = CutNetwork(n_features, n_rows, weights, scale, windows=windows, start=0.5, **options)
    with torch.no_grad():
        cuts.bias += normal(*cuts.bias.shape, seed=seed)
    return cuts


@settings(deadline=None, max_examples=30)
@given(
    n_features=st.integers(1, 3),
    n_rows=st.integers(1, 3),
    n_events=st.integers(1, 1200),
    windows=st.sampled_from([False, True, [0]]),
    scale=st.sampled_from([0.5, 15.0, 200.0]),
    spread=st.sampled_from([1.0, 1e4]),
    seed=st.integers(0, 1000),
)
def test_log_scores_and_their_gradient(n_features, n_rows, n_events, windows, scale, spread, seed):
    cuts = make_cuts(n_features, n_rows, windows, seed, scale)
    features, slopes = (
        normal(n_events, n_features, seed=seed, scale=spread),
        normal(n_events, n_rows, seed=seed),
    )
    features[0] = 0.0
    exact = copy.deepcopy(cuts).double()
    found, expected = fused_log_scores(cuts, features), exact.log_score(features.double())
    # A margin has the rounding of its two parts, times the sharpness.
    tolerance = 1e-6 * scale * spread * cuts.bias.shape[2]
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=tolerance)
    (ours,) = gradients((found * slopes).sum(), [cuts.bias])
    (theirs,) = torch.autograd.grad((expected * slopes).sum(), [exact.bias], retain_graph=True)
    (size,) = gradients((expected * slopes.abs()).sum(), [exact.bias])
    assert ((ours - theirs).abs() <= 1e-5 * (1 + scale) * (size.abs() + 1)).all()


def test_log_scores_of_events_far_from_a_cut():
    cuts = CutNetwork(1, 1, [1.0], 10.0)
    features = torch.tensor([[-1e3], [-10.0], [0.0], [10.0], [1e3]])
    logarithms = fused_log_scores(cuts, features)
    assert logarithms[:, 0].tolist() == pytest.approx([-1e4, -100.0, -math.log(2), 0.0, 0.0], abs=1e-6)
    (slope,) = gradients(logarithms[0, 0], [cuts.bias])
    assert slope.item() == 10.0
    (slope,) = gradients(fused_log_scores(cuts, features)[4, 0], [cuts.bias])
    assert 0 <= slope.item() < 1e-30


def test_where_the_plain_expression_is_used():
    features, layers = normal(4, 3), make_layers((3, 2, 1))
    assert fused_log_scores(make_cuts(), features) is not None
    assert fused_log_scores(make_cuts().double(), features.double()) is None
    assert fused_log_scores(make_cuts(cut_function="erf"), features) is None
    assert fused_log_scores(make_cuts(bin_edges=[0.0, 1.0]), normal(4, 4)) is None
    assert fused_log_scores(make_cuts(), normal(4, 2)) is None
    left_to_torch = make_cuts()
    left_to_torch.fused = False
    assert fused_log_scores(left_to_torch, features) is None
    assert fused_log_scores(CutNetwork(3, 1), features) is None
    assert fused_log_scores(make_cuts(), features.clone().requires_grad_()) is None
    network = FullyConnectedNetwork(3, (2,), events_innermost=True)
    for fused in (True, False):
        network.fused = fused
        ((step, _),) = network.logits(features).grad_fn.next_functions
        assert (type(step).__name__ == "_LayersBackward") == fused
    assert fused_layers(features.T, layers) is not None
    assert fused_layers(features.T.clone().requires_grad_(), layers) is None
    assert fused_layers(features, layers) is None
    assert fused_layers(features.T.double(), layers) is None


@pytest.mark.parametrize("share", [0.1, 0.55, 0.8])
def test_a_joint_loss_in_float32_agrees_with_float64(share):
    torch.manual_seed(3)
    classifier = FullyConnectedNetwork(3, (6, 5), 2, events_innermost=True)
    network = JointNetwork(make_cuts(scale=5.0), classifier)
    exact = copy.deepcopy(network).double()
    is_signal = torch.arange(900) % 3 == 0
    features, weights = normal(900, 3) + is_signal[:, None], 0.5 + normal(900, seed=4).abs()
    loss = JointLoss([0.3, 0.1], coupling=1.0)
    loss.begin_epoch(share)
    value = loss.evaluate(network, EventSample(features, is_signal, weights)).total
    expected = loss.evaluate(exact, EventSample(features.double(), is_signal, weights.double())).total
    assert value.item() == pytest.approx(expected.item(), rel=1e-5)
    value.backward()
    expected.backward()
    for ours, theirs in zip(network.parameters(), exact.parameters(), strict=True):
        torch.testing.assert_close(ours.grad.double(), theirs.grad, rtol=1e-4, atol=1e-5)


def test_an_optimizer_step_between_value_and_gradient_does_no_harm():
    cuts, features = make_cuts(), normal(50, 3)
    (expected,) = gradients(fused_log_scores(cuts, features).sum(), [cuts.bias])
    logarithms = fused_log_scores(cuts, features)
    with torch.no_grad():
        cuts.bias += 1.0
    (found,) = gradients(logarithms.sum(), [cuts.bias])
    assert torch.equal(found, expected)
