import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cabin_core import CutLoss, EfficiencyScanNetwork, EventSums, LinearNetwork
from cabin_core.roughness import roughness

TERMS = ("efficiency", "background", "cut_size", "bce", "smoothness")
#: Terms that are not the paper's, where they are off.
BEYOND = dict.fromkeys(("log_background", "constraint", "significance", "bin_smoothness"), 0.0)
TABLE_1 = {"efficiency": 1e1, "background": 1e-1, "cut_size": 1e-5, "bce": 1e-3, "smoothness": 1e0}
TARGETS = (0.5, 0.9, 0.2, 0.35)  # in no order


def plain_terms(scores, labels, weights, targets, cuts):
    """Return Eq 5, 6, BCE and 7 without their coefficients, from lists, one number at a time."""
    terms = dict.fromkeys(TERMS, 0.0)
    for row in range(len(scores[0])):
        signal = background = cross_entropy = all_signal = all_background = 0.0
        for event_scores, label, weight in zip(scores, labels, weights, strict=True):
            p = event_scores[row]
            if label:
                signal += weight * p
                all_signal += weight
                cross_entropy -= weight * max(math.log(p), -100.0)
            else:
                background += weight * p
                all_background += weight
                cross_entropy -= weight * max(math.log1p(-p), -100.0)
        if targets:
            terms["efficiency"] += (targets[row] - signal / all_signal) ** 2
        terms["background"] += background / all_background
        terms["bce"] += cross_entropy / (all_signal + all_background)
        if cuts:
            terms["cut_size"] += sum(cut**2 for cut in cuts[row]) / len(cuts[row])
    n = len(targets)
    ordered = [cuts[row] for row in sorted(range(n), key=lambda row: targets[row])] if cuts else []
    for i in range(1, n - 1):
        for feature in range(len(ordered[i])):
            mean = (ordered[i + 1][feature] + ordered[i - 1][feature]) / 2
            spread = ordered[i + 1][feature] - ordered[i - 1][feature]
            distance = (ordered[i][feature] - mean) ** 2 / (spread**2 + 0.1)
            terms["smoothness"] += distance / ((n - 2) * len(ordered[i]))
    return terms


def scan_network(targets=TARGETS, *, seed=0):
    """Return a float64 scan with learned weights whose cuts and scores are moderate."""
    network = EfficiencyScanNetwork(2, targets, activation_scale=1.5).double()
    network.weight.data.copy_(torch.tensor([0.8, -1.3]))
    torch.nn.init.normal_(network.bias, std=0.5, generator=torch.Generator().manual_seed(seed))
    return network


def loss_of(network, sample, loss):
    return loss(EventSums.from_sample(network, sample), network.cuts())


# ---- values ----


