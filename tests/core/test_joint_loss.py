"""Cuts and a network behind them: their product, their loss and the fraction that the cuts keep."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cabin_core import (
    CutLoss,
    CutNetwork,
    EfficiencyScanNetwork,
    EventSample,
    FullyConnectedNetwork,
    JointLoss,
    JointNetwork,
    LinearNetwork,
    Schedule,
    TrainingSettings,
    fit_kept_fractions,
    hard_cut_efficiencies,
    load_network,
    save_network,
    train,
)
from cabin_core.joint_loss import cross_entropy_of
from cabin_core.persistence import TrainedNetwork
from cabin_core.scaling import FeatureScaling


def make_network(n_rows=2, n_outputs=None, **cuts):
    torch.manual_seed(3)
    classifier = FullyConnectedNetwork(2, (4,), n_rows if n_outputs is None else n_outputs)
    network = JointNetwork(CutNetwork(2, n_rows, [1.0, -1.0], 3.0, **cuts), classifier).double()
    torch.nn.init.normal_(network.preselection.bias, std=0.5)
    return network


def make_sample(n_events=60, seed=1):
    generator = torch.Generator().manual_seed(seed)
    is_signal = torch.arange(n_events) % 3 == 0
    features = torch.randn(n_events, 2, generator=generator, dtype=torch.float64) + is_signal[:, None]
    weights = torch.rand(n_events, generator=generator, dtype=torch.float64) + 0.1
    return EventSample(features, is_signal, weights)


def plain_terms(network, sample, order, coupling):
    """The terms by a loop over rows and the formula of the docstring, on numpy arrays."""
    kept = network.preselection(sample.features).detach().numpy()
    outputs = network.outputs(sample.features).detach().numpy()
    signal, weights = sample.is_signal.numpy(), sample.weights.numpy()
    ws, wb = weights * signal / weights[signal].sum(), weights * ~signal / weights[~signal].sum()
    efficiency = cross_entropy = 0.0
    for s, p in zip(kept.T, outputs.T, strict=True):
        efficiency -= (1 - coupling) * math.log(ws @ s**order) / order
        cross_entropy += -(ws * s) @ np.log(p) - (wb * s) @ np.log(1 - p)
        a, b = 1 - ws @ s, 1 - wb @ s
        cross_entropy -= a * math.log(a / (a + b)) + b * math.log(b / (a + b))
    return efficiency, cross_entropy, kept.T @ wb


@pytest.mark.parametrize(("share", "order", "coupling"), [(0.1, 0.2, 0), (0.55, 1, 0.5), (0.8, 1, 1)])
def test_terms_agree_with_a_plain_computation(share, order, coupling):
    network, sample = make_network(), make_sample()
    loss = JointLoss([0.3, 0.1], stiffness=2.0, coupling=1.0)
    loss.begin_epoch(share)
    terms = loss.evaluate(network, sample)
    efficiency, cross_entropy, kept = plain_terms(network, sample, order, coupling)
    excess = np.maximum(np.log(kept / [0.3, 0.1]), 0)
    assert terms["efficiency"].item() == pytest.approx(efficiency)
    assert terms["cross_entropy"].item() == pytest.approx(cross_entropy)
    assert terms["constraint"].item() == pytest.approx((excess**2).sum())
    assert terms.total.item() == pytest.approx(efficiency + cross_entropy + (excess**2).sum())
    assert loss.constrained_efficiency(network, sample).detach().numpy() == pytest.approx(kept)


@pytest.mark.parametrize("share", [0.1, 0.55, 0.8])
def test_values_and_gradients_add_up_from_chunks(share):
    network, sample = make_network(), make_sample()
    # As in a feature table: signal first, so that chunks lack a class.
    sample = sample.take(sample.is_signal.sort(descending=True, stable=True).indices)
    loss = JointLoss([0.3, 0.1], coupling=1.0)
    loss.begin_epoch(share)
    gradients = []
    for chunk in (1000, 7):
        network.zero_grad()
        loss.evaluate(network, sample, chunk_size=chunk).total.backward()
        gradients.append([parameter.grad.clone() for parameter in network.parameters()])
    for whole, chunked in zip(*gradients, strict=True):
        torch.testing.assert_close(whole, chunked)


def test_gradient_of_the_cross_entropy():
    network, sample = make_network(), make_sample()
    loss = JointLoss([0.3, 0.1], coupling=1.0)
    assert torch.autograd.gradcheck(
        lambda *_: loss.evaluate(network, sample).total, tuple(network.parameters())
    )


def test_the_cross_entropy_is_that_of_torch_at_its_ends_too():
    """The gradient there is what torch's clamps make of it, and trainings depend on it."""
    values = torch.tensor([0.0, 1e-40, 1e-20, 0.3, 0.5, 1 - 1e-7, 1.0])
    outputs = values[:, None].repeat(2, 3)
    is_signal = torch.arange(14) < 7
    labels = is_signal.float()[:, None].expand_as(outputs)
    ours, theirs = (outputs.clone().requires_grad_() for _ in range(2))
    found = cross_entropy_of(ours, is_signal)
    expected = torch.nn.functional.binary_cross_entropy(theirs, labels, reduction="none")
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)
    (found * (1 + outputs)).sum().backward()
    (expected * (1 + outputs)).sum().backward()
    assert torch.equal(ours.grad, theirs.grad)


