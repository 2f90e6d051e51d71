"""Targets at even distances, because those near 1 are close to each other and matter most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .style import LINE_COLORS, MARKERS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


class TargetAxis:
    """The targets of a table, along an axis on which networks stand side by side.

    Parameters
    ----------
    table : DataFrame
        With ``network`` and ``target_efficiency``; NaN, of working points without a target, is the last.
    spread : float
        How far apart the points of one target are, together, in steps from target to target.
    """

    def __init__(self, table: pd.DataFrame, spread: float) -> None:
        self.networks = list(table["network"].drop_duplicates())
        self._targets = np.unique(table["target_efficiency"].to_numpy(dtype=float))
        self._step = spread / max(len(self.networks), 1)

    def places(self, rows: pd.DataFrame, number: int) -> NDArray[np.float64]:
        """Return where the working points of a network stand, by its number among the networks."""
        shift = self._step * (number - (len(self.networks) - 1) / 2)
        return np.asarray(np.searchsorted(self._targets, rows["target_efficiency"]) + shift)

    def label(self, ax: Axes, most_level: int) -> None:
        """Write the targets; more than ``most_level`` stand upright."""
        labels = ["none" if np.isnan(target) else f"{target:g}" for target in self._targets]
        ax.set_xticks(range(len(labels)), labels, rotation=90 if len(labels) > most_level else 0)
        ax.set_xlim(-0.6, len(labels) - 0.4)
        ax.set_xlabel("Target signal efficiency")


def network_style(number: int) -> dict[str, Any]:
    """Return colour and marker of a network by its number; markers differ where colours repeat."""
    return {
        "color": LINE_COLORS[number % len(LINE_COLORS)],
        "marker": MARKERS[(number + number // len(LINE_COLORS)) % len(MARKERS)],
    }