@pytest.mark.parametrize(
    "coefficients",
    [*({term: 0.7} for term in TERMS), TABLE_1, dict(zip(TERMS, (1, 2, 3, 4, 5), strict=True))],
    ids=[*TERMS, "table 1", "all"],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_terms_agree_with_a_plain_computation(make_sample, coefficients, seed):
    sample, network = make_sample(9, 7, seed=seed), scan_network(seed=seed)
    terms = loss_of(network, sample, CutLoss(TARGETS, **coefficients)).values()
    plain = plain_terms(
        network(sample.features).tolist(),
        sample.is_signal.tolist(),
        sample.weights.tolist(),
        TARGETS,
        network.cuts().tolist(),
    )
    expected = {term: coefficients.get(term, 0.0) * plain[term] for term in TERMS}
    assert min(plain.values()) > 1e-3  # no term is trivial
    expected |= BEYOND | {"total": sum(expected.values())}
    assert terms == pytest.approx(expected, rel=1e-10, abs=0)


def test_network_without_cuts_and_targets(make_sample):
    sample, network = make_sample(), LinearNetwork(2).double()
    scores = network(sample.features)
    terms = CutLoss(background=0.5, bce=2.0)(EventSums.from_scores(scores, sample.is_signal, sample.weights))
    plain = plain_terms(scores.tolist(), sample.is_signal.tolist(), sample.weights.tolist(), (), None)
    expected = {"background": 0.5 * plain["background"], "bce": 2.0 * plain["bce"]}
    expected |= {
        "efficiency": 0.0,
        "cut_size": 0.0,
        "smoothness": 0.0,
        "total": sum(expected.values()),
    } | BEYOND
    assert terms.values() == pytest.approx(expected, rel=1e-10, abs=0)


def test_roughness_by_hand():
    cuts = torch.tensor([[0.0, 1.0], [1.0, 1.0], [4.0, 1.0], [4.0, 1.0]])
    inner = [(1 - 2) ** 2 / (4**2 + 0.1), 0.0, (4 - 2.5) ** 2 / (3**2 + 0.1), 0.0]
    assert roughness(cuts).item() == pytest.approx(sum(inner) / 4)


@pytest.mark.parametrize("n_targets", [1, 2, 3])
def test_smoothness_needs_three_targets(make_sample, n_targets):
    targets = TARGETS[:n_targets]
    network = scan_network(targets)
    terms = loss_of(network, make_sample(), CutLoss(targets, background=1.0, smoothness=1.0))
    assert terms["smoothness"] > 0 if n_targets == 3 else terms["smoothness"] == 0
    terms.total.backward()
    assert network.bias.grad.isfinite().all()


@given(
    st.permutations(range(5)),
    st.tuples(*[st.floats(0, 10) for _ in TERMS]).filter(any),
    st.integers(0, 20),
)
def test_loss_does_not_depend_on_the_order_of_targets(make_sample, order, coefficients, seed):
    targets = (0.1, 0.3, 0.5, 0.7, 0.95)
    sample, network = make_sample(seed=seed), scan_network(targets, seed=seed)
    permuted_targets = [targets[row] for row in order]
    permuted = scan_network(permuted_targets, seed=seed)
    permuted.bias.data.copy_(network.bias[:, order])
    named = dict(zip(TERMS, coefficients, strict=True))
    terms = loss_of(network, sample, CutLoss(targets, **named))
    permuted_terms = loss_of(permuted, sample, CutLoss(permuted_targets, **named))
    assert permuted_terms.values() == pytest.approx(terms.values(), rel=1e-10, abs=1e-300)
    terms.total.backward()
    permuted_terms.total.backward()
    torch.testing.assert_close(permuted.bias.grad, network.bias.grad[:, list(order)])


# ---- gradients and chunks ----


@pytest.mark.parametrize("coefficients", [*({term: 1.0} for term in TERMS), TABLE_1])
def test_gradients(make_sample, coefficients):
    sample, network = make_sample(4, 4), scan_network()
    loss = CutLoss(TARGETS, **coefficients)
    parameters = (network.bias, network.weight)
    # gradcheck moves the parameters in place, so the network itself need not be rewritten.
    assert torch.autograd.gradcheck(lambda *_: loss_of(network, sample, loss).total, parameters)
    gradients = torch.autograd.grad(loss_of(network, sample, loss).total, parameters)
    assert all((gradient != 0).any() for gradient in gradients)


def test_inputs_are_left_as_they_were(make_sample):
    sample, network = make_sample(), scan_network()
    scores = network(sample.features).detach()
    sums = EventSums.from_scores(scores, sample.is_signal, sample.weights)
    cuts = network.cuts().detach()
    inputs = [scores, sample.is_signal, sample.weights, cuts, *vars(sums).values()]
    copies = [value.clone() for value in inputs]
    loss = CutLoss(TARGETS, **TABLE_1)
    first = loss(sums, cuts)
    doubled = sums + sums
    assert loss(sums, cuts).values() == first.values()
    assert torch.equal(doubled.signal_score, 2 * sums.signal_score)
    assert all(torch.equal(value, copy) for value, copy in zip(inputs, copies, strict=True))


# ---- errors ----


@pytest.mark.parametrize(
    ("targets", "coefficients", "message"),
    [
        *(
            ((0.5,), {"bce": 1.0, term: -1.0}, f"must not be negative or infinite: {term}")
            for term in TERMS
            if term != "bce"
        ),
        ((), {"bce": -1.0}, "must not be negative or infinite: bce"),
        ((), {"bce": math.nan}, "must not be negative or infinite: bce"),
        ((0.5,), {}, "all loss coefficients are zero"),
        ((), {"efficiency": 1.0}, "the efficiency term of the loss needs target"),
        ((), {"bce": 1.0, "smoothness": 1.0}, "the smoothness term of the loss needs target"),
        ((0.5, 1.5), {"bce": 1.0}, r"between 0 and 1, both excluded: \[1.5\]"),
        ((0.5, 0.5), {"bce": 1.0}, r"repeated: \[0.5\]"),
    ],
)
def test_loss_refuses(targets, coefficients, message):
    with pytest.raises(ValueError, match=message):
        CutLoss(targets, **coefficients)


@pytest.mark.parametrize(("is_signal", "missing"), [(True, "background"), (False, "signal")])
@pytest.mark.parametrize("coefficients", [{"bce": 1.0}, {"background": 1.0}])
def test_batch_of_one_class_is_refused(is_signal, missing, coefficients):
    sums = EventSums.from_scores(torch.full((3, 1), 0.5), torch.full((3,), is_signal), torch.ones(3))
    with pytest.raises(ValueError, match=f"no {missing} event in this batch"):
        CutLoss(**coefficients)(sums)


@pytest.mark.parametrize(
    ("targets", "coefficients", "message"),
    [
        ((0.5, 0.6), {"efficiency": 1.0}, "2 targets for 1 rows of scores"),
        ((0.5, 0.6), {"bce": 1.0}, "2 targets for 1 rows of scores"),
        ((0.5,), {"cut_size": 1.0}, "the cut_size term of the loss needs a network with cuts"),
        ((0.5,), {"smoothness": 1.0}, "the smoothness term of the loss needs a network with cuts"),
    ],
)
def test_sums_that_do_not_fit_are_refused(targets, coefficients, message):
    sums = EventSums.from_scores(torch.full((2, 1), 0.5), torch.tensor([True, False]), torch.ones(2))
    with pytest.raises(ValueError, match=message):
        CutLoss(targets, **coefficients)(sums)
