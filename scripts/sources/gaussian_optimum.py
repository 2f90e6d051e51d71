"""The best rectangular cuts on independent Gaussian features, computed from the distributions.

Efficiencies are products over features. So the least background efficiency at a signal efficiency is a
shortest-path problem: how to share the loss of signal among the features. The path is found on a grid, which
avoids local minima, and then refined. The result is precise to 1e-4 on the Gaussian dataset, and to two
percent for any two features of the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri

from ..columns import WINDOW
from ..data.cut_table import edges_by_target

if TYPE_CHECKING:
    from ..study import Study

#: Edges beyond this distance remove nothing [widths of the signal].
LOOSEST = 8.0
#: The minimiser ends this close to a bound, on it or beside it, depending on the processor's rounding.
_AT_BOUND = 1e-9
#: Number of cells into which the loss of signal is divided.
N_CELLS = 400
#: Number of ways to share the loss of signal of a window between its lower and upper side.
N_SHARES = 161
#: Precision of the signal efficiency of the minimiser; a point this close to the end of a range counts as it.
EFFICIENCY_TOLERANCE = 1e-7

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GaussianClasses:
    """Two classes of events with independent Gaussian features.

    Parameters
    ----------
    features : tuple of str
    directions : tuple of str
        ``>`` or ``<`` for each feature, of one-sided cuts; ``window`` for one that is cut on both sides.
    means, widths : ndarray, shape (n_features, 2)
        The first column is the signal's, the second the background's.
    """

    features: tuple[str, ...]
    directions: tuple[str, ...]
    means: Array
    widths: Array

    @classmethod
    def from_study(cls, study: Study) -> GaussianClasses:
        """Return the classes that a study with a Gaussian source draws its events from."""
        means, widths = study.source.gaussians(len(study.features))
        return cls(tuple(study.feature_names), tuple(study.directions), means, widths)

    def log_efficiencies(self, low: Array, high: Array) -> Array:
        """Return the logarithms of the efficiencies of each feature's window.

        Parameters
        ----------
        low, high : ndarray, shape (..., n_features)
            Edges; infinite if there is none.

        Returns
        -------
        ndarray, shape (..., n_features, 2)
            The columns are signal and background.
        """
        return _log_probability(
            (low[..., None] - self.means) / self.widths, (high[..., None] - self.means) / self.widths
        )

    def window(self, edges: pd.DataFrame) -> tuple[Array, Array]:
        """Return lower and upper edges of all features, each of shape (n_features,); infinite for no edge.

        Parameters
        ----------
        edges : DataFrame
            ``feature``, ``direction`` and ``cut`` of one target.
        """
        low, high = np.full(len(self.features), -np.inf), np.full(len(self.features), np.inf)
        for edge in edges.itertuples():
            at = self.features.index(edge.feature)
            if edge.direction == ">":
                low[at] = max(low[at], edge.cut)
            else:
                high[at] = min(high[at], edge.cut)
        return low, high

    def efficiencies(self, cuts: pd.DataFrame, targets: Sequence[float] | None = None) -> pd.DataFrame:
        """Return the exact efficiencies of cuts.

        Parameters
        ----------
        cuts : DataFrame
            Content of ``cuts.csv``.
        targets : sequence of float, optional
            As in :func:`scripts.data.cut_table.edges_by_target`.

        Returns
        -------
        DataFrame
            ``target_efficiency``, ``signal_efficiency`` and ``background_efficiency``.
        """
        rows = []
        for target, edges in edges_by_target(cuts, targets):
            signal, background = np.exp(self.log_efficiencies(*self.window(edges)).sum(axis=0))
            rows.append((target, signal, background))
        return pd.DataFrame(rows, columns=["target_efficiency", "signal_efficiency", "background_efficiency"])

    def best_cuts(self, signal_efficiency: float, *, windows: bool) -> tuple[Array, Array, float]:
        """Return the cuts with the least background.

        Parameters
        ----------
        signal_efficiency : float
            In (0, 1).
        windows : bool
            Whether every feature can be cut on both sides, or only in its own direction.

        Returns
        -------
        tuple of ndarray, ndarray and float
            Lower and upper edges of shape (n_features,), infinite for no edge, and the background efficiency.

        Raises
        ------
        ValueError
            If the signal efficiency is outside (0, 1).
        """
        if not 0 < signal_efficiency < 1:
            raise ValueError(f"the signal efficiency must lie between 0 and 1, not {signal_efficiency}")
        loss = -np.log(signal_efficiency)
        edges, background = self._edges_by_loss(np.linspace(0.0, loss, N_CELLS + 1), windows)
        start = edges[np.arange(len(self.features)), _shortest_path(background)]
        edges = self._polish(start, loss, windows)
        low, high = (self.means[:, 0] + self.widths[:, 0] * edges[:, side] for side in (0, 1))
        low[edges[:, 0] <= -LOOSEST + _AT_BOUND] = -np.inf
        high[edges[:, 1] >= LOOSEST - _AT_BOUND] = np.inf
        return low, high, float(np.exp(self.log_efficiencies(low, high)[:, 1].sum()))

    def _edges_by_loss(self, losses: Array, windows: bool) -> tuple[Array, Array]:
        """Return the best window of each feature for each loss of signal, which is ``-log(efficiency)``.

        Returns
        -------
        tuple of ndarray
            Edges in widths of the signal, shape (n_features, n_losses, 2), and the logarithm of the
            background efficiency, shape (n_features, n_losses).
        """
        removed = -np.expm1(-losses)
        some_windows = windows or WINDOW in self.directions
        shares = np.linspace(0.0, 1.0, N_SHARES) if some_windows else np.array([0.0, 1.0])
        # The share of the loss of signal on the lower side, shape (n_losses, n_shares).
        low = np.clip(ndtri(removed[:, None] * shares), -LOOSEST, LOOSEST)
        high = np.clip(-ndtri(removed[:, None] * (1 - shares)), -LOOSEST, LOOSEST)
        edges, background = [], []
        for position, direction in enumerate(self.directions):
            log_background = self._log_background(low, high, position)
            if not windows and direction != WINDOW:
                log_background[:, slice(-1) if direction == ">" else slice(1, None)] = np.inf
            best = log_background.argmin(axis=1)[:, None]
            edges.append(np.hstack([np.take_along_axis(side, best, axis=1) for side in (low, high)]))
            background.append(np.take_along_axis(log_background, best, axis=1)[:, 0])
        return np.array(edges), np.array(background)

    def _log_background(self, low: Array, high: Array, at: slice | int = slice(None)) -> Array:
        """Return the log background efficiency of windows; the edges are in widths of the signal.

        Parameters
        ----------
        low, high : ndarray
            One edge for each feature; with ``at`` any edges of this feature.
        at : int
            Position of a feature.
        """
        (signal_mean, mean), (signal_width, width) = self.means[at].T, self.widths[at].T
        low = np.where(low <= -LOOSEST, -np.inf, signal_mean + signal_width * low)
        high = np.where(high >= LOOSEST, np.inf, signal_mean + signal_width * high)
        return _log_probability((low - mean) / width, (high - mean) / width)

    def _polish(self, start: Array, loss: float, windows: bool) -> Array:
        """Return the edges at the minimum near a start, in widths of the signal, shape (n_features, 2)."""
        # Imported here, as only the analysis of the optimum needs it.
        from scipy.optimize import minimize

        free = np.ones(start.shape, dtype=bool)
        if not windows:
            free[:, 0] = [direction != "<" for direction in self.directions]
            free[:, 1] = [direction != ">" for direction in self.directions]

        def place(values: Array) -> Array:
            edges = start.copy()
            edges[free] = values
            return edges

        def log_background(values: Array) -> float:
            # One after the other, as the cuts that this finds depend on the last digits.
            return float(sum(self._log_background(*place(values).T)))

        def signal_left(values: Array) -> float:
            edges = place(values)
            return float(_log_probability(edges[:, 0], edges[:, 1]).sum() + loss)

        found = minimize(
            log_background,
            start[free],
            method="SLSQP",
            bounds=[(-LOOSEST, LOOSEST)] * int(free.sum()),
            constraints={"type": "eq", "fun": signal_left},
            options={"maxiter": 300, "ftol": 1e-12},
        )
        better = (
            found.fun < log_background(start[free])
            and abs(signal_left(found.x)) < EFFICIENCY_TOLERANCE * loss
        )
        return place(found.x) if better else start


def _log_probability(low: Array, high: Array) -> Array:
    """Return the log probability of a standard normal between two edges, precise also far in the tails."""
    # The difference of the smaller tails: of the upper tails if both edges are positive.
    flipped = low > 0
    low, high = np.where(flipped, -high, low), np.where(flipped, -low, high)
    # Not norm.logcdf of scipy.stats, whose checks take many times longer than the function itself.
    above, below = log_ndtr(high), log_ndtr(low)
    # No edge of a window is below -inf or above inf, so that `above` is finite where `below` is.
    with np.errstate(divide="ignore"):
        logarithm: Array = above + np.log(-np.expm1(np.minimum(below - above, 0.0)))
    return logarithm


def _shortest_path(costs: Array) -> Sequence[int]:
    """Return the number of cells for each feature with the least total cost, if all cells must be used.

    Parameters
    ----------
    costs : ndarray, shape (n_features, n_cells + 1)
        Cost of each feature for each number of cells.
    """
    n_cells = costs.shape[1] - 1
    total, choices = costs[0], [np.arange(n_cells + 1)]
    for cost in costs[1:]:
        # candidates[cells, taken]: this feature takes `taken` cells, the features before it the rest
        rest = np.arange(n_cells + 1)[:, None] - np.arange(n_cells + 1)
        candidates = np.where(rest >= 0, total[rest], np.inf) + cost
        choices.append(candidates.argmin(axis=1))
        total = candidates.min(axis=1)
    taken, left = [], n_cells
    for choice in choices[:0:-1]:
        taken.append(int(choice[left]))
        left -= taken[-1]
    return [left, *reversed(taken)]


def compare_with_optimum(cuts: pd.DataFrame, optimum: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the exact efficiencies of cuts, and the ratio of their background to that of the best cuts.

    Parameters
    ----------
    cuts : DataFrame
        Content of ``cuts.csv``.
    optimum : DataFrame
        Content of ``optimum.csv``.
    study : Study
        A study with a Gaussian source.

    Returns
    -------
    DataFrame
        ``target_efficiency``, ``signal_efficiency``, ``background_efficiency``, ``over_one_sided`` and
        ``over_two_sided``: the background over that of the optimum at the signal efficiency reached; NaN
        where that lies outside of the optimum's range by more than :data:`EFFICIENCY_TOLERANCE`.
    """
    points = GaussianClasses.from_study(study).efficiencies(cuts)
    reached, known = points["signal_efficiency"].to_numpy(), optimum["signal_efficiency"].to_numpy()
    # The last digits of an efficiency depend on the processor; they must not decide if a point has a ratio.
    within = np.clip(reached, known.min(), known.max())
    in_range = np.abs(reached - within) <= EFFICIENCY_TOLERANCE
    for side in ("one_sided", "two_sided"):
        logarithm = np.where(in_range, np.interp(within, known, np.log(optimum[side])), np.nan)
        points[f"over_{side}"] = points["background_efficiency"] / np.exp(logarithm)
    return points
