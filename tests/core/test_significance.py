"""The Asimov significance: exact over the whole range, finite everywhere."""

import itertools
import math

import mpmath
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cabin_core import ExpectedYields, asimov_significance

mpmath.mp.dps = 100
PRECISIONS = [torch.float32, torch.float64]


def exact(signal, background, uncertainty):
    """The formula as ATLAS writes it, with a hundred digits."""
    s, b, delta = map(mpmath.mpf, (signal, background, uncertainty))
    n, variance = s + b, (delta * b) ** 2
    if delta == 0:
        return mpmath.sqrt(2 * (n * mpmath.log(n / b) - s))
    first = n * mpmath.log(n * (b + variance) / (b**2 + n * variance))
    second = b**2 / variance * mpmath.log(1 + variance * s / (b * (b + variance)))
    return mpmath.sqrt(2 * (first - second))


def log_floats(low, high):
    return st.floats(low, high).map(lambda exponent: 10.0**exponent)


@pytest.mark.parametrize("precision", PRECISIONS)
@given(
    signal=log_floats(-6, 6),
    background=log_floats(-25, 8),
    uncertainty=st.one_of(st.sampled_from([0.0, 1.0]), log_floats(-8, 0)),
)
def test_agrees_with_the_exact_formula(precision, signal, background, uncertainty):
    s, b, delta = (torch.tensor(value, dtype=precision) for value in (signal, background, uncertainty))
    z = asimov_significance(s, b, delta)
    assert z.dtype == precision
    expected = exact(s.item(), b.item(), delta.item())
    assert abs(z.item() / expected - 1) < (1e-12 if precision == torch.float64 else 1e-6)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_finite_with_finite_gradients_everywhere(precision):
    signals, backgrounds = [0.0, 1e-30, 1e-6, 1.0, 1e6, 1e12], [0.0, 1e-35, 1e-6, 1.0, 1e8, 1e15]
    for values in itertools.product(signals, backgrounds, [0.0, 1e-8, 0.2, 1.0, 3.0]):
        arguments = [torch.tensor(value, dtype=precision, requires_grad=True) for value in values]
        z = asimov_significance(*arguments)
        z.backward()
        assert z.isfinite(), values
        assert z >= 0
        assert all(argument.grad.isfinite() for argument in arguments), values


def test_values_by_hand():
    # 2 (110 ln 1.1 - 10), without uncertainty
    assert asimov_significance(10.0, 100.0, 0.0).item() == pytest.approx(
        math.sqrt(2 * (110 * math.log(1.1) - 10))
    )
    assert asimov_significance(10.0, 100.0, 0.2).item() == pytest.approx(0.434, abs=5e-4)
    # little signal: s / sqrt(b + (delta b)^2)
    assert asimov_significance(1e-3, 100.0, 0.1).item() == pytest.approx(1e-3 / math.sqrt(200), rel=1e-5)
    assert asimov_significance(0.0, 100.0, 0.1).item() == 0.0


@given(st.lists(log_floats(-3, 3), min_size=3, max_size=3), st.floats(1.01, 10.0))
def test_more_signal_helps_and_more_background_or_uncertainty_does_not(numbers, factor):
    s, b, delta = numbers[0], numbers[1], min(numbers[2], 1.0)
    z = asimov_significance(s, b, delta)
    assert asimov_significance(factor * s, b, delta) > z
    assert asimov_significance(s, factor * b, delta) < z
    assert asimov_significance(s, b, factor * delta) < z


def test_gradients():
    s, b, delta = (
        torch.tensor(values, dtype=torch.float64, requires_grad=True)
        for values in ([1.0, 30.0, 0.05, 3.0], [2.0, 500.0, 100.0, 0.01], [0.1, 0.5, 0.9, 0.3])
    )
    assert torch.autograd.gradcheck(asimov_significance, (s, b, delta))


def test_counts_of_events_are_numbers_too():
    z = asimov_significance(torch.tensor([10]), torch.tensor([100]), 0.2)
    assert z.dtype == torch.float64
    assert z.item() == pytest.approx(0.434, abs=5e-4)


def test_shapes_broadcast():
    z = asimov_significance(torch.tensor([1.0, 2.0]), 3.0, torch.tensor([[0.1], [0.2]]))
    assert z.shape == (2, 2)
    assert (z[0] > z[1]).all()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((-1.0, 1.0, 0.1), "signal"),
        ((1.0, -1.0, 0.1), "background"),
        ((1.0, 1.0, -0.1), "relative_uncertainty"),
        ((math.nan, 1.0, 0.1), "signal"),
        ((1.0, math.inf, 0.1), "background"),
    ],
)
def test_refuses(arguments, named):
    with pytest.raises(ValueError, match=f"{named} must be finite and not negative"):
        asimov_significance(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"signal": 0.0}, "expected signal must be a positive yield"),
        ({"background": -1.0}, "expected background must be a positive yield"),
        ({"relative_uncertainty": -0.1}, "relative uncertainty must not be negative"),
        ({"irreducible_background": -0.1}, "irreducible background must not be negative"),
        ({"minimum_signal": 10.0}, "10 events, must be less than the 10 expected before the cuts"),
    ],
)
def test_expected_yields_refuse(arguments, message):
    with pytest.raises(ValueError, match=message):
        ExpectedYields(**{"signal": 10.0, "background": 100.0} | arguments)


def test_significance_of_efficiencies():
    yields = ExpectedYields(20.0, 1000.0, 0.2, irreducible_background=5.0)
    z = yields.significance(torch.tensor([0.5]), torch.tensor([0.1]))
    torch.testing.assert_close(z, asimov_significance(torch.tensor([10.0]), torch.tensor([105.0]), 0.2))
