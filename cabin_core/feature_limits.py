"""Cuts that can be published: rounded to steps, within bounds, or fixed."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class FeatureLimits:
    """What is asked of the cuts on a feature, in physical units.

    Parameters
    ----------
    round : float, optional
        Cuts are multiples of this step.
    at_least, at_most : float, optional
        Bounds of the cuts.
    fixed : float, optional
        The cut itself, which no training moves.

    Raises
    ------
    ValueError
        If the step is not positive, the bounds are in the wrong order or have no multiple of the step between
        them, or a fixed cut has other limits.
    """

    round: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    fixed: float | None = None

    def __post_init__(self) -> None:
        if self.fixed is not None and (self.round, self.at_least, self.at_most) != (None, None, None):
            raise ValueError("a fixed cut has no round, at_least or at_most: remove them, or fixed")
        low, high = self.bounds
        if low > high:
            raise ValueError(f"at_least, {low:g}, is above at_most, {high:g}")
        if self.round is not None:
            if not 0 < self.round < math.inf:
                raise ValueError(f"round is a positive step, not {self.round:g}")
            first, last = self._multiples
            if first > last:
                raise ValueError(f"no multiple of {self.round:g} lies between {low:g} and {high:g}")

    @property
    def given(self) -> dict[str, float]:
        """The limits that are given, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest cut, infinite where there is no bound."""
        if self.fixed is not None:
            return self.fixed, self.fixed
        low, high = self.at_least, self.at_most
        return -math.inf if low is None else low, math.inf if high is None else high

    @property
    def leaves_one_cut(self) -> bool:
        """Whether there is one cut alone that keeps the limits, too few for the two edges of a window."""
        low, high = self.bounds if self.round is None else self._multiples
        return low == high

    @property
    def _multiples(self) -> tuple[float, float]:
        """The lowest and the highest number of steps within the bounds."""
        assert self.round is not None
        low, high = (Decimal(repr(value)) / Decimal(repr(self.round)) for value in self.bounds)
        first = -math.inf if low.is_infinite() else math.ceil(low)
        return first, math.inf if high.is_infinite() else math.floor(high)

    def exact(self, cuts: ArrayLike) -> NDArray[np.float64]:
        """Return cuts as the limits ask, each the double that its shortest decimal number stands for.

        Parameters
        ----------
        cuts : array_like
            Cuts that a training has brought within the limits, up to rounding; others become the nearest.
        """
        given = np.asarray(cuts, dtype=float)
        if self.round is None:
            return np.asarray(np.clip(given, *self.bounds))
        steps = np.clip(np.rint(given / self.round), *self._multiples)
        step = Decimal(repr(self.round))
        values = [float(int(number) * step) for number in steps.ravel()]
        return np.array(values, dtype=float).reshape(given.shape)
