"""The Lovász Z loss: its set function, its extension, the errors, and what training on it does."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.autograd import gradcheck

from cabin_core import lovasz_z_loss
from cabin_core.lovasz import ERRORS, event_yields, focal, weighted_lovasz_z, z_score_shortfall

#: Cross-sections of signal and backgrounds [fb]; the third is the toy of arXiv:2412.09500 in case 1.
MIXTURES = {
    "one background": [0.1, 3.0],
    "1:100": [0.1, 1.0, 100.0],
    "100:1": [0.1, 100.0, 1.0],
    "1000:0.01": [0.1, 1000.0, 0.01],
}
LUMINOSITY = 3000.0


def mixture(name, n_events=10, seed=0):
    """Return labels, processes and weights of events of a mixture, in random order."""
    sigma = MIXTURES[name]
    processes = torch.arange(n_events) % len(sigma)
    processes = processes[torch.randperm(n_events, generator=torch.Generator().manual_seed(seed))]
    is_signal = processes == 0
    return is_signal, processes, event_yields(is_signal, processes, sigma, LUMINOSITY)


def all_sets(n_events):
    """Return all sets of events, shape (2 ** n_events, n_events); the number of a set is its bits."""
    return (torch.arange(2**n_events)[:, None] >> torch.arange(n_events)) % 2 == 1


def random_errors(*shape, seed=0, top=3.0):
    return top * torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


mixtures = pytest.mark.parametrize("name", MIXTURES)
epsilons = pytest.mark.parametrize("epsilon", [300.0, 0.01, 1e4])


# ---- Z1: the set function and its extension ----


@mixtures
@epsilons
def test_set_function_of_no_and_all_events(name, epsilon):
    is_signal, _, weights = mixture(name)
    none, every = torch.zeros(10, dtype=torch.bool), torch.ones(10, dtype=torch.bool)
    assert z_score_shortfall(none, is_signal, weights, epsilon).item() == 0.0
    assert z_score_shortfall(every, is_signal, weights, epsilon).item() == pytest.approx(
        300.0 / math.sqrt(epsilon), rel=1e-12
    )


def test_set_function_by_hand():
    is_signal, weights = torch.tensor([True, True, False, False]), torch.tensor([1.0, 2.0, 3.0, 4.0])
    missed = torch.tensor([True, False, False, True])
    expected = 3 / math.sqrt(5) - (3 - 1) / math.sqrt(5 + 4)
    assert z_score_shortfall(missed, is_signal, weights, 5.0).item() == pytest.approx(expected, rel=1e-14)


@mixtures
@epsilons
def test_extension_is_the_set_function_on_every_set(name, epsilon):
    is_signal, _, weights = mixture(name)
    sets = all_sets(10)
    extended = weighted_lovasz_z(sets.double(), is_signal, weights, epsilon)
    torch.testing.assert_close(
        extended,
        z_score_shortfall(sets, is_signal, weights, epsilon),
        rtol=0,
        atol=1e-12 * max(1000.0, 300.0 / math.sqrt(epsilon)),
    )


@mixtures
@epsilons
def test_set_function_is_submodular_and_monotone_on_every_set(name, epsilon):
    """Eq 3 for every set and every two events outside of it."""
    is_signal, _, weights = mixture(name)
    delta = z_score_shortfall(all_sets(10), is_signal, weights, epsilon)
    numbers = torch.arange(2**10)
    for i, j in itertools.combinations(range(10), 2):
        outside = numbers[(numbers >> i) % 2 + (numbers >> j) % 2 == 0]
        with_i, with_j, with_both = outside + 2**i, outside + 2**j, outside + 2**i + 2**j
        assert (delta[with_i] + delta[with_j] - delta[with_both] - delta[outside]).min() > -1e-10
        assert (delta[with_i] - delta[outside]).min() > -1e-10


@mixtures
@given(seed=st.integers(0, 10_000), share=st.floats(0.01, 0.99), epsilon=st.sampled_from([0.01, 300.0, 1e4]))
def test_extension_is_convex(name, seed, share, epsilon):
    is_signal, _, weights = mixture(name, 30, seed)
    errors = random_errors(2, 30, seed=seed)
    between = share * errors[0] + (1 - share) * errors[1]
    ends = weighted_lovasz_z(errors, is_signal, weights, epsilon)
    middle = weighted_lovasz_z(between, is_signal, weights, epsilon)
    assert share * ends[0] + (1 - share) * ends[1] - middle > -1e-9


@mixtures
@given(seed=st.integers(0, 10_000))
def test_extension_sums_differences_of_the_set_function(name, seed):
    """Eq 4 with the corrected sets, one event at a time; the loss and its gradient."""
    is_signal, _, weights = mixture(name, 12, seed)
    errors = random_errors(12, seed=seed).requires_grad_()
    loss = weighted_lovasz_z(errors, is_signal, weights, 300.0)
    loss.backward()
    mistaken, before, expected = torch.zeros(12, dtype=torch.bool), 0.0, 0.0
    for event in errors.detach().argsort(descending=True).tolist():
        mistaken[event] = True
        after = z_score_shortfall(mistaken, is_signal, weights, 300.0).item()
        assert errors.grad[event].item() == pytest.approx(after - before, abs=1e-9)
        expected += errors[event].item() * (after - before)
        before = after
    assert loss.item() == pytest.approx(expected, abs=1e-9)
    assert (errors.grad >= 0).all()


@mixtures
@given(seed=st.integers(0, 10_000), rounded=st.booleans())
def test_order_of_events_does_not_matter(name, seed, rounded):
    is_signal, _, weights = mixture(name, 20)
    errors = random_errors(20, seed=seed)
    errors = errors.round() if rounded else errors  # many events of the same error
    order = torch.randperm(20, generator=torch.Generator().manual_seed(seed))
    shuffled = weighted_lovasz_z(errors[order], is_signal[order], weights[order], 300.0)
    assert shuffled.item() == pytest.approx(
        weighted_lovasz_z(errors, is_signal, weights, 300.0).item(), abs=1e-9
    )


@mixtures
def test_normalised_form_of_the_printed_algorithm(name):
    """Algorithm 1 with the weights in the order of the errors, over N_s, times its root is Eq 5."""
    is_signal, processes, weights = mixture(name, 20)
    errors = random_errors(20)
    values, order = errors.sort(descending=True)
    labels, relative = is_signal[order].double(), weights[order] / 300.0
    steps = 1 - (1 - (labels * relative).cumsum(0)) / torch.sqrt(1 + ((1 - labels) * relative).cumsum(0))
    steps[1:] = steps[1:] - steps[:-1].clone()
    expected = math.sqrt(300.0) * (values * steps).sum()
    loss = lovasz_z_loss(errors, is_signal, processes, MIXTURES[name], LUMINOSITY)
    assert loss.item() == pytest.approx(expected.item(), abs=1e-9)


@mixtures
def test_gradients(name):
    is_signal, processes, weights = mixture(name, 12)
    errors = random_errors(12).requires_grad_()
    assert gradcheck(lambda m: weighted_lovasz_z(m, is_signal, weights, 300.0), errors)
    logits = (random_errors(12, seed=3) - 1.5).requires_grad_()
    for error in ERRORS.values():
        assert gradcheck(
            lambda f, error=error: lovasz_z_loss(
                error(f, is_signal), is_signal, processes, MIXTURES[name], LUMINOSITY, 50.0
            ),
            logits,
        )


def test_by_hand():
    errors = torch.tensor([0.5, 0.0, 2.0], dtype=torch.float64)
    loss = lovasz_z_loss(errors, torch.tensor([1, 0, 0]), torch.tensor([0, 1, 1]), [0.1, 1.0], 10.0)
    # N_s = epsilon = 1, 5 events of background each: first the background, then the signal.
    first = 1 - 1 / math.sqrt(1 + 5)
    assert loss.item() == pytest.approx(2.0 * first + 0.5 * (1 - first), rel=1e-12)


def test_cross_sections_by_key_and_as_tensor():
    is_signal, processes, _ = mixture("1:100")
    errors, sigma = random_errors(10), MIXTURES["1:100"]
    expected = lovasz_z_loss(errors, is_signal, processes, sigma, LUMINOSITY)
    by_key = lovasz_z_loss(
        errors, is_signal.long(), processes + 7, dict(zip((7, 8, 9), sigma, strict=True)), LUMINOSITY
    )
    as_tensor = lovasz_z_loss(
        errors, is_signal.float(), processes, torch.tensor(sigma, dtype=torch.float64), LUMINOSITY
    )
    assert by_key == expected == as_tensor


def test_many_events_in_float32():
    is_signal, _, weights = mixture("1:100", 150_000)
    errors = random_errors(150_000)
    exact = weighted_lovasz_z(errors, is_signal, weights, 300.0)
    single = weighted_lovasz_z(errors.float(), is_signal, weights.float(), 300.0)
    assert single.dtype == torch.float32
    assert single.item() == pytest.approx(exact.item(), rel=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epsilon": 0.0}, "epsilon must be positive"),
        ({"epsilon": -1.0}, "epsilon must be positive"),
        ({"epsilon": math.nan}, "epsilon must be positive"),
        ({"luminosity": None}, "the luminosity must be positive"),
        ({"luminosity": -3.0}, "the luminosity must be positive"),
        ({"cross_sections": None}, "cross-sections are missing"),
        ({"cross_sections": [0.1]}, "no cross-section of process 1"),
        ({"cross_sections": [0.1, -1.0]}, "cross-section of process 1 is missing or negative: -1.0 fb"),
        ({"cross_sections": [0.1, None]}, "cross-section of process 1 is missing or negative"),
        ({"cross_sections": [0.1, math.nan]}, "cross-section of process 1 is missing or negative"),
        ({"cross_sections": [0.1, 1.0, 5.0]}, "process 2 has no events"),
        ({"cross_sections": [0.0, 1.0]}, "epsilon must be positive"),
        ({"processes": torch.tensor([0, 0, 1])}, "process 0 has signal and background events"),
        ({"processes": torch.tensor([0.0, 1.0, 1.0])}, "processes must be integers"),
        ({"processes": torch.tensor([0, 1])}, r"processes need shape \(3,\)"),
        ({"labels": torch.tensor([1, 0])}, r"labels need shape \(3,\)"),
        ({"labels": torch.tensor([1, 0, 2])}, "labels must be 0"),
        ({"labels": torch.tensor([0, 0, 0])}, "no signal event|epsilon must be positive"),
        ({"errors": torch.rand(3, 2)}, r"errors need shape \(n_events,\)"),
        ({"errors": torch.tensor([0.1, math.nan, 0.0])}, "an error is NaN"),
        ({"errors": torch.tensor([0.1, -0.1, 0.0])}, "errors must be finite and not negative"),
    ],
)
def test_wrong_input_gets_one_line(change, message):
    given_input = {
        "errors": torch.tensor([0.5, 0.0, 2.0]),
        "labels": torch.tensor([1, 0, 0]),
        "processes": torch.tensor([0, 1, 1]),
        "cross_sections": [0.1, 1.0],
        "luminosity": 10.0,
    }
    with pytest.raises(ValueError, match=message) as error:
        lovasz_z_loss(**given_input | change)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("weights", "mistaken", "message"),
    [
        (torch.ones(3), torch.zeros(2, dtype=torch.bool), "weights need shape"),
        (torch.tensor([1.0, -1.0]), torch.zeros(2, dtype=torch.bool), "some weights are negative, with"),
        (torch.ones(2), torch.zeros(2), "mistaken needs 2 values of dtype torch.bool"),
    ],
)
def test_wrong_sets_get_one_line(weights, mistaken, message):
    with pytest.raises(ValueError, match=message):
        z_score_shortfall(mistaken, torch.tensor([True, False]), weights, 1.0)


# ---- the errors ----


def test_errors_by_hand():
    logits, is_signal = (
        torch.tensor([2.0, -0.5, 0.25], dtype=torch.float64),
        torch.tensor([True, True, False]),
    )
    wrong = [1 / (1 + math.exp(2.0)), 1 / (1 + math.exp(-0.5)), 1 / (1 + math.exp(-0.25))]
    assert ERRORS["hinge"](logits, is_signal).tolist() == [0.0, 1.5, 1.25]
    assert ERRORS["sigmoid"](logits, is_signal).tolist() == pytest.approx(wrong)
    entropy = [-math.log(1 - p) for p in wrong]
    assert ERRORS["cross_entropy"](logits, is_signal).tolist() == pytest.approx(entropy)
    expected = [p**2 * e for p, e in zip(wrong, entropy, strict=True)]
    assert ERRORS["focal"](logits, is_signal).tolist() == pytest.approx(expected)
    assert focal(logits, is_signal, 0.0).tolist() == pytest.approx(entropy)


@pytest.mark.parametrize("error", ERRORS)
def test_errors_are_finite_and_fall_with_the_right_output(error):
    logits = torch.linspace(-800, 800, 101, dtype=torch.float64).requires_grad_()
    for is_signal in (True, False):
        values = ERRORS[error](logits, torch.full((101,), is_signal))
        (gradient,) = torch.autograd.grad(values.sum(), logits)
        assert (values >= 0).all()
        assert values.isfinite().all()
        assert gradient.isfinite().all()
        assert ((values.diff() <= 0) if is_signal else (values.diff() >= 0)).all()
