"""Histograms of scores that are fine where scores crowd: near 0 and near 1."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..data.score_table import SCORE_THRESHOLD


class ScoreHistogram:
    """Sums of weights in bins of the score.

    The scores in a bin have the same exponent and the same first binary digits, above 0.5 those of the
    distance from 1. So the width of a bin is a fixed share of that distance.

    Parameters
    ----------
    bits : int
        Binary digits of the distance that a bin keeps.
    """

    def __init__(self, bits: int) -> None:
        self._dropped = 52 - bits
        self._half = self._code(np.array([0.5]))[0]
        self.sums = np.zeros(2 * self._half + 2)

    @classmethod
    def coarse(cls) -> ScoreHistogram:
        """Return one whose bins are as wide as 1/256 of the distance, for areas."""
        return cls(8)

    @classmethod
    def fine(cls) -> ScoreHistogram:
        """Return one whose bins are as wide as 1/8192 of the distance, for thresholds."""
        return cls(13)

    def _code(self, distances: NDArray[np.float64]) -> NDArray[np.int64]:
        return distances.view(np.int64) >> self._dropped

    def fill(self, scores: NDArray[np.number], weights: NDArray[np.floating]) -> None:
        """Add scores in [0, 1]; those beyond count as 0 or 1."""
        values = np.clip(scores.astype(np.float64), 0.0, 1.0)
        codes = self._code(np.minimum(values, 1.0 - values))
        places = np.where(values <= 0.5, codes, len(self.sums) - 1 - codes)
        np.add.at(self.sums, places, weights)

    def area_over(self, background: ScoreHistogram) -> float:
        """Return the area under the ROC curve; pairs in one bin count as ties."""
        below = np.cumsum(background.sums) - background.sums / 2
        return float(self.sums @ below / self.sums.sum() / background.sums.sum())

    def threshold(self, efficiency: float) -> float:
        """Return the score above which this share of the weights lies, to the width of a bin."""
        if math.isnan(efficiency):
            return SCORE_THRESHOLD
        above = np.cumsum(self.sums[::-1])[::-1]
        # The first bin from the top beyond the efficiency has the threshold: its middle.
        place = int(np.flatnonzero(above > efficiency * above[0])[-1])
        code = min(place, len(self.sums) - 1 - place)
        low, high = (np.array([c << self._dropped]).view(np.float64)[0] for c in (code, code + 1))
        distance = float(low) / 2 + float(high) / 2
        return distance if place == code else 1.0 - distance
