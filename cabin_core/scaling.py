"""Linear scaling of features, and the inverse for cuts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from .feature_spread import LARGEST


@dataclass(frozen=True)
class FeatureScaling:
    """Origin and unit of each feature: mean and standard deviation, or median and robust width.

    Parameters
    ----------
    features : sequence of str
        Names, in the order of the columns.
    mean, spread : Tensor of float64, shape (n_features,)
        Origin and unit in the feature's unit; each spread is positive.
    limit : array_like, shape () or (n_features,)
        Largest absolute scaled value: what is beyond counts as this. A cut is nowhere near, so the event
        passes or fails as before, but no number overflows.

    Raises
    ------
    ValueError
        If a length differs or a feature has no spread.
    """

    features: tuple[str, ...]
    mean: Tensor
    spread: Tensor
    limit: Tensor

    def __init__(
        self, features: Sequence[str], mean: object, spread: object, limit: object = LARGEST
    ) -> None:
        object.__setattr__(self, "features", tuple(features))
        object.__setattr__(self, "mean", torch.as_tensor(mean, dtype=torch.float64))
        object.__setattr__(self, "spread", torch.as_tensor(spread, dtype=torch.float64))
        limits = torch.as_tensor(limit, dtype=torch.float64).expand(len(self.features))
        object.__setattr__(self, "limit", limits.clone())
        for name, values in (("mean", self.mean), ("spread", self.spread)):
            if values.shape != (len(self.features),):
                raise ValueError(f"{name} needs {len(self.features)} values, not shape {tuple(values.shape)}")
        for feature, value in zip(self.features, self.spread.tolist(), strict=True):
            if not value > 0:
                raise ValueError(f"feature {feature!r} has no spread: remove it, it cannot be cut on")

    @classmethod
    def identity(cls, features: Sequence[str]) -> Self:
        """Return the scaling that does not change the features."""
        return cls(features, torch.zeros(len(features)), torch.ones(len(features)))

    def scale(self, values: Tensor) -> Tensor:
        """Scale feature values.

        Parameters
        ----------
        values : Tensor, shape (..., n_features)
            In physical units.

        Returns
        -------
        Tensor of float64, shape (..., n_features)
            Dimensionless, within the limit.
        """
        scaled = (values.to(torch.float64) - self.mean) / self.spread
        return scaled.clamp_(-self.limit, self.limit)

    def unscale(self, values: Tensor, columns: Sequence[int] | None = None) -> Tensor:
        """Convert scaled values (for example cuts) to physical units; the inverse of :meth:`scale`.

        Parameters
        ----------
        values : Tensor, shape (..., n_columns)
            Dimensionless.
        columns : sequence of int, optional
            Index of the feature of each column; all features, in order, where absent.

        Returns
        -------
        Tensor of float64, shape (..., n_columns)
            In physical units.
        """
        at = slice(None) if columns is None else list(columns)
        return values.to(torch.float64) * self.spread[at] + self.mean[at]
