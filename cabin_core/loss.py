"""The methods of a loss that can be trained on, and the value of one that is a sum of named terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from torch import Tensor, nn

from .events import EventSample

if TYPE_CHECKING:
    from .schedule import Schedule


class LossValue(Protocol):
    """The number to minimise, and all that belongs into the history."""

    @property
    def total(self) -> Tensor:
        """The loss, shape ()."""

    def values(self) -> dict[str, float]:
        """Return ``total`` and others by name."""


class Loss(Protocol):
    """Anything with these methods can be trained on; one that inherits from this needs ``evaluate`` only."""

    def evaluate(self, network: nn.Module, sample: EventSample) -> LossValue:
        """Return the loss of a network on a sample or batch."""

    def begin_epoch(self, share: float, schedule: Schedule | None = None) -> None:
        """Get ready for an epoch.

        Parameters
        ----------
        share : float
            Of the training when this epoch is over, in (0, 1].
        schedule : Schedule, optional
            Of the training, where it has one.
        """
        return

    def end_epoch(self, epoch: int, network: nn.Module, sample: EventSample) -> None:
        """Learn from an epoch; called after its updates, without gradients.

        Parameters
        ----------
        epoch : int
            From 0.
        network : torch.nn.Module
        sample : EventSample
            The whole training sample, also where batches were smaller.
        """
        return


class LossTerms:
    """The terms of a loss by name, each with its coefficient and summed over rows, shape ().

    Parameters
    ----------
    terms : mapping of str to Tensor
        Added up in their order.
    """

    def __init__(self, terms: Mapping[str, Tensor]) -> None:
        self._terms = dict(terms)

    def __getitem__(self, name: str) -> Tensor:
        return self._terms[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._terms)

    def __len__(self) -> int:
        return len(self._terms)

    @cached_property
    def total(self) -> Tensor:
        """The sum of all terms, shape ()."""
        first, *others = self._terms.values()
        return sum(others, start=first)

    def values(self) -> dict[str, float]:
        """Return the total and each term as numbers."""
        tensors = {"total": self.total, **self._terms}
        return {name: float(tensor.detach()) for name, tensor in tensors.items()}
