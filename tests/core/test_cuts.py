import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cabin_core import (
    CutNetwork,
    EfficiencyScanNetwork,
    OneToOneLinear,
    passes_cuts,
)

moderate = st.floats(-3, 3, allow_subnormal=False)


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def cut_network(weights, biases, scale=15.0):
    """Return a float64 network with these biases, one list a row."""
    network = CutNetwork(len(biases[0]), len(biases), weights, scale).double()
    with torch.no_grad():
        network.bias.copy_(torch.tensor(biases, dtype=torch.float64))
    return network


# ---- scores ----


@pytest.mark.parametrize("scale", [1.0, 15.0])
@pytest.mark.parametrize("event", [(0.4, 0.1), (-0.35, 0.25), (-1.0, 2.0)])
def test_score_is_the_product_of_sigmoids(scale, event):
    weights, biases = (1.0, -2.0), [[0.3, -0.2], [0.0, 0.5]]
    expected = [
        sigmoid(scale * (1.0 * event[0] + first)) * sigmoid(scale * (-2.0 * event[1] + second))
        for first, second in biases
    ]
    network = cut_network(weights, biases, scale)
    x = torch.tensor([event], dtype=torch.float64)
    assert network(x)[0].tolist() == pytest.approx(expected, rel=1e-12)
    assert network.log_score(x)[0].tolist() == pytest.approx([math.log(s) for s in expected], rel=1e-12)


@pytest.mark.parametrize(
    "network",
    [
        CutNetwork(1, 1, [1.0]),
        OneToOneLinear(1, [1.0]),
        EfficiencyScanNetwork(1, [0.5], [1.0]),
    ],
    ids=["cuts", "one_to_one", "scan"],
)
def test_default_activation_scale_is_that_of_the_paper(network):
    assert network(torch.tensor([[0.1]])).item() == pytest.approx(sigmoid(15 * 0.1), rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "network",
    [
        OneToOneLinear(3),
        EfficiencyScanNetwork(3, (0.5, 0.2)),
        EfficiencyScanNetwork(3, (0.9, 0.2, 0.5), [1, -1, 1]),
    ],
    ids=["one to one", "two rows", "three rows"],
)
def test_scores_have_one_column_a_row_and_lie_between_0_and_1(network, dtype):
    network = network.to(dtype)
    x = 10 * torch.randn(50, 3, generator=torch.Generator().manual_seed(1), dtype=dtype)
    scores = network(x)
    n_rows = network.bias.shape[1]
    assert scores.shape == (50, n_rows)
    assert scores.dtype == dtype
    assert ((scores >= 0) & (scores <= 1)).all()
    torch.testing.assert_close(network(x[7:9]), scores[7:9])
    assert network.cuts().shape == (n_rows, 3)
    assert network.bias.shape == (1, n_rows, 3)
    assert (network.cuts() == 0).all()


def test_log_score_is_finite_where_the_score_underflows():
    network = OneToOneLinear(10, [1.0] * 10)
    x = torch.full((1, 10), -100.0)
    log_score = network.log_score(x)
    assert network(x).item() == 0.0
    assert log_score.item() == pytest.approx(-15 * 100 * 10)
    log_score.sum().backward()
    assert network.bias.grad.flatten().tolist() == pytest.approx([15.0] * 10)


def test_gradient_of_an_underflowing_score_is_zero_and_not_nan():
    network = OneToOneLinear(2, None)
    network(torch.tensor([[-1e4, 1e4], [1e4, -1e4]])).sum().backward()
    assert network.bias.grad.isfinite().all()
    assert network.weight.grad.isfinite().all()


@given(
    st.lists(st.tuples(moderate, moderate, st.sampled_from([1.0, -1.0])), min_size=1, max_size=4),
    st.sampled_from([1.0, 15.0, 200.0, 1e5]),
)
def test_soft_cut_tends_to_the_hard_cut(events, scale):
    x, bias, weight = zip(*events, strict=True)
    margins = [w * v + b for v, b, w in zip(x, bias, weight, strict=True)]
    score = cut_network(weight, [bias], scale)(torch.tensor([x], dtype=torch.float64)).item()
    hard = float(all(z > 0 for z in margins))
    # Each of the m sigmoids is off by less than exp(-a |z|).
    assert abs(score - hard) <= len(margins) * math.exp(-scale * min(map(abs, margins))) + 1e-12