def test_before_the_handover_the_cuts_do_not_see_the_network():
    network, sample = make_network(), make_sample()
    loss = JointLoss([0.3, 0.1], coupling=0)
    loss.begin_epoch(0.7)
    loss.evaluate(network, sample).total.backward()
    of_cuts = network.preselection.bias.grad.clone()
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.classifier.parameters())
    torch.nn.init.normal_(network.classifier.layers[0].weight)
    network.zero_grad()
    loss.evaluate(network, sample).total.backward()
    torch.testing.assert_close(network.preselection.bias.grad, of_cuts)


def test_the_coupling_is_a_factor_on_what_the_cuts_learn_from_the_network():
    network, sample = make_network(), make_sample()
    gradients = []
    for coupling in (0.0, 0.5, 1.0):
        loss = JointLoss([1.0, 1.0], coupling=coupling)
        network.zero_grad()
        network.preselection.bias.grad = torch.zeros_like(network.preselection.bias)
        loss.evaluate(network, sample)["cross_entropy"].backward()
        gradients.append(network.preselection.bias.grad.clone())
        if coupling == 0:
            of_network = [parameter.grad.clone() for parameter in network.classifier.parameters()]
    assert (gradients[0] == 0).all()
    assert gradients[2].abs().sum() > 0
    torch.testing.assert_close(2 * gradients[1], gradients[2])
    # The network learns the same whatever the coupling.
    for first, last in zip(of_network, network.classifier.parameters(), strict=True):
        torch.testing.assert_close(first, last.grad)


@pytest.mark.parametrize("order_share", [0.2, 0.9])
def test_order_grows_in_its_share_of_the_epochs(order_share):
    network, sample = make_network(), make_sample()
    loss = JointLoss([0.3, 0.1], order_share=order_share, coupling=0.0)
    loss.begin_epoch(0.1)
    expected, *_ = plain_terms(network, sample, 0.1 / order_share, 0.0)
    assert loss.evaluate(network, sample)["efficiency"].item() == pytest.approx(expected)


def test_a_handover_at_once():
    loss = JointLoss([0.3, 0.1], handover=(0.5, 0.5), coupling=1.0)
    network, sample = make_network(), make_sample()
    for share, efficiency in ((0.49, True), (0.5, False)):
        loss.begin_epoch(share)
        assert bool(loss.evaluate(network, sample)["efficiency"] > 0) == efficiency


def test_losses_of_cuts_see_the_preselection():
    network, sample = make_network(n_rows=1), make_sample()
    terms = CutLoss(bce=1.0, cut_size=1.0).evaluate(network, sample)
    assert terms["cut_size"].item() == pytest.approx((network.preselection.cuts() ** 2).mean().item())


