"""A sample of labelled, weighted events, the input of training and evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor

if TYPE_CHECKING:
    from .arrangement import ArrangedEvents

#: Number of events in a chunk on a GPU. For a scan with 10 features and 10 targets each array of a chunk has
#: 400 MB in float32, which takes much longer to read than a kernel takes to start.
GPU_CHUNK = 1_000_000
#: Number of events that :meth:`EventSample.ordered` brings together.
ORDERED_BLOCK = 256


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
        Event weights, finite; some may be negative, but each class has a positive sum.

    Attributes
    ----------
    arranged : dict
        The events in the order of :mod:`cabin_core.cut_sums`, by bin edges, kept for the next epoch.

    Raises
    ------
    ValueError
        If the shapes do not agree, a value is not finite, or the weights of a class have no positive sum.
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
        # All answers are read at once: a GPU finishes all of its work for each of them.
        finite, weights_fit, *of_classes = torch.stack(
            [
                _all_finite(self.features).double(),
                torch.isfinite(self.weights).all().double(),
                *(
                    (self.weights * mask).sum(dtype=torch.float64)
                    for mask in (self.is_signal, ~self.is_signal)
                ),
            ]
        ).tolist()
        if not finite:
            require_finite(self.features)
        if not weights_fit:
            require_fitting(self.weights)
        require_both_classes(*of_classes)

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
        label_values = torch.as_tensor(labels)
        is_signal = label_values == 1
        if not (is_signal | (label_values == 0)).all():
            raise ValueError("labels must be 0 (background) or 1 (signal)")
        feature_values = torch.as_tensor(features, dtype=dtype)
        weight_values = (
            feature_values.new_ones(len(feature_values))
            if weights is None
            else torch.as_tensor(weights, dtype=dtype)
        )
        return cls(feature_values, is_signal, weight_values)

    def __len__(self) -> int:
        return len(self.features)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return self.features.shape[1]

    @cached_property
    def by_feature(self) -> Tensor:
        """The features, shape (n_events, n_features), with all events of a feature in one piece of memory.

        Losses that go through the events many times take these: no copy is made then where a computation has
        events as the innermost axis.
        """
        return self.features.T.contiguous().T

    @cached_property
    def signal_weights(self) -> Tensor:
        """The weights of signal events, 0 for the others, shape (n_events,)."""
        return self.weights * self.is_signal

    @cached_property
    def background_weights(self) -> Tensor:
        """The weights of background events, 0 for the others, shape (n_events,)."""
        return self.weights * ~self.is_signal

    def chunk_size(self, on_processor: int = 100_000) -> int:
        """Return the number of events to sum over at a time.

        Parameters
        ----------
        on_processor : int
            The number for a processor. A GPU needs more events to be busy; there it is :data:`GPU_CHUNK`.
        """
        return on_processor if self.features.device.type == "cpu" else GPU_CHUNK

    def take(self, index: Tensor | Sequence[int]) -> EventSample:
        """Return the events at ``index``, a tensor or sequence of positions."""
        at = torch.as_tensor(index)
        return EventSample(self.features[at], self.is_signal[at], self.weights[at])

    def ordered(self) -> EventSample:
        """Return the events in an order in which neighbours are alike, for a faster computation.

        First come the signal events, and each class is in strips of the first feature that are sorted by the
        second. Then a node of a network is often zero for a whole block of events, and left out there.
        """
        second = min(1, self.n_features - 1)
        strips: list[Tensor] = []
        for mask in (self.is_signal, ~self.is_signal):
            index = mask.nonzero()[:, 0]
            index = index[self.features[index, 0].argsort(stable=True)]
            n_strips = max(1, round((len(index) / ORDERED_BLOCK) ** 0.5))
            for strip in index.tensor_split(n_strips):
                strips.append(strip[self.features[strip, second].argsort(stable=True)])
        return self.take(torch.cat(strips))

    def to(self, device: torch.device | str) -> EventSample:
        """Return the sample on another device."""
        return EventSample(self.features.to(device), self.is_signal.to(device), self.weights.to(device))


def require_finite(features: Tensor) -> None:
    """Raise ValueError, with the number of such events by column, if a feature is NaN or infinite."""
    bad = (~torch.isfinite(features)).sum(dim=0).tolist()
    counts = {column: n for column, n in enumerate(bad) if n}
    if counts:
        raise ValueError(f"features are not finite, {{column: events}} = {counts}")


def require_fitting(weights: Tensor) -> None:
    """Raise ValueError if a weight is NaN or infinite."""
    if not torch.isfinite(weights).all():
        raise ValueError("weights must be finite")


def require_both_classes(signal: float, background: float) -> None:
    """Raise ValueError if the sum of the weights of a class is not positive."""
    for name, total in (("signal", signal), ("background", background)):
        if total < 0:
            raise ValueError(
                f"the weights of the {name} events sum to {total:g}, since the negative ones outweigh the "
                "others: more events are needed (in a mini-batch, a larger batch_size)"
            )
        if not total > 0:
            raise ValueError(f"no {name} event with a positive weight: both classes are needed")


def _all_finite(values: Tensor) -> Tensor:
    """Return whether all values are finite, shape ().

    The extremes are NaN if any value is; they need no memory, ``isfinite`` more than the values themselves.
    """
    if not values.numel():
        return values.new_ones((), dtype=torch.bool)
    return torch.stack(torch.aminmax(values)).isfinite().all()
