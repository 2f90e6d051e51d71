"""The loss for cuts, as a differentiable preselection, and a network behind them, trained together.

After G. Watts, "Differentiable Programming: Neural Networks and Selection Cuts Working Together" (poster),
and the Discussion of arXiv:2502.08615.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from .classifiers import JointNetwork
from .constraint import EfficiencyConstraint, log_of_efficiency
from .cuts import CutNetwork
from .events import EventSample
from .loss import Loss, LossTerms, LossValue
from .numbers import check_kept_fractions

if TYPE_CHECKING:
    from .schedule import Schedule

#: Order of the mean of the signal's weights at the first epoch; the formula has only a limit at order 0.
FIRST_ORDER = 1e-3


@dataclass(frozen=True)
class JointSums:
    """Weighted sums over events for each row of a preselection; the sums of two chunks add up.

    Parameters
    ----------
    signal_weight, background_weight : Tensor, shape (n_rows,)
        Sums of weights of all events of a class.
    kept_signal, kept_background : Tensor, shape (n_rows,)
        Sums of weight times the preselection's score.
    signal_cross_entropy, background_cross_entropy : Tensor, shape (n_rows,)
        Sums of weight times the preselection's score times the cross-entropy of the classifier.
    signal_power : Tensor, shape (n_rows,)
        Sum over the signal of weight times a power of the preselection's score.
    """

    signal_weight: Tensor
    background_weight: Tensor
    kept_signal: Tensor
    kept_background: Tensor
    signal_cross_entropy: Tensor
    background_cross_entropy: Tensor
    signal_power: Tensor

    def __add__(self, other: JointSums) -> JointSums:
        return JointSums(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @classmethod
    def from_events(
        cls,
        network: JointNetwork,
        features: Tensor,
        is_signal: Tensor,
        signal_weights: Tensor,
        background_weights: Tensor,
        order: float,
        coupling: float,
    ) -> JointSums:
        """Sum over the events of a sample, or of a chunk, which may lack a class.

        Parameters
        ----------
        network : JointNetwork
        features, is_signal, signal_weights, background_weights
            As in :class:`~cabin_core.events.EventSample`.
        order : float
            The power.
        coupling : float
            Factor, in [0, 1], on the gradient of the cross-entropy with respect to the cuts.

        Returns
        -------
        JointSums

        Raises
        ------
        ValueError
            If an output of the classifier is NaN or outside [0, 1].
        """
        if order == 1:
            kept = power = network.kept(features)
        else:
            logarithms = network.log_kept(features)
            kept, power = logarithms.exp(), (order * logarithms).exp()
        outputs = network.outputs(features)
        lowest, highest = outputs.detach().aminmax()
        # The comparisons are false for NaN, which is lowest and highest where there is one.
        if not (lowest >= 0 and highest <= 1):
            raise ValueError(
                "an output of the classifier is NaN or outside [0, 1]: end it in a sigmoid, or lower the "
                "learning rate"
            )
        of_signal, of_background = signal_weights[:, None], background_weights[:, None]
        cross_entropy = cross_entropy_of(outputs, is_signal) * _scaled(kept, coupling)
        n_rows = kept.shape[1]
        return cls(
            signal_weight=of_signal.sum().expand(n_rows),
            background_weight=of_background.sum().expand(n_rows),
            kept_signal=(of_signal * kept).sum(dim=0),
            kept_background=(of_background * kept).sum(dim=0),
            signal_cross_entropy=(of_signal * cross_entropy).sum(dim=0),
            background_cross_entropy=(of_background * cross_entropy).sum(dim=0),
            signal_power=(of_signal * power).sum(dim=0),
        )


class JointLoss(Loss):
    r"""Loss for cuts that keep at most a given fraction of the background, and a classifier behind them.

    With weights :math:`s` of the preselection and outputs :math:`p` of the classifier, both classes counting
    the same, the cross-entropy of the whole chain is

    .. math:: C = \langle -s\ln p\rangle_S + \langle -s\ln(1-p)\rangle_B
              + H(1-\langle s\rangle_S, 1-\langle s\rangle_B),\quad
              H(a,b)=-a\ln\frac{a}{a+b}-b\ln\frac{b}{a+b}

    for each row. A kept event contributes the cross-entropy of the classifier; of the dropped events only the
    numbers in each class count. So the cuts learn to keep events that the classifier can separate, and the
    classifier learns from the events that it will see.

    In the first part of a training the cuts minimise
    :math:`E=-\frac{1}{\tau}\ln\langle s^\tau\rangle_S`. Its order :math:`\tau` grows from 0, where :math:`E`
    is :math:`-\langle\ln s\rangle_S` and convex in the cuts, to 1, where it is minus the logarithm of the
    signal efficiency; cuts that start with order 1 end in poor local minima. After that :math:`E` changes
    gradually to :math:`(1-c)E+cC`. The classifier minimises :math:`C` from the first epoch on: the value of
    the loss is :math:`(1-c)E+C`, and the factor :math:`c` applies only to the gradient of the cuts. A
    constraint (:class:`~cabin_core.constraint.EfficiencyConstraint`) keeps :math:`\langle s\rangle_B` below
    its bound.

    Parameters
    ----------
    kept_fractions : sequence of float
        The largest fraction of the background that each row of the preselection keeps, in (0, 1].
    stiffness : float
        Stiffness of the constraint, best about ten times the relative change of the signal efficiency over
        that of the kept fraction: 10 where both change alike, 0.1 where the background falls a hundred times
        faster. With a much larger stiffness the cuts stay where they first meet the bound.
    order_share : float
        Share of the epochs, in (0, 1], during which the order grows to 1.
    handover : tuple of float
        Shares of the epochs between which E changes to the sum.
    coupling : float
        The constant c, in [0, 1]. With 0 the cuts ignore the classifier; with 1 they minimise the
        cross-entropy, which can keep a little less signal.

    Raises
    ------
    ValueError
        If a fraction is outside (0, 1], there is none, or another number is out of range.
    """

    def __init__(
        self,
        kept_fractions: Sequence[float],
        *,
        stiffness: float = 10.0,
        order_share: float = 0.5,
        handover: Sequence[float] = (0.4, 0.7),
        coupling: float = 0.5,
    ) -> None:
        self.kept_fractions = check_kept_fractions(kept_fractions)
        if not 0 < order_share <= 1:
            raise ValueError(f"order_share must be a share of the epochs in (0, 1], not {order_share}")
        if not 0 <= coupling <= 1:
            raise ValueError(f"coupling must lie in [0, 1], not {coupling}")
        if len(handover) != 2 or not 0 <= handover[0] <= handover[1] <= 1:
            raise ValueError(f"handover must be two shares of the epochs in increasing order: {handover}")
        self.constraint = EfficiencyConstraint(self.kept_fractions, stiffness, at_most=True)
        self.order_share = float(order_share)
        self.handover, self.coupling = (float(handover[0]), float(handover[1])), float(coupling)
        self.begin_epoch(1.0)

    def variant(
        self,
        kept_fractions: Sequence[float] | None = None,
        *,
        handover: Sequence[float] | None = None,
        coupling: float | None = None,
    ) -> JointLoss:
        """Return a copy of the loss with some arguments changed."""
        return JointLoss(
            self.kept_fractions if kept_fractions is None else kept_fractions,
            stiffness=self.constraint.stiffness,
            order_share=self.order_share,
            handover=self.handover if handover is None else handover,
            coupling=self.coupling if coupling is None else coupling,
        )

    def begin_epoch(self, share: float, schedule: Schedule | None = None) -> None:
        """Set order and handover for a share, in (0, 1], of the training; the schedule has no effect."""
        self._order = min(max(share / self.order_share, FIRST_ORDER), 1.0)
        begin, end = self.handover
        passed = 1.0 if share >= end else 0.0 if share <= begin else (share - begin) / (end - begin)
        self._coupling = self.coupling * passed

    def end_epoch(
        self, epoch: int, network: nn.Module, sample: EventSample, value: LossValue | None = None
    ) -> None:
        """Update the multipliers of the constraint when they are due."""
        if self.constraint.is_due(epoch):
            self.constraint.update(self.constrained_efficiency(network, sample))

    def evaluate(self, network: nn.Module, sample: EventSample, chunk_size: int | None = None) -> LossTerms:
        """Return the terms of the loss of a joint network on a sample.

        Raises
        ------
        ValueError
            If the network does not consist of a preselection and a classifier.
        """
        return self(self._sums(network, sample, chunk_size))

    def constrained_efficiency(self, network: nn.Module, sample: EventSample) -> Tensor:
        """Return the fraction of the background that is kept, shape (n_rows,), for the constraint."""
        joint, size = _checked(network), sample.chunk_size()
        chunks = zip(sample.by_feature.split(size), sample.background_weights.split(size), strict=True)
        kept = torch.stack(
            [(joint.kept(features) * weights[:, None]).sum(dim=0) for features, weights in chunks]
        )
        efficiency: Tensor = kept.sum(dim=0) / sample.background_weights.sum()
        return efficiency

    def _sums(self, network: nn.Module, sample: EventSample, chunk_size: int | None = None) -> JointSums:
        joint, order = _checked(network), 1.0 if self._coupling == 1 else self._order
        columns = (sample.by_feature, sample.is_signal, sample.signal_weights, sample.background_weights)
        chunks = zip(*(column.split(chunk_size or sample.chunk_size()) for column in columns), strict=True)
        first, *others = (
            JointSums.from_events(joint, features, is_signal, signal, background, order, self._coupling)
            for features, is_signal, signal, background in chunks
        )
        return sum(others, start=first)

    def __call__(self, sums: JointSums) -> LossTerms:
        """Return the terms of the loss from sums over events."""
        signal, background = sums.signal_weight, sums.background_weight
        efficiency = sums.kept_signal.new_zeros(())
        if self._coupling < 1:
            logarithm = log_of_efficiency(sums.signal_power / signal)
            efficiency = (self._coupling - 1) * (logarithm / self._order).sum()
        kept = sums.signal_cross_entropy / signal + sums.background_cross_entropy / background
        dropped = _entropy_of_counts(
            _scaled(1 - sums.kept_signal / signal, self._coupling),
            _scaled(1 - sums.kept_background / background, self._coupling),
        )
        return LossTerms(
            {
                "efficiency": efficiency,
                "cross_entropy": (kept + dropped).sum(),
                "constraint": self.constraint(sums.kept_background / background),
            }
        )


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, outputs: Tensor, is_signal: Tensor) -> Tensor:
        ctx.save_for_backward(outputs, is_signal)
        return -torch.where(is_signal[:, None], outputs, 1 - outputs).log_().clamp_(min=-100.0)

    @staticmethod
    def backward(ctx: Any, slopes: Tensor) -> tuple[Tensor, None]:
        outputs, is_signal = ctx.saved_tensors
        labels = is_signal.to(outputs.dtype)[:, None].expand_as(outputs)
        backward = torch.ops.aten.binary_cross_entropy_backward
        return backward(slopes, outputs, labels, None, 0), None


def cross_entropy_of(outputs: Tensor, is_signal: Tensor) -> Tensor:
    """Return the binary cross-entropy of each output, shape (n_events, n_outputs).

    It is torch's, with logarithms not below -100 and the same gradient, but it takes one vectorised logarithm
    in place of two plain ones, which is ten times faster.
    """
    values: Tensor
    values = _CrossEntropy.apply(outputs, is_signal)  # type: ignore[no-untyped-call]
    return values


def _checked(network: nn.Module) -> JointNetwork:
    if not isinstance(network, JointNetwork):
        raise ValueError(f"this loss needs a preselection and a classifier, not a {type(network).__name__}")
    return network


class _ScaledGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, factor: float) -> Tensor:
        ctx.factor = factor
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, slopes: Tensor) -> tuple[Tensor, None]:
        return ctx.factor * slopes, None


def _scaled(values: Tensor, factor: float) -> Tensor:
    """Return the values with a factor on their gradient."""
    if factor in (0, 1):
        return values if factor else values.detach()
    scaled: Tensor = _ScaledGradient.apply(values, factor)  # type: ignore[no-untyped-call]
    return scaled


@torch.no_grad()
def fit_kept_fractions(
    preselection: CutNetwork, sample: EventSample, kept_fractions: Sequence[float]
) -> None:
    """Shift all cuts of a row together so that the hard cuts keep at most the fraction of the background.

    A training alone ends only near the bound, because it uses smooth cuts.

    Parameters
    ----------
    preselection : CutNetwork
        Changed in place.
    sample : EventSample
        The training sample, scaled.
    kept_fractions : sequence of float
        Kept fraction of the background for each row; 1 leaves the cuts as they are.

    Raises
    ------
    ValueError
        If the numbers of fractions and rows differ, or if the rows must be monotone.
    """
    if preselection.looser_rows is not None:
        raise ValueError("the rows of a monotone scan cannot be shifted one by one")
    fractions = check_kept_fractions(kept_fractions)
    if len(fractions) != preselection.bias.shape[1]:
        raise ValueError(f"{len(fractions)} kept fractions for {preselection.bias.shape[1]} rows of cuts")
    of_background = ~sample.is_signal
    # An event passes all edges where its smallest margin is positive.
    smallest = preselection.margins(sample.features).amin(dim=1) / preselection.activation_scale
    for row, fraction in enumerate(fractions):
        if fraction == 1:
            continue
        margins, ranked = smallest[row][of_background].sort(descending=True, stable=True)
        kept = sample.weights[of_background][ranked].double().cumsum(0)
        # The sum can fall again where weights are negative: the first event beyond the fraction ends it.
        n_kept = int((kept > fraction * kept[-1]).nonzero()[0])
        # The cut lies halfway between two events, so that rounding cannot move one of them across it.
        last = margins[n_kept - 1] if n_kept else margins[0] + 1
        preselection.bias[:, row] -= (last + margins[n_kept]) / 2


def _entropy_of_counts(first: Tensor, second: Tensor) -> Tensor:
    """Return the cross-entropy of events of two classes if only the number in each class is known.

    A number below zero, a fluctuation of negative weights, counts as none.
    """
    tiny = torch.finfo(first.dtype).tiny
    first, second = first.clamp(min=tiny), second.clamp(min=tiny)
    return -(first * (first / (first + second)).log() + second * (second / (first + second)).log())
