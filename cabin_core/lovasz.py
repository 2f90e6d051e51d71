r"""The Lovász Z loss: a convex surrogate for the significance :math:`N_s / \sqrt{N_b}` of a classifier.

The set function is the loss of significance by a set of misclassified events. It is submodular, so its
Lovász extension to real-valued errors is convex, and sorting the errors gives its gradient. The algorithm
follows the text of the paper. The pseudocode printed there differs from the text: it applies the weights in
the unsorted order and outside of the cumulative sum, and permutes the gradient wrongly.

References
----------
Bardhan, Neeraj, Mitra and Mandal, arXiv:2412.09500, Eq 4 and 5, Algorithm 1 and Appendix B.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import softplus

#: The exponent that Lin et al. (arXiv:1708.02002) found best; arXiv:2412.09500 does not give one.
FOCAL_EXPONENT = 2.0


def hinge(logits: Tensor, is_signal: Tensor) -> Tensor:
    r"""Return :math:`\max(1 - t F, 0)` with t = +-1 for signal, background (Eq 6 of arXiv:2412.09500)."""
    return torch.relu(1 - _signed(logits, is_signal))


def sigmoid_error(logits: Tensor, is_signal: Tensor) -> Tensor:
    """Return the probability given to the wrong class, in [0, 1] (Eq 28 of arXiv:2412.09500)."""
    return torch.sigmoid(-_signed(logits, is_signal))


def cross_entropy(logits: Tensor, is_signal: Tensor) -> Tensor:
    """Return minus the logarithm of the probability given to the right class."""
    return softplus(-_signed(logits, is_signal))


def focal(logits: Tensor, is_signal: Tensor, exponent: float = FOCAL_EXPONENT) -> Tensor:
    """Return the cross-entropy times the probability of the wrong class to some power.

    Parameters
    ----------
    logits : Tensor, shape (..., n_events)
    is_signal : Tensor of bool, shape (n_events,)
    exponent : float
        Not negative; 0 gives the cross-entropy.

    Returns
    -------
    Tensor, shape (..., n_events)

    References
    ----------
    Lin et al., arXiv:1708.02002, Eq 4.
    """
    return cross_entropy(logits, is_signal) * sigmoid_error(logits, is_signal) ** exponent


def _signed(logits: Tensor, is_signal: Tensor) -> Tensor:
    return torch.where(is_signal, logits, -logits)


#: Functions for the error of each event, from the raw output and the class, by their names in the config.
ERRORS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "hinge": hinge,
    "sigmoid": sigmoid_error,
    "cross_entropy": cross_entropy,
    "focal": focal,
}


def z_score_shortfall(mistaken: Tensor, is_signal: Tensor, weights: Tensor, epsilon: float) -> Tensor:
    r"""Return the loss of significance by a set of misclassified events, the set function of Eq 5.

    .. math::
        \Delta(M) = \frac{N_s}{\sqrt\epsilon}
            - \frac{N_s - \sum_{i \in M \cap S} w_i}{\sqrt{\epsilon + \sum_{i \in M \cap B} w_i}}

    Parameters
    ----------
    mistaken : Tensor of bool, shape (..., n_events)
        True for misclassified events: rejected signal and accepted background.
    is_signal : Tensor of bool, shape (n_events,)
    weights : Tensor, shape (n_events,)
        Expected yield of each event [events].
    epsilon : float
        Positive constant that keeps the significance finite without background [events].

    Returns
    -------
    Tensor of float64, shape (...)
        Standard deviations; 0 for the empty set, :math:`N_s / \sqrt\epsilon` for all events.

    Raises
    ------
    ValueError
        As :func:`weighted_lovasz_z` does.
    """
    yields = _checked_weights(is_signal, weights, epsilon)
    if mistaken.dtype != torch.bool or mistaken.shape[-1:] != is_signal.shape:
        raise ValueError(f"mistaken needs {len(is_signal)} values of dtype torch.bool as its last axis")
    total = yields[is_signal].sum()
    lost = (mistaken * yields * is_signal).sum(dim=-1)
    accepted = (mistaken * yields * ~is_signal).sum(dim=-1)
    return total / math.sqrt(epsilon) - (total - lost) / torch.sqrt(epsilon + accepted)


def weighted_lovasz_z(errors: Tensor, is_signal: Tensor, weights: Tensor, epsilon: float) -> Tensor:
    """Return the Lovász extension of :func:`z_score_shortfall`, from the weights of the events.

    Parameters
    ----------
    errors : Tensor, shape (..., n_events)
        Error of each event, not negative. The loss is convex in the errors and grows with each of them.
    is_signal : Tensor of bool, shape (n_events,)
    weights : Tensor, shape (n_events,)
        Expected yield of each event [events], not negative.
    epsilon : float
        Positive [events].

    Returns
    -------
    Tensor, shape (...)
        Has the type of the errors. Sums and roots are computed in float64: in float32 the steps between
        100,000 neighbouring events would be lost in the rounding of their sum.

    Raises
    ------
    ValueError
        If a shape or type is wrong, an error or weight is negative, NaN or infinite, there is no signal
        event, or epsilon is not positive.
    """
    yields = _checked_weights(is_signal, weights, epsilon)
    if errors.shape[-1:] != is_signal.shape:
        raise ValueError(f"errors need {len(is_signal)} events as their last axis, not {tuple(errors.shape)}")
    with torch.no_grad():
        if errors.isnan().any():
            raise ValueError("an error is NaN: the training has diverged, lower the learning rate")
        if (errors < 0).any() or errors.isinf().any():
            raise ValueError("errors must be finite and not negative")
        order = errors.sort(dim=-1, descending=True, stable=True).indices
        steps = _steps(is_signal[order], yields[order], float(yields[is_signal].sum()), epsilon)
        # The steps in the order of the events, so that no gather of the errors enters the gradient.
        gradient = torch.empty_like(steps).scatter_(-1, order, steps).to(errors.dtype)
    return (errors * gradient).sum(dim=-1)


def _steps(is_signal: Tensor, weights: Tensor, total: float, epsilon: float) -> Tensor:
    """Return the increase of the set function by each event, added to the events before it; not negative.

    Differences of the set function itself would lose digits, so the parts that cancel are left out.
    """
    of_signal = weights * is_signal
    accepted = (weights * ~is_signal).cumsum(dim=-1)
    # A shifted copy instead of a difference: the difference of two large yields would lose a small epsilon.
    before = torch.roll(accepted, 1, dims=-1)
    before[..., 0] = 0.0
    kept = (total - of_signal.cumsum(dim=-1)).clamp(min=0.0)
    root, root_before = (epsilon + accepted).sqrt(), (epsilon + before).sqrt()
    of_background = kept * weights / (root * root_before * (root + root_before))
    return torch.where(is_signal, weights / root, of_background)


def _checked_weights(is_signal: Tensor, weights: Tensor, epsilon: float) -> Tensor:
    if not 0 < epsilon < math.inf:
        raise ValueError(f"epsilon must be positive and finite [events], not {epsilon}")
    if is_signal.dtype != torch.bool or is_signal.dim() != 1:
        raise ValueError("is_signal needs shape (n_events,) and dtype torch.bool")
    if weights.shape != is_signal.shape:
        raise ValueError(f"weights need shape ({len(is_signal)},), not {tuple(weights.shape)}")
    if not weights.isfinite().all():
        raise ValueError("weights must be finite")
    if (weights < 0).any():
        raise ValueError(
            "some weights are negative, with which the Lovász Z loss is not convex: train on the term "
            "significance of the loss, or drop these events at the source"
        )
    if not is_signal.any():
        raise ValueError("no signal event: the significance needs one")
    return weights.detach().to(torch.float64)


def lovasz_z_loss(
    errors: Tensor,
    labels: Tensor,
    processes: Tensor,
    cross_sections: Sequence[float] | Mapping[int, float] | Tensor,
    luminosity: float,
    epsilon: float | None = None,
) -> Tensor:
    r"""Return the Lovász Z loss of a set of events from several processes.

    Each event stands for :math:`w_i = \sigma_k L / v_k` expected events, where :math:`v_k` is the number of
    events of its process in the given set.

    Parameters
    ----------
    errors : Tensor, shape (n_events,)
        Error of each event, not negative, for example by one of :data:`ERRORS`. They can have a gradient.
    labels : Tensor, shape (n_events,)
        1 for signal, 0 for background; bool or numbers.
    processes : Tensor of integers, shape (n_events,)
        Process of each event, an index or key of ``cross_sections``.
    cross_sections : sequence or mapping of float
        Cross-section of each process [fb]; each process must have events, all of one class.
    luminosity : float
        Integrated luminosity [fb^-1].
    epsilon : float, optional
        Constant that keeps the significance finite without background [events]. Where absent it is the
        expected signal yield :math:`\sigma_s L`, as in the paper; with large backgrounds the best linear
        network then gives the same output for all events.

    Returns
    -------
    Tensor, shape ()
        0 if all errors are 0, :math:`N_s / \sqrt\epsilon` if all errors are 1 [standard deviations].

    Raises
    ------
    ValueError
        If a shape, label, cross-section, the luminosity or epsilon is wrong or missing, an error is
        negative or NaN, a process has no events or events of both classes.

    References
    ----------
    arXiv:2412.09500, Eq 4 and 5.

    Examples
    --------
    >>> errors = torch.tensor([0.5, 0.0, 2.0])
    >>> loss = lovasz_z_loss(errors, torch.tensor([1, 0, 0]), torch.tensor([0, 1, 1]), [0.1, 1.0], 10.0)
    >>> round(loss.item(), 4)
    1.3876
    """
    if errors.dim() != 1:
        raise ValueError(f"errors need shape (n_events,), not {tuple(errors.shape)}")
    label_values = torch.as_tensor(labels, device=errors.device)
    process_values = torch.as_tensor(processes, device=errors.device)
    for name, values in (("labels", label_values), ("processes", process_values)):
        if values.shape != errors.shape:
            raise ValueError(f"{name} need shape {tuple(errors.shape)}, not {tuple(values.shape)}")
    if not ((label_values == 0) | (label_values == 1)).all():
        raise ValueError("labels must be 0 (background) or 1 (signal)")
    is_signal = label_values == 1
    weights = event_yields(is_signal, process_values, cross_sections, luminosity)
    return weighted_lovasz_z(
        errors, is_signal, weights, float(weights[is_signal].sum()) if epsilon is None else epsilon
    )


def event_yields(
    is_signal: Tensor,
    processes: Tensor,
    cross_sections: Sequence[float] | Mapping[int, float] | Tensor,
    luminosity: float,
) -> Tensor:
    """Return the expected yield that each event stands for.

    Parameters
    ----------
    is_signal : Tensor of bool, shape (n_events,)
    processes, cross_sections, luminosity
        As :func:`lovasz_z_loss` takes them.

    Returns
    -------
    Tensor of float64, shape (n_events,)
        The yields of a process add up to its cross-section times the luminosity [events].

    Raises
    ------
    ValueError
        As :func:`lovasz_z_loss` does.
    """
    if luminosity is None or not 0 < luminosity < math.inf:
        raise ValueError(f"the luminosity must be positive [fb^-1], not {luminosity}")
    if cross_sections is None:
        raise ValueError("the cross-sections are missing: give one a process [fb]")
    of_process = (
        dict(cross_sections) if isinstance(cross_sections, Mapping) else dict(enumerate(cross_sections))
    )
    if processes.is_floating_point() or processes.is_complex() or processes.dtype == torch.bool:
        raise ValueError(f"processes must be integers, not {processes.dtype}")
    unknown = sorted(set(processes.unique().tolist()) - set(of_process))
    if unknown:
        raise ValueError(
            f"no cross-section of process {unknown[0]}: known are {', '.join(map(str, of_process))}"
        )
    weights = torch.zeros(processes.shape, dtype=torch.float64, device=processes.device)
    for process, cross_section in of_process.items():
        if cross_section is None or not 0 <= float(cross_section) < math.inf:
            raise ValueError(
                f"the cross-section of process {process} is missing or negative: {cross_section} fb"
            )
        of_this = processes == process
        n_events = int(of_this.sum())
        if n_events == 0:
            raise ValueError(f"process {process} has no events here: leave it out, or give it some")
        if is_signal[of_this].any() and not is_signal[of_this].all():
            raise ValueError(f"process {process} has signal and background events: give them two processes")
        weights[of_this] = float(cross_section) * luminosity / n_events
    return weights
