"""The kernel against the tensor expression: sums, derivatives, their precision and their order."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cabin_core import (
    CutLoss,
    CutNetwork,
    EfficiencyScanNetwork,
    EventSample,
    EventSums,
    ExpectedYields,
    OneToOneLinear,
    TrainingSettings,
    train,
)
from cabin_core.arrangement import PIECE
from cabin_core.cut_sums import can_fuse
from cabin_core.kernel_numbers import numbers_of
from tests.core.kernel_samples import SCORES, draw_sample, rows_of, sums_and_derivatives

TOLERANCE = 1e-12


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def plain(network, dtype=None):
    """Return a copy whose sums torch computes."""
    other = copy.deepcopy(network).to(dtype or network.bias.dtype)
    other.fused = False
    return other


@torch.no_grad()
def contributions(network, sample):
    """Return for each of the six arrays the sums over events of what they add, and of its rounding.

    The score of an event deep inside the cuts is so close to 1 that 1 - p has few digits in the tensor
    expression; where it is close to the last one, the logarithm is anything up to 100.
    """
    network, features = plain(network, torch.float64), sample.features.double()
    margins, w = network.margins(features), sample.weights.double().abs()
    log_p = torch.nn.functional.logsigmoid(margins).sum(dim=1)
    p, failed = log_p.exp(), -torch.expm1(log_p)
    ulp = torch.finfo(sample.features.dtype).eps
    noise = (16 * margins.shape[1] * ulp / failed.clamp(min=1e-300)).clamp(max=1.0)
    entropy = torch.where(sample.is_signal, -log_p, -failed.clamp(min=1e-300).log()).clamp(max=100)
    steep = torch.where(sample.is_signal, failed, p) * p / (p * failed).clamp(min=1e-12)
    share = network.activation_scale * torch.sigmoid(-margins)
    bins = network.bins_of(features).expand(len(features))

    def total(values):
        by_event = values.movedim(-1, 0)
        return torch.zeros(network.n_bins, *by_event.shape[1:], dtype=torch.float64).index_add(
            0, bins, by_event
        )

    of_entropy = steep[:, None] * share * w
    # Below 1e-12 the derivative for the background does not depend on 1 - p.
    least = 1e-12 * (~sample.is_signal).double() + 1e-300
    steep_noise = (16 * margins.shape[1] * ulp / torch.maximum(failed, least)).clamp(max=1.1)[:, None]
    return [
        (total(p * w * sample.is_signal), 0),
        (total(p * w * ~sample.is_signal), 0),
        (total(entropy * w), total(torch.where(failed < 8 * ulp, 100.0, noise) * w * ~sample.is_signal)),
        (total(p[:, None] * share * w * sample.is_signal), 0),
        (total(p[:, None] * share * w * ~sample.is_signal), 0),
        (total(of_entropy), total(of_entropy * steep_noise)),
    ]


def assert_as_torch(network, sample):
    """Compare in float64, relative to the sums of the absolute contributions."""
    assert can_fuse(network, sample.features)
    found, expected = (sums_and_derivatives(net, sample) for net in (network, plain(network)))
    largest = float(sample.weights.abs().sum())
    for one, other, (scale, noise) in zip(found, expected, contributions(network, sample), strict=True):
        # Odds below e**-380 and scores below 1e-300 are zero in the kernel.
        assert ((one - other).abs() <= TOLERANCE * scale + noise + 1e-140 * largest).all()


SIZES = st.sampled_from([1, 2, 3, 63, 64, 65, 130])


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**20),
    n_signal=SIZES,
    n_background=SIZES,
    n_rows=st.integers(1, 4),
    weights=st.lists(st.sampled_from([1.0, -1.0, 0.3, -2.5]), min_size=1, max_size=5),
    scale=st.sampled_from([0.0, 1e-3, 1.0, 30.0, 1e6]),
    spread=st.sampled_from([0.0, 0.5, 5.0]),
    sharpness=st.sampled_from([1.0, 2.5, 15.0, 50.0, 200.0]),
    negative=st.sampled_from([0.0, 0.2]),
)
def test_sums_are_those_of_torch(
    seed, n_signal, n_background, n_rows, weights, scale, spread, sharpness, negative
):
    network = CutNetwork(len(weights), n_rows, weights, sharpness).double()
    rows_of(seed, network, spread * (scale if scale > 1 else 1))
    sample = draw_sample(seed, n_signal, n_background, len(weights), scale=scale, negative=negative)
    assert_as_torch(network, sample)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**20),
    n_features=st.integers(1, 4),
    n_rows=st.integers(1, 3),
    edges=st.sampled_from([None, (0.0, 1.0), (0.0, 1.0, 2.0, 5.0), (-9.0, -8.0, -7.0, 0.0)]),
    sharpness=st.floats(1, 200),
    windows=st.sampled_from([True, [0]]),
)
def test_windows_and_bins_are_those_of_torch(seed, n_features, n_rows, edges, sharpness, windows):
    weights = None if windows is True else [1.0, -1.0, -1.0, 1.0][:n_features]
    network = CutNetwork(n_features, n_rows, weights, sharpness, windows=windows, start=1.0, bin_edges=edges)
    rows_of(seed, network.double(), 0.5)
    assert_as_torch(network, draw_sample(seed, 40, 70, n_features, edges=edges))


def test_a_single_filled_bin():
    network = CutNetwork(2, 2, [1.0, -1.0], 15.0, bin_edges=[0.0, 1.0, 2.0, 3.0]).double()
    sample = draw_sample(1, 30, 30, 2, edges=(0.0, 1.0))
    features = sample.features.clone()
    features[:, 2] = 1.5
    assert_as_torch(network, EventSample(features, sample.is_signal, sample.weights))


@pytest.mark.parametrize("n_features", [3, 20, 100])
@pytest.mark.parametrize("n_rows", [1, 10])
def test_many_edges(n_features, n_rows):
    network = rows_of(4, CutNetwork(n_features, n_rows, [1.0] * n_features, 15.0, start=0.5).double(), 0.7)
    assert_as_torch(network, draw_sample(2, 300, 401, n_features))


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**20),
    n_features=st.integers(1, 12),
    n_rows=st.integers(1, 4),
    scale=st.sampled_from([0.0, 0.1, 1.0, 10.0, 1e6]),
    spread=st.sampled_from([0.0, 0.5, 4.0]),
    sharpness=st.sampled_from([1.0, 15.0, 50.0, 200.0]),
)
def test_float32_is_as_precise_as_torch(seed, n_features, n_rows, scale, spread, sharpness):
    weights = [(-1.0) ** feature for feature in range(n_features)]
    network = CutNetwork(n_features, n_rows, weights, sharpness)
    rows_of(seed, network.double(), spread * (scale if scale > 1 else 1)).float()
    sample = draw_sample(seed, 200, 300, n_features, scale=scale, dtype=torch.float32)
    exact = EventSample(sample.features.double(), sample.is_signal, sample.weights.double())
    truth = sums_and_derivatives(plain(network, torch.float64), exact)
    found, expected = (sums_and_derivatives(net, sample) for net in (network, plain(network)))
    for number, (one, other, true) in enumerate(zip(found, expected, truth, strict=True)):
        scale_of, noise = contributions(network, exact)[number]
        rounding = contributions(network, sample)[number][1]
        error, torch_error = (one - true).abs(), (other - true).abs()
        allowed = torch.maximum(1e-5 * scale_of, 2 * torch_error) + noise
        # Where 1 - p is close to the last digit of float32, one of both has a logarithm of 100.
        allowed = allowed + (rounding if number == 2 else 0)
        # Odds below e**-53 and scores below 1.2e-38 are zero in the kernel.
        allowed += (1e-15 if number == 5 else 1e-20) * float(sample.weights.sum())
        assert (error <= allowed).all(), SCORES[number % 3]


def one_of_each(depth, dtype):
    features = torch.tensor([[depth], [depth]], dtype=dtype)
    return EventSample(features, torch.tensor([True, False]), torch.ones(2, dtype=dtype))


DEPTHS = (-300.0, -40.0, -8.0, -6.66, -6.5, -2.0, -1.0, 0.0, 0.5, 2.0, 2.4, 4.0, 8.0, 40.0, 300.0)


@pytest.mark.parametrize("depth", DEPTHS)
def test_one_event_of_each_class_at_any_depth(depth):
    """The floors of torch's cross-entropy: logarithms of at least -100, and 1e-12 in the derivative."""
    assert_as_torch(OneToOneLinear(1, [1.0], 15.0).double(), one_of_each(depth, torch.float64))


