"""Expected yields of a counting experiment before the cuts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from .significance import asimov_significance


@dataclass(frozen=True)
class ExpectedYields:
    """Expected yields of a counting experiment before the cuts, for the significance.

    Parameters
    ----------
    signal, background : float
        Yields of all events of a class [events].
    relative_uncertainty : float
        Relative uncertainty of the background.
    minimum_signal : float
        Signal that the cuts must keep [events].
    irreducible_background : float
        Background that no cut removes [events]. If cuts can remove all background events of a sample, only
        this keeps the significance from growing with ever tighter cuts.

    Raises
    ------
    ValueError
        If a yield is not positive, another number is negative, or the minimum exceeds the signal.
    """

    signal: float
    background: float
    relative_uncertainty: float = 0.0
    minimum_signal: float = 0.0
    irreducible_background: float = 0.0

    def __post_init__(self) -> None:
        for name in ("signal", "background"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"the expected {name} must be a positive yield, not {getattr(self, name)}")
        for name in ("relative_uncertainty", "irreducible_background"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"the {name.replace('_', ' ')} must not be negative: {getattr(self, name)}")
        if not 0 <= self.minimum_signal < self.signal:
            raise ValueError(
                f"the minimum signal, {self.minimum_signal:g} events, must be less than the {self.signal:g} "
                "expected before the cuts"
            )

    def significance(self, signal_efficiency: Tensor, background_efficiency: Tensor) -> Tensor:
        """Return the significance, shape (n_rows,), from the efficiencies of both classes.

        Raises
        ------
        ValueError
            If a yield is negative, which it can be for events with negative weights.
        """
        signal = self.signal * signal_efficiency
        background = self.background * background_efficiency + self.irreducible_background
        for name, expected in (("signal", signal), ("background", background)):
            if (expected < 0).any():
                raise ValueError(
                    f"the {name} expected after some cuts is negative, since negative weights outweigh the "
                    "others there, and has no significance: give more events, or set irreducible_background"
                )
        return asimov_significance(signal, background, self.relative_uncertainty)
