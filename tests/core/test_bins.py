"""Cuts that follow a property: one network with bins against one network a bin, and what it refuses."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cabin_core import (
    CutLoss,
    CutNetwork,
    EfficiencyScanNetwork,
    EventSample,
    EventSums,
    OneToOneLinear,
    Schedule,
    TrainingSettings,
    train,
)
from cabin_core.roughness import roughness

EDGES = (0.0, 1.0, 3.0, 4.0)
N_BINS = 3
TARGETS = (0.6, 0.9)


def binned_network(seed=0, *, edges=EDGES, targets=TARGETS, **settings):
    """A float64 scan with two features and random cuts in every bin."""
    settings = {"activation_scale": 1.5, "weights": [0.8, -1.3]} | settings
    network = EfficiencyScanNetwork(2, targets, bin_edges=edges, **settings).double()
    network.bias.data = torch.randn(
        network.bias.shape, generator=torch.Generator().manual_seed(seed)
    ).double()
    return network


def network_of_bin(network, position):
    """The network without bins that has the cuts of one bin."""
    single = EfficiencyScanNetwork(
        network.n_features, network.targets, network.weight.tolist(), network.activation_scale
    ).double()
    single.bias.data = network.bias.data[position : position + 1].clone()
    return single


@pytest.fixture
def sample(make_sample):
    """Both classes in every bin; the property is the last column."""
    plain = make_sample(24, 21, seed=3)
    place = torch.linspace(0.0, 3.99, len(plain), dtype=torch.float64)
    followed = place[torch.randperm(len(plain), generator=torch.Generator().manual_seed(4))]
    features = torch.cat([plain.features, followed[:, None]], dim=1)
    return EventSample(features, plain.is_signal, plain.weights)


def of_bin(sample, network, position):
    """The events of a bin, without the property."""
    inside = (network.bins_of(sample.features) == position).nonzero().squeeze(1)
    part = sample.take(inside)
    return EventSample(part.features[:, :-1], part.is_signal, part.weights)


# ---- one network a bin ----


@given(st.integers(0, 1000))
def test_scores_are_those_of_the_network_of_the_bin(seed):
    network = binned_network(seed)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(30, 3, generator=generator, dtype=torch.float64)
    x[:, -1] = 6 * torch.rand(30, generator=generator, dtype=torch.float64) - 1
    bins = network.bins_of(x)
    for position in range(N_BINS):
        single = network_of_bin(network, position)
        inside = bins == position
        torch.testing.assert_close(network(x)[inside], single(x[inside, :-1]), rtol=1e-12, atol=0)
        torch.testing.assert_close(network.log_score(x)[inside], single.log_score(x[inside, :-1]))


def test_sums_and_gradients_are_those_of_the_networks_of_the_bins(sample):
    network = binned_network()
    sums = EventSums.from_sample(network, sample)
    loss = CutLoss(TARGETS, efficiency=3.0, log_background=1.0, bce=0.1, cut_size=0.5, n_bins=N_BINS)
    loss(sums, network.cuts()).total.backward()
    signal = sample.weights[sample.is_signal].sum()
    for position in range(N_BINS):
        single, events = network_of_bin(network, position), of_bin(sample, network, position)
        own = EventSums.from_sample(single, events)
        rows = slice(2 * position, 2 * position + 2)
        for name, value in vars(sums).items():
            torch.testing.assert_close(value[rows], getattr(own, name).expand(2), rtol=1e-12, atol=0)
        # A bin counts by its share of the signal, but for the size of its cuts, which is no sum over events.
        share = float(N_BINS * own.signal_weight / signal)
        alone = CutLoss(TARGETS, efficiency=3.0 * share, log_background=share, bce=0.1 * share, cut_size=0.5)
        alone(own, single.cuts()).total.backward()
        torch.testing.assert_close(network.bias.grad[position], single.bias.grad[0])


def test_a_training_is_that_of_one_network_a_bin(sample):
    """Plain gradient descent without smoothness: what one bin learns does not depend on the others."""
    # Bins with the same signal, so that each counts the same.
    network = binned_network(1)
    weights = sample.weights.clone()
    bins = network.bins_of(sample.features)
    for position in range(N_BINS):
        inside = (bins == position) & sample.is_signal
        weights[inside] *= 5.0 / weights[inside].sum()
    sample = EventSample(sample.features, sample.is_signal, weights)
    singles = [network_of_bin(network, position) for position in range(N_BINS)]
    settings = TrainingSettings(epochs=20, learning_rate=0.1)
    coefficients = {"efficiency": 5.0, "log_background": 0.5, "constraint": 10.0}
    train(network, CutLoss(TARGETS, n_bins=N_BINS, **coefficients), sample, sample, settings)
    for position, single in enumerate(singles):
        events = of_bin(sample, network, position)
        train(single, CutLoss(TARGETS, **coefficients), events, events, settings)
        torch.testing.assert_close(network.bias[position], single.bias[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("chunk_size", [1, 7, 1000])
def test_chunks_add_up(sample, chunk_size):
    # A chunk of one event has no event at all in most bins.
    network = binned_network()
    whole = EventSums.from_scores(
        network(sample.features),
        sample.is_signal,
        sample.weights,
        network.bins_of(sample.features),
        N_BINS,
    )
    sums = EventSums.from_sample(network, sample, chunk_size)
    for name, value in vars(whole).items():
        torch.testing.assert_close(getattr(sums, name), value, rtol=1e-12, atol=0)
        assert value.shape == (2 * N_BINS,)


def test_all_bins_together_are_the_sums_without_bins(sample):
    network = binned_network()
    together = EventSums.from_sample(network, sample).all_bins(N_BINS)
    plain = EventSums.from_scores(network(sample.features), sample.is_signal, sample.weights)
    for name, value in vars(plain).items():
        torch.testing.assert_close(getattr(together, name), value, rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    "coefficients",
    [
        {"bin_smoothness": 1.0},
        {"smoothness": 1.0},
        {"efficiency": 2.0, "bin_smoothness": 0.3},
        {"log_background": 1.0, "constraint": 3.0},
        {"log_background": 1.0, "constraint": 3.0, "constraint_form": "equal"},
        {"log_background": 1.0, "constraint": 3.0, "constraint_form": "equal_together", "efficiency": 2.0},
    ],
)
def test_gradients(sample, coefficients):
    targets = (0.3, 0.6, 0.9)
    network = binned_network(targets=targets, weights=None)
    network.weight.data = torch.tensor([0.8, -1.3], dtype=torch.float64)
    loss = CutLoss(targets, n_bins=N_BINS, **coefficients)
    parameters = (network.bias, network.weight)
    assert torch.autograd.gradcheck(lambda *_: loss.evaluate(network, sample).total, parameters)


# ---- bins ----


@given(st.lists(st.floats(-2, 6), min_size=1, max_size=20))
def test_events_are_in_the_bin_above_an_edge_and_beyond_them_in_the_nearest(values):
    x = torch.zeros(len(values), 3, dtype=torch.float64)
    x[:, -1] = torch.tensor(values)
    expected = [sum(value >= edge for edge in EDGES[1:-1]) for value in x[:, -1].tolist()]
    assert binned_network().bins_of(x).tolist() == expected


def test_one_bin_is_no_bin(sample):
    network = binned_network(edges=(0.0, 4.0))
    single = network_of_bin(network, 0)
    torch.testing.assert_close(network(sample.features), single(sample.features[:, :-1]), rtol=1e-12, atol=0)


def test_cuts_are_listed_bin_by_bin():
    network = CutNetwork(1, 2, [-1.0], bin_edges=EDGES)
    network.bias.data = torch.arange(6.0).reshape(3, 2, 1)
    assert network.cuts().flatten().tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_bin_smoothness_by_hand():
    # Two rows: one straight from bin to bin, one with a kink of 1 where its neighbours are 2 apart.
    cuts = torch.tensor([[0.0], [0.0], [1.0], [2.0], [2.0], [2.0]], dtype=torch.float64)
    sums = EventSums(*(torch.ones(6, dtype=torch.float64) for _ in range(5)))
    terms = CutLoss((0.5, 0.6), bin_smoothness=3.0, n_bins=3)(sums, cuts)
    # The mean over rows, times their number.
    assert terms["bin_smoothness"].item() == pytest.approx(3.0 * 1.0 / (2.0**2 + 0.1))
    assert terms.total.item() == terms["bin_smoothness"].item()
    assert roughness(cuts.unflatten(0, (3, 2))).item() == pytest.approx(1.0 / (2.0**2 + 0.1) / 2)


@given(st.integers(0, 200))
def test_bin_smoothness_does_not_see_straight_lines(seed):
    generator = torch.Generator().manual_seed(seed)
    first, slope = (torch.randn(2, 3, generator=generator, dtype=torch.float64) for _ in range(2))
    cuts = torch.stack([first + step * slope for step in range(5)])
    assert roughness(cuts).item() == pytest.approx(0.0, abs=1e-20)


def test_a_bin_with_few_events_leans_on_its_neighbours(make_sample):
    """The cut of a bin with next to no signal is between those beside it, where smoothness joins them."""
    generator = torch.Generator().manual_seed(0)
    n = 400
    features = torch.randn(2 * n, 1, generator=generator) + torch.tensor([1.0] * n + [-1.0] * n)[:, None]
    followed = torch.tensor([0.5, 1.5, 2.5]).repeat(2 * n)[: 2 * n, None]
    is_signal = torch.arange(2 * n) < n
    weights = torch.where(followed[:, 0] == 1.5, 1e-3, 1.0)
    # What few events there are would ask for another cut.
    features = torch.where(followed == 1.5, features + 2.0, features)
    sample = EventSample(torch.cat([features, followed], 1).double(), is_signal, weights.double())

    def middle(bin_smoothness):
        network = OneToOneLinear(1, [1.0], 5.0, bin_edges=(0, 1, 2, 3)).double()
        loss = CutLoss((0.8,), efficiency=100.0, bin_smoothness=bin_smoothness, n_bins=3)
        train(network, loss, sample, sample, TrainingSettings(300, "adam", 0.05))
        low, at, high = network.cuts().flatten().tolist()
        return at - (low + high) / 2

    assert middle(0.0) > 1.0
    assert abs(middle(1.0)) < 0.2


def sums_of_signal(efficiencies, weights):
    """Sums of one row in bins with these signal efficiencies and weights."""
    signal, weight = (torch.tensor(values, dtype=torch.float64) for values in (efficiencies, weights))
    one = torch.ones_like(weight)
    return EventSums(signal * weight, 0.5 * one, one, weight, one)


def test_forms_of_the_constraint_by_hand():
    sums = sums_of_signal([0.4, 0.9], [3.0, 1.0])

    def term(form):
        return CutLoss((0.6,), constraint=2.0, constraint_form=form, n_bins=2)(sums)["constraint"].item()

    short, over, together = (math.log(0.6 / at) for at in (0.4, 0.9, (3 * 0.4 + 0.9) / 4))
    assert term("at_least") == pytest.approx(short**2)
    assert term("equal") == pytest.approx(short**2 + over**2)
    assert term("equal_together") == pytest.approx(together**2)


def test_equal_together_holds_the_mean_and_lets_a_bin_with_few_events_go():
    """Cuts that smoothness ties together: at least holds the unluckiest bin, and all are loose with it."""
    generator = torch.Generator().manual_seed(1)
    n, edges = 3000, (0.0, 1.0, 2.0, 3.0)
    values = torch.randn(2 * n, 1, generator=generator)
    # One event in fifty is in the middle bin, and lies further on the side that is cut away.
    followed = torch.where(torch.arange(2 * n) % 50 == 0, 1.5, torch.arange(2 * n) % 2 * 2 + 0.5)[:, None]
    values = torch.where(followed == 1.5, values - 1.0, values)
    is_signal = torch.arange(2 * n) < n
    sample = EventSample(torch.cat([values, followed], 1).double(), is_signal, torch.ones(2 * n).double())
    settings = TrainingSettings(300, "adam", 0.05, schedule=Schedule(last_learning_rate=0.002))
    reached = {}
    for form, terms in (("at_least", {}), ("equal_together", {"efficiency": 100.0})):
        network = OneToOneLinear(1, [1.0], 20.0, start=1.0, bin_edges=edges).double()
        loss = CutLoss(
            (0.8,),
            log_background=1.0,
            constraint=1000.0,
            bin_smoothness=100.0,
            n_bins=3,
            constraint_form=form,
            **terms,
        )
        train(network, loss, sample, sample, settings)
        sums = EventSums.from_sample(network, sample)
        reached[form] = sums.all_bins(3).signal_efficiency().item(), sums.signal_efficiency().tolist()
    assert reached["equal_together"][0] == pytest.approx(0.8, abs=0.005)
    assert reached["equal_together"][1][1] < 0.7
    assert reached["at_least"][1][1] == pytest.approx(0.8, abs=0.01)
    assert reached["at_least"][0] > 0.9


def test_monotone_scans_stay_so_in_every_bin():
    network = binned_network(monotone=True, weights=[1.0, -1.0])
    network.project()
    looser = network.bias.diff(dim=1)
    assert (looser >= 0).all()


# ---- errors ----


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ((1.0,), r"bins need at least two edges, not \[1.0\]"),
        ((), "bins need at least two edges"),
        ((0.0, 2.0, 1.0), "finite and increasing"),
        ((0.0, 1.0, 1.0), "finite and increasing"),
        ((0.0, math.nan), "finite and increasing"),
        ((0.0, math.inf), "finite and increasing"),
        ((-math.inf, 0.0), "finite and increasing"),
    ],
)
def test_edges_are_refused(edges, message):
    with pytest.raises(ValueError, match=message):
        CutNetwork(2, 1, [1.0, 1.0], bin_edges=edges)


@pytest.mark.parametrize("n_columns", [2, 4])
def test_a_missing_property_is_refused(n_columns):
    with pytest.raises(ValueError, match=r"features need shape \(n_events, 3\)"):
        binned_network()(torch.zeros(5, n_columns, dtype=torch.float64))


def test_a_bin_without_a_class_is_refused(sample):
    network = binned_network()
    empty = (network.bins_of(sample.features) == 1) & sample.is_signal
    part = sample.take((~empty).nonzero().squeeze(1))
    with pytest.raises(ValueError, match="no signal event in a bin of this batch"):
        CutLoss(TARGETS, efficiency=1.0, n_bins=N_BINS).evaluate(network, part)


def test_other_bins_than_those_of_the_loss_are_refused(sample):
    with pytest.raises(ValueError, match="4 targets for 6 rows of scores"):
        CutLoss(TARGETS, efficiency=1.0, n_bins=2).evaluate(binned_network(), sample)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_an_event_on_an_edge_is_above_it_in_either_precision(dtype):
    edges = [0.0, 0.1, 0.7, 1.3]
    network = OneToOneLinear(1, [1.0], bin_edges=edges).to(dtype)
    features = torch.tensor([[0.0, edge] for edge in edges[1:3]], dtype=torch.float64).to(dtype)
    assert network.bins_of(features).tolist() == [1, 2]
