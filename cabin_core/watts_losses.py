"""The losses of G. Watts' notebooks, which are functions of sums over all events.

Source: "Differentiable Programming: Neural Networks and Selection Cuts Working Together" (poster) and its
notebooks.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .events import EventSample
from .loss import Loss

#: Added to the argument of each logarithm of the cross-entropy, as in the notebooks.
LOG_FLOOR = 1e-6
WATTS_LOSSES = ("significance", "cross_entropy", "squares", "softmax")


@dataclass(frozen=True)
class WattsValue:
    """The value of a loss; ``total`` has shape ()."""

    total: Tensor

    def values(self) -> dict[str, float]:
        """Return the total as a number."""
        return {"total": float(self.total.detach())}


@dataclass(frozen=True)
class WattsLoss(Loss):
    r"""A loss of the weights :math:`P_i` of events, which are outputs of cuts or of a network behind cuts.

    With :math:`y_i` 1 for signal and 0 for background, and sums over all events:

    ``significance``
        :math:`-S/\sqrt{B}` with the sums of the weights of each class; NaN if :math:`B` is negative, which
        is possible with cut functions that can be negative.
    ``cross_entropy``
        :math:`-\sum_i \log(P_i + 10^{-6})` over the signal and :math:`-\sum_i \log(1 - P_i + 10^{-6})` over
        the background.
    ``squares``
        :math:`\sum_i (y_i - P_i)^2`.
    ``softmax``
        :math:`-\sum_i y_i \log(e^{z_i} / \sum_j e^{z_j})` with :math:`z = \mathrm{sigmoid}(P)`: the softmax
        runs over the events. The loss does not change if the same number is added to all :math:`z`, and
        every event always has a gradient, so cuts drift.

    Parameters
    ----------
    kind : str
        One of :data:`WATTS_LOSSES`.

    Raises
    ------
    ValueError
        If there is no such loss.
    """

    kind: str

    def __post_init__(self) -> None:
        if self.kind not in WATTS_LOSSES:
            raise ValueError(f"unknown loss {self.kind!r} of Watts: one of {', '.join(WATTS_LOSSES)}")

    def evaluate(self, network: nn.Module, sample: EventSample) -> WattsValue:
        """Return the loss of a network on a sample, summed over the rows of the network.

        Raises
        ------
        ValueError
            If a score is NaN, or a sum whose root or logarithm is taken is negative for negative weights.
        """
        rows = self.of_rows(network, sample)
        if rows.isnan().any() and (sample.weights < 0).any():
            raise ValueError(
                f"the loss {self.kind} takes a root or logarithm of a sum that is negative, since negative "
                "weights outweigh the others: give more events, or take the loss squares"
            )
        return WattsValue(rows.sum())

    def of_rows(self, network: nn.Module, sample: EventSample, chunk_size: int | None = None) -> Tensor:
        """Return the loss of each row of a network in float64, shape (n_rows,).

        Raises
        ------
        ValueError
            If a score is NaN.
        """
        chunk_size = chunk_size or sample.chunk_size()
        columns = (sample.by_feature, sample.is_signal, sample.weights, sample.signal_weights)
        chunks = zip(*(column.split(chunk_size) for column in columns), strict=True)
        sums = zip(*(self._sums(network(x), *others) for x, *others in chunks), strict=True)
        # Sums of chunks are added up in float64, because the losses are differences of large numbers.
        return self._of_sums([torch.stack(of_chunks).double().sum(dim=0) for of_chunks in sums])

    def of_scores(self, scores: Tensor, is_signal: Tensor, weights: Tensor) -> Tensor:
        """Return the loss of each column of scores (n_events, n_rows), shape (n_rows,)."""
        return self._of_sums(list(self._sums(scores, is_signal, weights, weights * is_signal)))

    def _sums(
        self, scores: Tensor, is_signal: Tensor, weights: Tensor, of_signal: Tensor
    ) -> tuple[Tensor, ...]:
        """Return the sums that the loss needs, each of shape (n_rows,) or ()."""
        sums = self._unchecked_sums(scores, is_signal, weights, of_signal)
        # A NaN among the scores is one in each sum of them, where it is found with less work.
        if sums[-1].isnan().any() and scores.isnan().any():
            raise ValueError("the scores are NaN: the training has diverged, lower the learning rate")
        return sums

    def _unchecked_sums(
        self, scores: Tensor, is_signal: Tensor, weights: Tensor, of_signal: Tensor
    ) -> tuple[Tensor, ...]:
        if self.kind == "significance":
            return _total(scores, of_signal), _total(scores, weights * ~is_signal)
        if self.kind == "softmax":
            outputs = torch.sigmoid(scores)
            # Outputs are in (0, 1), so their exponentials cannot overflow and need no shift.
            return of_signal.sum(), _total(outputs.exp(), weights), _total(outputs, of_signal)
        if self.kind == "squares":
            return (_total((scores - is_signal[:, None].to(scores.dtype)).square(), weights),)
        of_truth = torch.where(is_signal[:, None], scores, 1 - scores)
        return (_total(-(of_truth + LOG_FLOOR).log(), weights),)

    def _of_sums(self, sums: list[Tensor]) -> Tensor:
        if self.kind == "significance":
            signal, background = sums
            return -signal / background.sqrt()
        if self.kind == "softmax":
            n_signal, exponentials, of_signal = sums
            return n_signal * exponentials.log() - of_signal
        return sums[0]


def _total(values: Tensor, weights: Tensor) -> Tensor:
    # No matrix product here: it adds the events one after the other and loses digits.
    return (values * weights[:, None]).sum(dim=0)
