"""The expected significance of a counting experiment whose background is known up to an uncertainty."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

#: A smaller background is replaced by this [events]. Without it the significance diverges for a vanishing
#: background, as the root of a logarithm. With it value and gradient are finite in float32 and float64.
LEAST_BACKGROUND = {torch.float32: 1e-30, torch.float64: 1e-200}
#: Below this argument a series is more accurate than the formula.
_SERIES_UP_TO = 0.1
_SERIES_TERMS = 18
#: Nodes and weights of the Gauss-Legendre quadrature on (0, 1).
_NODES = (0.04691007703066800, 0.23076534494715845, 0.5, 0.76923465505284155, 0.95308992296933200)
_WEIGHTS = (
    0.11846344252809454,
    0.23931433524968324,
    0.28444444444444444,
    0.23931433524968324,
    0.11846344252809454,
)
#: If the squared ratio of the uncertainty to the statistical one is above this, the second formula is used.
_UNCERTAIN_FROM = 10.0


def asimov_significance(
    signal: Tensor | float, background: Tensor | float, relative_uncertainty: Tensor | float
) -> Tensor:
    r"""Return the expected discovery significance of signal over an uncertain background.

    .. math::
        Z = \sqrt{2\left(n\ln\frac{n(b+\sigma^2)}{b^2+n\sigma^2}
            - \frac{b^2}{\sigma^2}\ln\left[1+\frac{\sigma^2(n-b)}{b(b+\sigma^2)}\right]\right)},
        \quad n=s+b,\quad \sigma=\delta b

    The limit without uncertainty is :math:`\sqrt{2(n\ln(n/b)-s)}`; the limit of a small signal is
    :math:`s/\sqrt{b+\sigma^2}`.

    Parameters
    ----------
    signal, background : Tensor or float
        Expected yields s and b [events], not negative. They are sums over events, not scores of one event. A
        background below :data:`LEAST_BACKGROUND` is replaced by that.
    relative_uncertainty : Tensor or float
        Relative uncertainty delta of the background, not negative.

    Returns
    -------
    Tensor
        Significance in standard deviations, in the common shape of the three arguments. The precision is that
        of the yields, or float64 if these are integers. Larger is better: a loss is its negative. Gradients
        are finite for yields from 0 to 1e15.

    Raises
    ------
    ValueError
        If an argument is negative, NaN or infinite.

    Notes
    -----
    If the signal is a small part of the background, the two terms of the formula agree to many digits, and
    their difference loses accuracy. With :math:`\psi(x)=[(1+x)\ln(1+x)-x]/x^2` the formula becomes

    .. math:: Z = s\sqrt{2\left[\frac{\psi(s/b)}{b}-\frac{\psi(s/c)}{c}\right]}
        = s\sqrt{2\int_{1/c}^{1/b}\frac{sw-\ln(1+sw)}{(sw)^2}\,dw},\quad c=b+1/\delta^2

    The second form is used if b and c differ little, that is if the uncertainty is many times the
    statistical one. Both are computed in float64 for yields of any precision.

    References
    ----------
    ATLAS, "Formulae for Estimating Significance", ATL-PHYS-PUB-2020-025, https://cds.cern.ch/record/2736148;
    without uncertainty G. Cowan et al., arXiv:1007.1727, Eq. (97).

    Examples
    --------
    >>> round(asimov_significance(10.0, 100.0, 0.2).item(), 3)
    0.434
    """
    signal, background, uncertainty = _as_tensors(signal, background, relative_uncertainty)
    precision = torch.promote_types(signal.dtype, background.dtype)
    if not precision.is_floating_point:  # counts of events
        precision = torch.float64
    least = LEAST_BACKGROUND[torch.float64 if precision == torch.float64 else torch.float32]
    s = signal.to(torch.float64)
    b = background.to(torch.float64).clamp(min=least)
    variance = uncertainty.to(torch.float64) ** 2
    uncertain = variance * b > _UNCERTAIN_FROM
    difference = torch.where(
        uncertain,
        _difference_by_integral(
            s, torch.where(uncertain, b, 1.0), torch.where(uncertain, variance, _UNCERTAIN_FROM)
        ),
        _difference_by_terms(s, torch.where(uncertain, 1.0, b), variance),
    )
    return (s * (2 * difference).sqrt()).to(precision)


def _as_tensors(*values: Tensor | float) -> tuple[Tensor, ...]:
    device = next((value.device for value in values if isinstance(value, Tensor)), None)
    tensors = tuple(
        value if isinstance(value, Tensor) else torch.as_tensor(value, dtype=torch.float64, device=device)
        for value in values
    )
    for name, tensor in zip(("signal", "background", "relative_uncertainty"), tensors, strict=True):
        if not (tensor.isfinite() & (tensor >= 0)).all():
            raise ValueError(
                f"{name} must be finite and not negative: {tensor.detach().flatten()[:5].tolist()}"
            )
    return tensors


def _difference_by_terms(s: Tensor, b: Tensor, variance: Tensor) -> Tensor:
    """Return ``psi(s / b) / b - psi(s / c) / c``; the second term is zero without uncertainty."""
    inverse_c = variance / (1 + variance * b)
    return _psi(s / b) / b - _psi(s * inverse_c) * inverse_c


def _difference_by_integral(s: Tensor, b: Tensor, variance: Tensor) -> Tensor:
    """Return the same difference, if ``1 / b`` and ``1 / c`` are close to one another."""
    inverse_c = variance / (1 + variance * b)
    step = 1 / (b * (1 + variance * b))
    values = [
        weight * _chi(s * (inverse_c + node * step)) for node, weight in zip(_NODES, _WEIGHTS, strict=True)
    ]
    return step * torch.stack(values).sum(dim=0)


def _psi(x: Tensor) -> Tensor:
    """Return ``((1 + x) ln(1 + x) - x) / x**2`` for x >= 0; one half at 0."""
    small, near, far = _split(x)
    formula = ((1 + 1 / far) * torch.log1p(far) - 1) / far
    return torch.where(small, _series(near, lambda k: k * (k - 1)), formula)


def _chi(x: Tensor) -> Tensor:
    """Return ``(x - ln(1 + x)) / x**2``, the derivative of x psi(x), for x >= 0; one half at 0."""
    small, near, far = _split(x)
    formula = (1 - torch.log1p(far) / far) / far
    return torch.where(small, _series(near, lambda k: k), formula)


def _split(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return where a series is better, and arguments for both branches that are safe where it is not used.

    Without safe arguments the unused branch would make gradients NaN.
    """
    small = x < _SERIES_UP_TO
    return small, torch.where(small, x, 0.0), torch.where(small, 1.0, x)


def _series(x: Tensor, denominator: Callable[[int], int]) -> Tensor:
    """Return the sum over k >= 2 of ``(-1)**k x**(k - 2) / denominator(k)``."""
    total = torch.zeros_like(x)
    for k in range(_SERIES_TERMS + 1, 1, -1):
        total = (-1) ** k / denominator(k) + x * total
    return total
