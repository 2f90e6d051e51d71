"""The Lovász Z loss of a network, for training."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .events import EventSample
from .loss import Loss
from .lovasz import ERRORS, FOCAL_EXPONENT, focal, weighted_lovasz_z


@dataclass(frozen=True)
class ZLossTerms:
    r"""The value of the loss, and two numbers that show whether the network still separates events.

    Parameters
    ----------
    total : Tensor, shape ()
        The loss in standard deviations.
    share : Tensor, shape ()
        The loss divided by :math:`N_s / \sqrt\epsilon`, its value if every error is 1; a network that always
        gives 0 has this hinge error.
    spread : Tensor, shape ()
        Standard deviation of the raw outputs of the network; 0 if all events have the same output.
    """

    total: Tensor
    share: Tensor
    spread: Tensor

    def values(self) -> dict[str, float]:
        """Return the three numbers by name."""
        names = ("total", "share", "spread")
        numbers = torch.stack([getattr(self, name).detach() for name in names]).tolist()
        return dict(zip(names, numbers, strict=True))


@dataclass(frozen=True)
class LovaszZLoss(Loss):
    """The Lovász Z loss of a network with one raw output, for :func:`cabin_core.train`.

    Weights of events are their expected yields [events]. The weights of each class are scaled so that every
    batch has the same total yields. (:func:`lovasz_z_loss` instead fixes the yield of each process. For one
    full batch this is the same; in a mini-batch the shares of processes of one class vary at random.)

    Parameters
    ----------
    error : str
        One of :data:`ERRORS`.
    epsilon : float, optional
        Constant that keeps the significance finite without background [events]; the signal yield where None.
    focal_exponent : float
        Exponent of the focal error.
    signal_yield, background_yield : float, optional
        Total weight of each class in every batch [events]. None leaves the weights as they are, which is
        right for one full batch.

    Raises
    ------
    ValueError
        If the error is unknown, or a number is out of range.
    """

    error: str = "hinge"
    epsilon: float | None = None
    focal_exponent: float = FOCAL_EXPONENT
    signal_yield: float | None = None
    background_yield: float | None = None

    def __post_init__(self) -> None:
        if self.error not in ERRORS:
            raise ValueError(f"unknown error {self.error!r} of the Z loss: one of {', '.join(ERRORS)}")
        for name in ("epsilon", "signal_yield", "background_yield"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"{name} of the Z loss must be positive and finite [events], not {value}")
        if not 0 <= self.focal_exponent < math.inf:
            raise ValueError(f"focal_exponent of the Z loss must not be negative: {self.focal_exponent}")

    def evaluate(self, network: nn.Module, sample: EventSample) -> ZLossTerms:
        """Return the loss of a network on a sample or batch.

        Parameters
        ----------
        network : torch.nn.Module
            Must have a method ``logits`` that gives the raw outputs, shape (n_events, 1).
        sample : EventSample
            Weights are expected yields [events].

        Returns
        -------
        ZLossTerms

        Raises
        ------
        ValueError
            If the network has no raw outputs, and as :func:`weighted_lovasz_z` does.
        """
        if not hasattr(network, "logits"):
            raise ValueError(f"the Z loss needs raw outputs, which a {type(network).__name__} lacks")
        logits = network.logits(sample.features).squeeze(1)  # type: ignore[operator]
        errors = (
            focal(logits, sample.is_signal, self.focal_exponent)
            if self.error == "focal"
            else ERRORS[self.error](logits, sample.is_signal)
        )
        weights = self._scaled_weights(sample)
        signal = float(weights[sample.is_signal].sum())
        epsilon = signal if self.epsilon is None else self.epsilon
        total = weighted_lovasz_z(errors, sample.is_signal, weights, epsilon)
        return ZLossTerms(total, total.detach() / (signal / math.sqrt(epsilon)), logits.detach().std())

    def _scaled_weights(self, sample: EventSample) -> Tensor:
        weights = sample.weights.to(torch.float64)
        for events, expected in (
            (sample.is_signal, self.signal_yield),
            (~sample.is_signal, self.background_yield),
        ):
            if expected is not None:
                weights = torch.where(events, weights * (expected / weights[events].sum()), weights)
        return weights