@pytest.mark.parametrize("depth", DEPTHS)
def test_float32_has_the_floors_of_torch(depth):
    network, sample = OneToOneLinear(1, [1.0], 15.0), one_of_each(depth, torch.float32)
    found, expected = (sums_and_derivatives(net, sample) for net in (network, plain(network)))
    # torch's 1 - p has few digits at a depth of 0.5, and its p, which is not a normal number, below -6.
    relative = 1e-3 if depth in (0.5, -6.66, -6.5) else 1e-5
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=relative, atol=1e-15)


def test_derivatives_are_those_of_differences():
    network = rows_of(3, CutNetwork(3, 2, [1.0, -1.0, 0.5], 4.0).double(), 0.3)
    sample = draw_sample(3, 30, 40, 3)

    def sums_at(bias):
        moved = copy.deepcopy(network)
        del moved.bias
        moved.bias = bias
        sums = EventSums.from_sample(moved, sample)
        return sums.signal_score, sums.background_score, sums.cross_entropy

    assert torch.autograd.gradcheck(sums_at, (network.bias.detach().clone().requires_grad_(),))


@pytest.mark.parametrize("entropy", [True, False])
def test_sums_without_derivatives_are_the_same(entropy):
    network = rows_of(5, CutNetwork(3, 4, [1.0, -1.0, 0.5]).double(), 0.3)
    sample = draw_sample(5, 300, 400, 3)
    with torch.no_grad():
        without = EventSums.from_sample(network, sample, entropy=entropy)
    whole = EventSums.from_sample(network, sample)
    assert torch.equal(without.signal_score, whole.signal_score)
    assert torch.equal(without.background_score, whole.background_score)
    expected = whole.cross_entropy if entropy else torch.zeros(4, dtype=torch.float64)
    assert torch.equal(without.cross_entropy, expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_number_of_threads_changes_no_bit(dtype, threads):
    network = rows_of(6, CutNetwork(2, 3, [1.0, -1.0]).double(), 0.3).to(dtype)
    sample = draw_sample(6, 2 * PIECE + 5, PIECE + 1, 2, dtype=dtype)
    found = []
    for number in (1, 2, 3):
        threads(number)
        found.append(sums_and_derivatives(network, sample))
    assert all(torch.equal(*pair) for other in found[1:] for pair in zip(found[0], other, strict=True))


def test_every_term_has_the_gradient_of_torch():
    edges = [0.0, 1.0, 2.0, 5.0]
    network = EfficiencyScanNetwork(2, [0.3, 0.6, 0.9], [1.0, -1.0], 8.0, bin_edges=edges).double()
    rows_of(7, network, 0.2)
    loss = CutLoss(
        [0.3, 0.6, 0.9],
        n_bins=3,
        yields=ExpectedYields(50.0, 1000.0, 0.1),
        efficiency=1.0,
        background=0.5,
        cut_size=0.1,
        bce=0.2,
        smoothness=0.3,
        log_background=0.4,
        constraint=5.0,
        significance=0.7,
        bin_smoothness=0.6,
    )
    sample = draw_sample(7, 400, 500, 2, edges=edges)
    gradients = []
    for net in (network, plain(network)):
        net.zero_grad()
        loss.evaluate(net, sample).total.backward()
        gradients.append(net.bias.grad)
    torch.testing.assert_close(*gradients, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("batch_size", [None, 100])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_training_ends_where_that_of_torch_does(batch_size, optimizer):
    sample = draw_sample(8, 300, 300, 2)
    ends = []
    for fused in (True, False):
        network = EfficiencyScanNetwork(2, [0.5, 0.8], [1.0, 1.0], 5.0).double()
        network.fused = fused
        loss = CutLoss([0.5, 0.8], efficiency=5.0, background=1.0, bce=0.1, constraint=2.0)
        history = train(network, loss, sample, sample, TrainingSettings(30, optimizer, 0.05, batch_size))
        ends.append((network.bias.detach(), history[-1]["test_total"]))
    torch.testing.assert_close(*(bias for bias, _ in ends), rtol=1e-9, atol=1e-10)
    assert ends[0][1] == pytest.approx(ends[1][1], rel=1e-9)


class OwnScore(OneToOneLinear):
    def forward(self, features):
        return super().forward(features) / 2


@pytest.mark.parametrize(
    ("network", "fused"),
    [
        (OneToOneLinear(2, [1.0, -1.0]), True),
        (OneToOneLinear(2, windows=True, start=1.0), True),
        (OneToOneLinear(2), False),
        (OneToOneLinear(2, [1.0, -1.0], cut_function="erf"), False),
        (OneToOneLinear(2, [1.0, -1.0]).double(), False),
        (OwnScore(2, [1.0, -1.0]), False),
        (torch.nn.Linear(2, 1), False),
    ],
    ids=["cuts", "windows", "learned", "erf", "another precision", "own score", "no cuts"],
)
def test_what_the_kernel_takes(network, fused):
    assert can_fuse(network, torch.zeros(3, 2)) == fused


def test_cuts_that_are_not_finite_are_told():
    network = OneToOneLinear(1, [1.0])
    with torch.no_grad():
        network.bias.fill_(float("nan"))
    with pytest.raises(ValueError, match="diverged, lower the learning rate"):
        EventSums.from_sample(network, draw_sample(1, 3, 3, 1, dtype=torch.float32))


@pytest.mark.parametrize("scale", [1e-30, 1e-9, 1e12, 1e25])
def test_weights_of_any_scale_give_the_same_derivatives(scale):
    network = rows_of(3, CutNetwork(3, 4, [1.0, -1.0, 1.0]).double(), 0.5).float()
    sample = draw_sample(3, 300, 300, 3, dtype=torch.float32)
    scale = 2.0 ** round(np.log2(scale))
    other = EventSample(sample.features, sample.is_signal, sample.weights * scale)
    for one, two in zip(*(sums_and_derivatives(network, s) for s in (sample, other)), strict=True):
        assert torch.equal(one * scale, two)


def test_another_number_of_features_is_told_on_an_arranged_sample_too():
    sample = draw_sample(1, 3, 3, 3)
    EventSums.from_sample(CutNetwork(3, 1, [1.0] * 3).double(), sample)
    for n_features in (2, 5):
        with pytest.raises(ValueError, match="features need shape"):
            EventSums.from_sample(CutNetwork(n_features, 1, [1.0] * n_features).double(), sample)


def test_a_feature_beyond_all_numbers_passes_or_fails():
    features = torch.tensor([[3e38], [-3e38], [3e38], [-3e38]])
    sample = EventSample(features, torch.tensor([True, True, False, False]), torch.ones(4))
    sums = EventSums.from_sample(OneToOneLinear(1, [1.0]), sample)
    assert sums.signal_score.tolist() == sums.background_score.tolist() == [1.0]
    assert sums.cross_entropy.tolist() == [200.0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("of_signal", [True, False])
def test_all_numbers_are_normal(dtype, of_signal):
    """Smaller ones make some processors a hundred times slower."""
    k = numbers_of(np.dtype(dtype), of_signal=of_signal)
    limits = np.finfo(dtype)
    smallest, largest = np.log(float(limits.tiny)), np.log(float(limits.max))
    least, unit, lift, bound = (np.log(float(value)) for value in (k.least, k.unit, k.lift, k.largest))
    assert k.lowest - k.reach > smallest  # odds of a row
    assert k.highest + k.reach + bound < 2 * largest  # infinite at most for one step, which the bound ends
    assert -bound > smallest  # the inverse of a product
    assert lift + least + k.lowest > smallest  # the rest of a product times odds, backwards
    assert lift + k.reach - unit < largest
    assert lift + k.reach + np.log(2.0**30) < largest  # a sum over events with large weights
    assert bound - unit >= (100 if of_signal else -least)  # the cross-entropy, and the least score


def test_another_precision_is_told():
    with pytest.raises(ValueError, match="float32 or float64, not in float16"):
        numbers_of(np.dtype(np.float16), of_signal=True)