def test_order_zero_is_the_mean_of_logarithms():
    network, sample = make_network(), make_sample()
    loss = JointLoss([0.3, 0.1])
    loss.begin_epoch(1e-9)
    weights = sample.weights * sample.is_signal
    expected = -(weights @ network.preselection.log_score(sample.features)).sum() / weights.sum()
    # Of the order 1/1000, the smallest: the second cumulant is what is left.
    assert loss.evaluate(network, sample)["efficiency"].item() == pytest.approx(expected.item(), rel=5e-3)


def test_all_kept_is_the_cross_entropy_of_the_network():
    network, sample = make_network(start=0.0), make_sample()
    network.preselection.bias.data.fill_(1e3)
    equal = EventSample(sample.features, sample.is_signal, torch.ones(60, dtype=torch.float64))
    lost = JointLoss([1.0, 1.0], coupling=1.0).evaluate(network, equal)["cross_entropy"].item()
    outputs, signal = network.outputs(equal.features).detach(), equal.is_signal
    assert lost == pytest.approx(
        -(outputs[signal].log().mean(0) + (1 - outputs[~signal]).log().mean(0)).sum()
    )
    network.preselection.bias.data.fill_(-1e3)
    # All dropped, two classes of the same weight: a bit each way.
    assert JointLoss([1.0, 1.0], coupling=1.0).evaluate(network, equal)[
        "cross_entropy"
    ].item() == pytest.approx(4 * math.log(2))


@given(st.integers(0, 50), st.sampled_from([0.02, 0.3, 0.75, 0.999]))
def test_fitted_cuts_keep_the_fraction_and_not_an_event_more(seed, fraction):
    network, sample = make_network(n_rows=1), make_sample(90, seed)
    before = network.preselection.cuts().detach().clone()
    fit_kept_fractions(network.preselection, sample, [fraction])
    margins = network.preselection.margins(sample.features)[0].amin(dim=0).detach()
    weights = sample.weights * ~sample.is_signal
    kept = (weights * (margins > 0)).sum() / weights.sum()
    assert kept <= fraction + 1e-12
    # The next event would be too much.
    left_out = margins[(margins <= 0) & ~sample.is_signal]
    if len(left_out):
        following = (margins == left_out.max()) & ~sample.is_signal
        assert kept + weights[following].sum() / weights.sum() > fraction
    moved = (network.preselection.cuts() - before) * network.preselection.weight
    torch.testing.assert_close(moved, moved[:, :1].expand_as(moved))


def test_a_fraction_of_one_leaves_the_cuts():
    network = make_network()
    before = network.preselection.bias.detach().clone()
    fit_kept_fractions(network.preselection, make_sample(), [1.0, 1.0])
    assert torch.equal(network.preselection.bias, before)


def test_hard_scores_are_those_of_the_network_or_zero():
    network, sample = make_network(), make_sample()
    passes = (network.preselection.margins(sample.features) > 0).all(dim=1).T
    scores = network.hard_scores(sample.features)
    assert torch.equal(scores[passes], network.outputs(sample.features)[passes])
    assert (scores[~passes] == 0).all()


def test_trained_cuts_keep_what_was_asked_and_the_network_learns():
    generator = torch.Generator().manual_seed(5)
    is_signal = torch.arange(4000) % 2 == 0
    features = torch.randn(4000, 2, generator=generator) + 1.5 * is_signal[:, None] * torch.tensor(
        [1.0, -1.0]
    )
    sample = EventSample(features, is_signal, torch.ones(4000))
    torch.manual_seed(0)
    cuts = CutNetwork(2, 2, [1.0, -1.0], 30.0, start=2.0)
    network = JointNetwork(cuts, FullyConnectedNetwork(2, (8,), 2))
    schedule = Schedule(first_activation_scale=3.0, last_learning_rate=0.005)
    settings = TrainingSettings(250, "adam", 0.05, schedule=schedule, classifier_learning_rate=0.02)
    history = train(network, JointLoss([0.2, 0.05]), sample, None, settings)
    assert "test_total" not in history[0]
    fit_kept_fractions(cuts, sample, [0.2, 0.05])
    scores = network.hard_scores(features).detach()
    efficiencies = hard_cut_efficiencies((scores > 0).numpy(), is_signal.numpy(), np.ones(4000))
    assert efficiencies.background == pytest.approx([0.2, 0.05], abs=1e-3)
    # The best cuts on these classes, alike on both features, keep 0.836 and 0.593.
    assert efficiencies.signal == pytest.approx([0.836, 0.593], abs=0.03)
    kept = scores[:, 0] > 0
    assert scores[kept & is_signal, 0].mean() > scores[kept & ~is_signal, 0].mean() + 0.1


