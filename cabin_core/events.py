"""A sample of labelled, weighted events, the input of training and evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor

if TYPE_CHECKING:
    from .arrangement import ArrangedEvents


@dataclass(frozen=True)
class EventSample:
    """Events of both classes with their weights.

    Parameters
    ----------
    features : Tensor, shape (n_events, n_features)
        Feature values, finite.
    is_signal : Tensor of bool, shape (n_events,)
        True for signal, False for background.
    weights : Tensor, shape (n_events,)
        Event weights, finite and not negative; each class has a positive sum.

    Attributes
    ----------
    arranged : dict
        The events in the order of :mod:`cabin_core.cut_sums`, by bin edges, kept for the next epoch.

    Raises
    ------
    ValueError
        If the shapes do not agree, a value is not finite, a weight is negative or a class is empty.
    """

    features: Tensor
    is_signal: Tensor
    weights: Tensor
    arranged: dict[tuple[float, ...] | None, ArrangedEvents] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        n_events = len(self.features)
        if self.features.dim() != 2:
            raise ValueError(f"features need shape (n_events, n_features), not {tuple(self.features.shape)}")
        for name, values in (("is_signal", self.is_signal), ("weights", self.weights)):
            if values.shape != (n_events,):
                raise ValueError(f"{name} needs shape ({n_events},), not {tuple(values.shape)}")
        if self.is_signal.dtype != torch.bool:
            raise ValueError(f"is_signal needs dtype torch.bool, not {self.is_signal.dtype}")
        bad = ~torch.isfinite(self.features)
        if bad.any():
            counts = {column: int(n) for column, n in enumerate(bad.sum(dim=0)) if n}
            raise ValueError(f"features are not finite, {{column: events}} = {counts}")
        if not torch.isfinite(self.weights).all() or (self.weights < 0).any():
            raise ValueError("weights must be finite and not negative")
        for name, mask in (("signal", self.is_signal), ("background", ~self.is_signal)):
            if not (self.weights[mask] > 0).any():
                raise ValueError(f"no {name} event with a positive weight: both classes are needed")

    @classmethod
    def from_arrays(
        cls,
        features: object,
        labels: object,
        weights: object | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> Self:
        """Make a sample from numpy arrays (or anything that torch takes).

        Parameters
        ----------
        features : array_like, shape (n_events, n_features)
        labels : array_like, shape (n_events,)
            1 for signal, 0 for background.
        weights : array_like, shape (n_events,), optional
            1 for each event by default.
        dtype : torch.dtype
            Floating type of features and weights.

        Returns
        -------
        EventSample

        Raises
        ------
        ValueError
            If a label is neither 0 nor 1, and as the class itself does.
        """
        label_values = torch.as_tensor(labels).to(torch.float64)
        if not torch.isin(label_values, torch.tensor([0, 1])).all():
            raise ValueError("labels must be 0 (background) or 1 (signal)")
        feature_values = torch.as_tensor(features, dtype=dtype)
        weight_values = (
            torch.ones(len(feature_values), dtype=dtype)
            if weights is None
            else torch.as_tensor(weights, dtype=dtype)
        )
        return cls(feature_values, label_values == 1, weight_values)

    def __len__(self) -> int:
        return len(self.features)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return self.features.shape[1]

    def take(self, index: Tensor | Sequence[int]) -> EventSample:
        """Return the events at ``index``, a tensor or sequence of positions."""
        at = torch.as_tensor(index)
        return EventSample(self.features[at], self.is_signal[at], self.weights[at])

    def to(self, device: torch.device | str) -> EventSample:
        """Return the sample on another device."""
        return EventSample(self.features.to(device), self.is_signal.to(device), self.weights.to(device))
