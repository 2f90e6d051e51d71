"""Linear scaling of features, and the inverse for cuts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor


@dataclass(frozen=True)
class FeatureScaling:
    """Mean and standard deviation (spread) of each feature in the training sample.

    Parameters
    ----------
    features : sequence of str
        Names, in the order of the columns.
    mean, spread : Tensor of float64, shape (n_features,)
        Mean and standard deviation in the feature's unit; each spread is positive.

    Raises
    ------
    ValueError
        If a length differs or a feature has no spread.
    """

    features: tuple[str, ...]
    mean: Tensor
    spread: Tensor

    def __init__(self, features: Sequence[str], mean: object, spread: object) -> None:
        object.__setattr__(self, "features", tuple(features))
        object.__setattr__(self, "mean", torch.as_tensor(mean, dtype=torch.float64))
        object.__setattr__(self, "spread", torch.as_tensor(spread, dtype=torch.float64))
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
            Dimensionless; zero mean and unit spread on the sample that the scaling was fitted to.
        """
        return (values.to(torch.float64) - self.mean) / self.spread

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