def test_any_loss_of_scores_trains_the_product():
    network, sample = make_network(n_rows=1), make_sample()
    history = train(network, CutLoss(bce=1.0), sample, sample, TrainingSettings(30, "adam", 0.05))
    assert history[-1]["train_total"] < history[0]["train_total"]


def test_any_module_can_stand_behind_the_cuts():
    cuts = CutNetwork(2, 3, [1.0, 1.0])
    for classifier in (LinearNetwork(2), torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Sigmoid())):
        network = JointNetwork(cuts, classifier)
        values = torch.randn(5, 2)
        torch.testing.assert_close(network(values), cuts(values) * classifier(values))


def test_cuts_may_follow_a_property():
    torch.manual_seed(0)
    cuts = CutNetwork(2, 1, [1.0, 1.0], bin_edges=[0.0, 10.0, 20.0])
    network = JointNetwork(cuts, FullyConnectedNetwork(2, (3,)))
    cuts.bias.data[1] = -100.0
    features = torch.tensor([[1.0, 1.0, 5.0], [1.0, 1.0, 15.0]])
    scores = network.hard_scores(features)
    assert scores[0].item() == network.classifier(features[:1, :2]).item()
    assert scores[1].item() == 0


def test_a_joint_network_is_saved_and_built_again(tmp_path):
    network = JointNetwork(CutNetwork(2, 1, [1.0, -1.0], start=1.0), FullyConnectedNetwork(2, (3,)))
    scaling = FeatureScaling(["a", "b"], [0, 0], [1, 1])
    save_network(tmp_path / "model.pt", TrainedNetwork(network, scaling, (">", "<"), {}))
    loaded = load_network(tmp_path / "model.pt", ["a", "b"])
    values = torch.randn(6, 2)
    torch.testing.assert_close(loaded.network(values), network(values))
    assert loaded.network.preselection.start == 1.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: JointLoss([]), r"must lie in \(0, 1\]"),
        (lambda: JointLoss([0.1, 0.0]), r"must lie in \(0, 1\]"),
        (lambda: JointLoss([1.1]), r"must lie in \(0, 1\]"),
        (lambda: JointLoss([0.1], stiffness=0), "stiffness of the constraint must be positive"),
        (lambda: JointLoss([0.1], order_share=0), "order_share must be a share"),
        (lambda: JointLoss([0.1], handover=[0.5, 0.4]), "handover must be two shares"),
        (lambda: JointLoss([0.1], coupling=1.1), "coupling must lie in"),
        (lambda: JointLoss([0.1], handover=[0.5]), "handover must be two shares"),
        (
            lambda: fit_kept_fractions(
                EfficiencyScanNetwork(2, [0.5, 0.9], [1.0, 1.0], monotone=True), make_sample(), [0.1, 0.2]
            ),
            "rows of a monotone scan",
        ),
        (lambda: JointLoss([0.1]).evaluate(LinearNetwork(2), make_sample()), "needs a preselection"),
        (lambda: make_network(3, 2)(make_sample().features), "for 3 rows of cuts"),
        (lambda: fit_kept_fractions(make_network().preselection, make_sample(), [0.1]), "for 2 rows of cuts"),
        (lambda: TrainingSettings(1, classifier_learning_rate=0.0), "classifier_learning_rate must be"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_raw_outputs_are_no_probabilities():
    network = make_network()
    network.classifier.layers[-1] = torch.nn.Identity()
    with pytest.raises(ValueError, match="end it in a sigmoid"):
        JointLoss([0.1, 0.1]).evaluate(network, make_sample())


def test_only_a_joint_network_has_a_classifier_to_set_a_rate_of():
    settings = TrainingSettings(1, classifier_learning_rate=0.1)
    with pytest.raises(ValueError, match="belongs to a joint network"):
        train(LinearNetwork(2).double(), CutLoss(bce=1.0), make_sample(), None, settings)