@given(moderate, st.floats(0.1, 3).flatmap(lambda w: st.sampled_from([w, -w])), st.floats(1e-6, 2))
def test_pass_and_fail_flip_at_the_cut(bias, weight, distance):
    network = cut_network([weight], [[bias]])
    cut = network.cuts().item()
    assert cut == pytest.approx(-bias / weight)
    x = torch.tensor([[cut - distance], [cut], [cut + distance]], dtype=torch.float64)
    below, at, above = network(x)[:, 0]
    assert at.item() == pytest.approx(0.5, abs=1e-9)
    assert (above > 0.5 > below) if weight > 0 else (below > 0.5 > above)
    assert network.directions() == (">" if weight > 0 else "<",)


@given(st.lists(st.tuples(moderate, moderate, st.sampled_from([0.5, -1.0])), min_size=1, max_size=5))
def test_cuts_and_directions_select_where_every_margin_is_positive(events):
    x, bias, weight = zip(*events, strict=True)
    network = cut_network(weight, [bias, [2 * b for b in bias]])
    values = torch.tensor([x], dtype=torch.float64)
    margins = values * network.weight + network.bias[0]  # (2, n_features), as there is one event
    passed = passes_cuts(values.numpy(), network.cuts().detach().numpy(), network.directions())
    clear = (margins.abs() > 1e-9).all(dim=1).tolist()
    for row in range(2):
        if clear[row]:
            assert passed[0, row] == (margins[row] > 0).all().item()


@given(st.permutations(range(4)), st.integers(0, 100))
def test_score_does_not_depend_on_the_order_of_features(order, seed):
    generator = torch.Generator().manual_seed(seed)
    x, biases = (torch.randn(n, 4, generator=generator, dtype=torch.float64) for n in (5, 2))
    weights = [1.0, -1.0, 0.5, -2.0]
    scores = cut_network(weights, biases.tolist(), 2.0)(x)
    permuted = cut_network([weights[f] for f in order], biases[:, order].tolist(), 2.0)(x[:, order])
    torch.testing.assert_close(permuted, scores, rtol=1e-12, atol=0)


@pytest.mark.parametrize("weights", [(1.0, -1.0, 1.0), None], ids=["fixed", "learned"])
def test_each_row_of_a_scan_is_a_one_to_one_network(weights):
    scan = EfficiencyScanNetwork(3, (0.9, 0.1, 0.5), weights, 3.0)
    torch.nn.init.normal_(scan.bias, generator=torch.Generator().manual_seed(2))
    x = torch.randn(20, 3, generator=torch.Generator().manual_seed(3))
    for row in range(3):
        single = OneToOneLinear(3, scan.weight.tolist(), 3.0)
        single.bias.data[0, 0] = scan.bias[0, row]
        torch.testing.assert_close(scan(x)[:, row], single(x)[:, 0])
        torch.testing.assert_close(scan.cuts()[row], single.cuts()[0])


# ---- what is learned ----


def test_fixed_weights_are_not_learned():
    network = OneToOneLinear(2, [1.0, -1.0])
    assert [name for name, _ in network.named_parameters()] == ["bias"]
    network(torch.ones(3, 2)).sum().backward()
    assert not network.weight.requires_grad
    assert (network.bias.grad != 0).all()
    assert network.state_dict()["weight"].tolist() == [1.0, -1.0]


def test_learned_weights_are_one_vector_that_starts_in_both_directions():
    torch.manual_seed(0)
    network = EfficiencyScanNetwork(200, (0.2, 0.5), None, 0.1)
    assert {name for name, _ in network.named_parameters()} == {"bias", "weight"}
    assert network.weight.shape == (200,)
    assert -1 < network.weight.min() < -0.8
    assert 0.8 < network.weight.max() < 1
    network.log_score(torch.ones(1, 200)).sum().backward()
    assert (network.weight.grad != 0).all()


