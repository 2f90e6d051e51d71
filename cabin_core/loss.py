"""The interface of a loss, and the value of a loss that is a sum of named terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from .schedule import Schedule


class LossValue(Protocol):
    """The value to minimise, and the numbers for the history."""

    @property
    def total(self) -> Tensor:
        """The loss, shape ()."""

    def values(self) -> dict[str, float]:
        """Return the numbers for the history by name, with ``total`` among them."""


class Loss(Protocol):
    """Interface of a loss for :func:`cabin_core.train`; a subclass must define ``evaluate``.

    Attributes
    ----------
    from_sums : bool
        Whether it needs only sums over events, so that a sample may also be an :class:`EventStream`.
    """

    from_sums: ClassVar[bool] = False

    def evaluate(self, network: nn.Module, sample: Any) -> LossValue:
        """Return the loss of a network on a sample or batch."""

    def begin_epoch(self, share: float, schedule: Schedule | None = None) -> None:
        """Prepare for an epoch.

        Parameters
        ----------
        share : float
            Share of the training that is done after this epoch, in (0, 1].
        schedule : Schedule, optional
            The schedule of the training, if it has one.
        """
        return

    def end_epoch(self, epoch: int, network: nn.Module, sample: Any, value: LossValue | None = None) -> None:
        """Adapt the loss after the updates of an epoch; called without gradients.

        Parameters
        ----------
        epoch : int
            Number of the epoch, from 0.
        network : torch.nn.Module
        sample : EventSample or EventStream
            The whole training sample, also if the training uses mini-batches.
        value : LossValue, optional
            The value on this sample before the update of the epoch; None with mini-batches.
        """
        return


class LossTerms:
    """The terms of a loss by name, each with its coefficient and summed over rows, shape ().

    Parameters
    ----------
    terms : mapping of str to Tensor
        Terms by name, in the order in which they are added up.
    sums : object, optional
        The sums over events from which they are computed.
    """

    def __init__(self, terms: Mapping[str, Tensor], sums: Any = None) -> None:
        self._terms, self.sums = dict(terms), sums

    def __getitem__(self, name: str) -> Tensor:
        return self._terms[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._terms)

    def __len__(self) -> int:
        return len(self._terms)

    @cached_property
    def _all(self) -> Tensor:
        return torch.stack(list(self._terms.values()))

    @cached_property
    def total(self) -> Tensor:
        """The sum of all terms, shape ()."""
        return self._all.sum()

    def values(self) -> dict[str, float]:
        """Return the total and each term as numbers."""
        # Read at once: a GPU finishes all of its work for each tensor that is read.
        numbers: list[float] = torch.cat([self.total.detach()[None], self._all.detach()]).tolist()
        return dict(zip(("total", *self._terms), numbers, strict=True))