def test_zero_learned_weight_has_no_direction():
    network = OneToOneLinear(2)
    network.weight.data.copy_(torch.tensor([0.0, 1.0]))
    with pytest.raises(ValueError, match="exactly zero: this feature has no cut"):
        network.directions()


# ---- errors ----


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CutNetwork(0, 1), "needs features and rows, not 0 and 1"),
        (lambda: CutNetwork(2, 1, [1.0]), "1 weights for 2 features"),
        (lambda: CutNetwork(2, 1, [1.0, 1.0, 1.0]), "3 weights for 2 features"),
        (lambda: OneToOneLinear(2, [1.0, 0.0]), "weight of zero, NaN or infinity has no cut"),
        (lambda: OneToOneLinear(2, activation_scale=0.0), "activation_scale must be positive, not 0"),
        (lambda: OneToOneLinear(2, activation_scale=-1.0), "activation_scale must be positive"),
        (lambda: OneToOneLinear(2, activation_scale=math.nan), "activation_scale must be positive"),
        (lambda: EfficiencyScanNetwork(2, ()), "at least one target"),
        (lambda: EfficiencyScanNetwork(2, (0.5, 1.0)), r"between 0 and 1, both excluded: \[1.0\]"),
        (lambda: EfficiencyScanNetwork(2, (0.2, 0.5, 0.2)), r"repeated: \[0.2\]"),
        (lambda: EfficiencyScanNetwork(2, (0.5,), [1.0]), "1 weights for 2 features"),
        (lambda: CutNetwork(2, 0), "needs features and rows, not 2 and 0"),
        (lambda: CutNetwork(2, 1, [1.0, math.nan]), "weight of zero, NaN or infinity has no cut"),
    ],
)
def test_networks_refuse(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("shape", [(4, 1), (4, 3), (2,)])
def test_features_of_another_number_are_refused(shape):
    with pytest.raises(ValueError, match=r"features need shape \(n_events, 2\)"):
        OneToOneLinear(2, [1.0, 1.0])(torch.zeros(shape))


# ---- windows and monotone scans ----


def test_windows_have_both_edges_of_every_feature():
    network = OneToOneLinear(2, activation_scale=3.0, windows=True, start=1.5)
    assert network.directions() == (">", ">", "<", "<")
    assert network.edge_features() == (0, 1, 0, 1)
    assert network.cuts().tolist() == [[-1.5, -1.5, 1.5, 1.5]]
    x, y = 0.5, -1.0
    edges = [x + 1.5, y + 1.5, 1.5 - x, 1.5 - y]
    expected = math.prod(1 / (1 + math.exp(-3 * edge)) for edge in edges)
    assert network(torch.tensor([[x, y]])).item() == pytest.approx(expected, rel=1e-6)


@given(st.integers(0, 1000))
def test_windows_select_what_lies_between_their_edges(seed):
    generator = torch.Generator().manual_seed(seed)
    network = EfficiencyScanNetwork(3, [0.5, 0.9], activation_scale=1e4, windows=True, start=1.0).double()
    network.bias.data = torch.rand(1, 2, 6, generator=generator).double()
    x = torch.randn(50, 3, generator=generator).double()
    low, high = network.cuts()[:, :3], network.cuts()[:, 3:]
    inside = ((x[:, None] > low) & (x[:, None] < high)).all(dim=2)
    assert torch.equal(network(x) > 0.5, inside)


@given(st.integers(0, 1000))
def test_cuts_of_a_monotone_scan_never_tighten(seed):
    targets = [0.9, 0.2, 0.5, 0.7]
    network = EfficiencyScanNetwork(3, targets, [1, -1, 1], monotone=True)
    network.bias.data = torch.randn(1, 4, 3, generator=torch.Generator().manual_seed(seed))
    network.project()
    by_target = (network.cuts() * network.weight)[[1, 2, 3, 0]]  # larger is tighter
    assert (by_target.diff(dim=0) <= 0).all()
    before = network.bias.clone()
    network.project()
    assert torch.equal(network.bias, before)  # those in order stay as they are


def test_rows_out_of_order_meet_halfway():
    network = EfficiencyScanNetwork(1, [0.9, 0.2, 0.5], [1.0], monotone=True)
    network.bias.data = torch.tensor([[[3.0], [2.0], [1.0]]])  # of 0.9, 0.2 and 0.5
    network.project()
    assert network.bias.flatten().tolist() == [3.0, 1.5, 1.5]


def test_windows_refuse_weights_and_an_empty_start():
    with pytest.raises(ValueError, match="give no weights"):
        OneToOneLinear(2, [1.0, 1.0], windows=True, start=1.0)
    with pytest.raises(ValueError, match="lower edge above the upper one"):
        OneToOneLinear(2, windows=True)


def test_windows_in_order():
    network = EfficiencyScanNetwork(2, (0.9, 0.5), windows=True, start=2.0, monotone=True)
    assert network.bias.shape == (1, 2, 4)
    assert network.windows
    network.bias.data[0, 0] = 1.0
    network.project()
    assert network.bias.tolist() == [[[1.5] * 4] * 2]


@pytest.mark.parametrize(("function", "on_the_cut"), [("hard", 1.0), ("heaviside", 0.0)])
def test_an_event_on_a_cut_without_gradient(function, on_the_cut):
    network = OneToOneLinear(1, [1.0], 1.0, cut_function=function)
    network.bias.data.fill_(-0.5)
    scores = network(torch.tensor([[0.4], [0.5], [0.6]]))
    assert scores[:, 0].tolist() == [0.0, on_the_cut, 1.0]


# ---- windows of some features ----


def some_windows(**options):
    network = CutNetwork(3, 2, [1.0, -1.0, 2.0], 4.0, windows=[2, 0], **options).double()
    with torch.no_grad():
        network.bias.copy_(torch.arange(10.0).reshape(1, 2, 5) / 7 + 0.2)
    return network


def test_windows_of_some_features_have_their_upper_edges_last():
    network = some_windows()
    assert network.directions() == (">", "<", ">", "<", "<")
    assert network.edge_features() == (0, 1, 2, 0, 2)
    biases, x = network.bias[0].tolist(), [0.3, -0.1, 0.2]
    for row, scores in zip(biases, network(torch.tensor([x], dtype=torch.float64)).T.tolist(), strict=True):
        margins = [x[0] + row[0], -x[1] + row[1], 2 * x[2] + row[2], -x[0] + row[3], -2 * x[2] + row[4]]
        assert scores[0] == pytest.approx(math.prod(sigmoid(4 * margin) for margin in margins))
    low, high = -network.bias[0, :, 2] / 2, network.bias[0, :, 4] / 2
    assert torch.equal(network.cuts()[:, [2, 4]], torch.stack([low, high], dim=1))


def test_gradient_of_windows_of_some_features():
    network, x = some_windows(), torch.randn(5, 3, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda bias: torch.func.functional_call(network, {"bias": bias}, (x,)), network.bias
    )


def test_windows_of_some_features_start_open():
    network = CutNetwork(2, 1, [1.0, 1.0], windows=[1], start=0.25)
    assert network.bias.flatten().tolist() == [0.25, 1.0, 1.0]
    assert CutNetwork(2, 1, [1.0, 1.0], windows=[1], start=2.0).bias.flatten().tolist() == [2.0] * 3


def test_windows_of_no_feature_are_one_sided_cuts():
    assert CutNetwork(2, 1, [1.0, -1.0], windows=[]).directions() == (">", "<")


@pytest.mark.parametrize(
    ("weights", "windows", "told"),
    [
        (None, [0], "windows beside one-sided cuts need weights"),
        ([1.0, 1.0], [2], "no such features for windows: .2. of 2"),
        ([1.0, -1.0], [1], "the weight of a window is that of its lower edge"),
    ],
    ids=["no weights", "no feature", "negative weight"],
)
def test_faults_of_windows_of_some_features(weights, windows, told):
    with pytest.raises(ValueError, match=told):
        CutNetwork(2, 1, weights, windows=windows)
