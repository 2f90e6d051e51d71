"""The best cuts in every bin of a property, from known distributions, and the distance of other cuts.

At each value of the property the features are independent Gaussians, so efficiencies are products. The
efficiency of a bin is the mean over the bin, by quadrature.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.cut_interpolation import interpolate_cuts
from ..data.cut_table import edges_by_target
from ..data.event_bins import EventBins
from .gaussian_optimum import GaussianClasses

if TYPE_CHECKING:
    from ..study import Study

Array = NDArray[np.float64]

#: Number of points of the Gauss-Legendre quadrature over a bin.
N_NODES = 12
#: Distance in widths beyond which one event in a thousand lies; a cut there has almost no effect.
LOOSEST = 3.0902
#: Columns that identify a row in a table of targets and bins.
BIN_COLUMNS = ["target_efficiency", "property_low", "property_high"]


@dataclass(frozen=True)
class GaussianBin:
    """Both classes of events in one bin of the property.

    Parameters
    ----------
    nodes : list of GaussianClasses
        The classes at the points of the quadrature.
    values : ndarray, shape (n_nodes,)
        The points of the quadrature [unit of the property].
    weights : ndarray, shape (n_nodes, 2)
        Share of the signal and background events for each point; the shares add up to 1.
    """

    nodes: list[GaussianClasses]
    values: Array
    weights: Array

    @classmethod
    def from_study(cls, study: Study, low: float, high: float) -> GaussianBin:
        """Return the classes of a bin of a study whose source is the toy."""
        points, quadrature = np.polynomial.legendre.leggauss(N_NODES)
        values = low + (high - low) * (points + 1) / 2
        means, widths, density = study.source.gaussians_at(values, low)
        density = quadrature[:, None] * density
        names, directions = tuple(study.feature_names), tuple(study.directions)
        return cls(
            [GaussianClasses(names, directions, *at) for at in zip(means, widths, strict=True)],
            values,
            density / density.sum(axis=0),
        )

    @cached_property
    def _all_nodes(self) -> GaussianClasses:
        """The classes at all points, with means and widths of shape (n_nodes, n_features, 2)."""
        means, widths = (
            np.stack([getattr(node, name) for node in self.nodes]) for name in ("means", "widths")
        )
        return replace(self.nodes[0], means=means, widths=widths)

    @property
    def _is_low(self) -> NDArray[np.bool_]:
        return np.array([direction == ">" for direction in self.nodes[0].directions])

    def efficiencies(self, low: Array, high: Array) -> Array:
        """Return the efficiencies of signal and background, shape (2,), for a window in every feature.

        Parameters
        ----------
        low, high : ndarray, shape (n_features,) or (n_nodes, n_features)
            Edges, the same in the whole bin or for each point; infinite for no edge.
        """
        of_nodes = np.exp(self._all_nodes.log_efficiencies(low, high).sum(axis=-2))
        total: Array = (self.weights * of_nodes).sum(axis=0)
        return total

    def one_sided(self, cuts: Array) -> tuple[Array, Array]:
        """Return the lower and upper edges, each of shape (..., n_features), for one-sided cuts."""
        is_low = self._is_low
        return np.where(is_low, cuts, -np.inf), np.where(is_low, np.inf, cuts)

    def signal_width(self) -> Array:
        """Return the mean width of the signal over the bin for each feature, shape (n_features,)."""
        width: Array = self.weights[:, 0] @ np.array([node.widths[:, 0] for node in self.nodes])
        return width

    def loosest(self) -> Array:
        """Return the cuts, shape (n_features,), at which almost nothing of either class is removed."""
        sign = np.where(self._is_low, -1.0, 1.0)
        ends = [
            sign * node.means[:, column] + LOOSEST * node.widths[:, column]
            for node in self.nodes
            for column in (0, 1)
        ]
        loosest: Array = sign * np.max(ends, axis=0)
        return loosest

    def best_cuts(self, signal_efficiency: float) -> tuple[Array, float]:
        """Return the one-sided cuts, shape (n_features,), with the least background, and its efficiency.

        The minimisation starts at the best cuts for the middle of the bin, which are found globally.

        Raises
        ------
        ValueError
            If the signal efficiency is outside (0, 1), or no such cuts are found.
        """
        middle = self.nodes[len(self.nodes) // 2]
        low, high, _ = middle.best_cuts(signal_efficiency, windows=False)
        width, loosest = self.signal_width(), self.loosest()
        start = np.where(self._is_low, low, high)
        start = np.where(np.isfinite(start), start, loosest)

        def log_efficiencies(scaled: Array) -> Array:
            logarithm: Array = np.log(self.efficiencies(*self.one_sided(start + width * scaled)))
            return logarithm

        from scipy.optimize import minimize  # here, as only the search needs it

        found = minimize(
            lambda scaled: log_efficiencies(scaled)[1],
            np.zeros(len(start)),
            method="SLSQP",
            constraints={
                "type": "eq",
                "fun": lambda scaled: log_efficiencies(scaled)[0] - np.log(signal_efficiency),
            },
            options={"maxiter": 300, "ftol": 1e-12},
        )
        if abs(log_efficiencies(found.x)[0] - np.log(signal_efficiency)) > 1e-6:
            raise ValueError(f"no cuts found that keep {signal_efficiency:g} of the signal: {found.message}")
        return start + width * found.x, float(np.exp(found.fun))


def tabulate_optimum(study: Study) -> pd.DataFrame:
    """Return the best one-sided cuts of every bin and target of the analysis ``bin_optimum`` of a study.

    Returns
    -------
    DataFrame
        ``target_efficiency``, ``property``, ``property_low``, ``property_high``, ``feature``, ``direction``,
        ``cut``, ``loosest`` (a cut that removes almost nothing), ``signal_width`` [unit of the feature]
        and ``background_efficiency`` of all cuts together.
    """
    wanted: Any = study.analyses["bin_optimum"]
    bins = EventBins(wanted.name, tuple(wanted.edges))
    parts = []
    for position, (low, high) in enumerate(bins.bounds):
        classes = GaussianBin.from_study(study, low, high)
        for target in wanted.targets:
            best, background = classes.best_cuts(target)
            rows = pd.DataFrame(
                {
                    "target_efficiency": target,
                    "feature": classes.nodes[0].features,
                    "direction": classes.nodes[0].directions,
                    "cut": best,
                    "loosest": classes.loosest(),
                    "signal_width": classes.signal_width(),
                    "background_efficiency": background,
                }
            )
            parts.append(bins.label(rows, position))
    return pd.concat(parts, ignore_index=True)


def distances(cuts: pd.DataFrame, optimum: pd.DataFrame) -> pd.DataFrame:
    """Return the distances of cuts from the best ones.

    Parameters
    ----------
    cuts : DataFrame
        Content of ``cuts.csv``, with the bins of the optimum.
    optimum : DataFrame
        Result of :func:`tabulate_optimum`.

    Returns
    -------
    DataFrame
        The rows of the optimum at the targets of the cuts, with ``cut``, ``best_cut`` and ``distance``
        [widths of the signal]. For a window the cut is the edge in the direction of the feature. A missing
        cut, or one looser than ``loosest``, counts as ``loosest``.

    Raises
    ------
    ValueError
        If the cuts have other bins.
    """
    where = ["target_efficiency", "property", "property_low", "property_high", "feature", "direction"]
    if EventBins.from_cuts(cuts) != EventBins.from_cuts(optimum):
        raise ValueError("these cuts have other bins than the optimum: give both the same edges")
    targets = cuts["target_efficiency"].unique()
    found = optimum.rename(columns={"cut": "best_cut"})
    found = found[[np.isclose(targets, target).any() for target in found["target_efficiency"]]]
    # Targets are read from text, so they are compared by value.
    rounded = cuts.assign(target_efficiency=cuts["target_efficiency"].round(9))
    found = found.assign(target_efficiency=found["target_efficiency"].round(9))
    table = found.merge(rounded[[*where, "cut"]], on=where, how="left")
    sign = np.where(table["direction"] == ">", 1.0, -1.0)
    loosest = sign * table["loosest"]
    own, best = (np.fmax(sign * table[name].to_numpy(), loosest) for name in ("cut", "best_cut"))
    table["distance"] = (own - best) / table["signal_width"]
    return table


def bin_efficiencies(cuts: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the exact efficiencies of cuts in every bin.

    Parameters
    ----------
    cuts : DataFrame
        Content of ``cuts.csv``, with the bins of a property.
    study : Study
        A study with the toy as its source.

    Returns
    -------
    DataFrame
        ``target_efficiency``, ``property_low``, ``property_high``, ``signal_efficiency`` and
        ``background_efficiency``.

    Raises
    ------
    ValueError
        If the cuts have no bins.
    """
    bins = EventBins.from_cuts(cuts)
    if bins is None:
        raise ValueError("these cuts do not follow a property: they have no efficiencies of bins")
    rows = []
    targets = list(cuts["target_efficiency"].unique())
    for low, high in bins.bounds:
        classes = GaussianBin.from_study(study, low, high)
        for target, edges in edges_by_target(cuts[cuts["property_low"] == low], targets):
            signal, background = classes.efficiencies(*classes.nodes[0].window(edges))
            rows.append((target, low, high, signal, background))
    names = [
        "target_efficiency",
        "property_low",
        "property_high",
        "signal_efficiency",
        "background_efficiency",
    ]
    return pd.DataFrame(rows, columns=names)


def interpolated_efficiencies(cuts: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the exact efficiencies in every bin for cuts interpolated between the bins.

    Parameters and result are as in :func:`bin_efficiencies`; the cuts must be one-sided.
    """
    bins = EventBins.from_cuts(cuts)
    if bins is None:
        raise ValueError("these cuts do not follow a property: there is nothing to interpolate")
    rows = []
    for low, high in bins.bounds:
        classes = GaussianBin.from_study(study, low, high)
        for target in cuts["target_efficiency"].unique():
            curves = [
                interpolate_cuts(cuts, target, name, classes.values) for name in classes.nodes[0].features
            ]
            signal, background = classes.efficiencies(*classes.one_sided(np.stack(curves, axis=1)))
            rows.append((target, low, high, signal, background))
    return pd.DataFrame(rows, columns=[*BIN_COLUMNS, "signal_efficiency", "background_efficiency"])


def compare_bins(
    cuts: pd.DataFrame, optimum: pd.DataFrame, study: Study, events: pd.DataFrame
) -> pd.DataFrame:
    """Compare cuts with the best ones, with one row for each target and bin.

    Parameters
    ----------
    cuts, optimum, study
        As in :func:`distances` and :func:`bin_efficiencies`.
    events : DataFrame
        The feature table of the training.

    Returns
    -------
    DataFrame
        ``target_efficiency``, ``property_low``, ``property_high``, ``training_signal`` [events], the exact
        ``signal_efficiency`` and ``background_efficiency``, ``uncertainty`` (binomial, for an efficiency
        equal to the target and the training signal in the bin), ``pull`` (distance of the signal efficiency
        from the target, divided by the uncertainty), ``over_optimum`` (background divided by that of the
        best cuts at the target) and ``distance`` (root mean square over features [widths of the signal]).
    """
    bins = EventBins.from_cuts(optimum)
    if bins is None:
        raise ValueError("this optimum has no bins")
    apart = distances(cuts, optimum).assign(squared=lambda rows: rows["distance"] ** 2)
    of_bin = apart.groupby(BIN_COLUMNS, as_index=False).agg(
        squared=("squared", "mean"), best_background=("background_efficiency", "first")
    )
    exact = bin_efficiencies(cuts, study)
    table = exact.assign(target_efficiency=exact["target_efficiency"].round(9)).merge(of_bin, on=BIN_COLUMNS)
    signal = events[(events["split"] == "train") & (events["label"] == 1)]
    counts = dict(zip(bins.edges[:-1], bins.counts(signal), strict=True))
    table["training_signal"] = table["property_low"].map(counts)
    target = table["target_efficiency"]
    table["uncertainty"] = np.sqrt(target * (1 - target) / table["training_signal"])
    table["pull"] = (table["signal_efficiency"] - target) / table["uncertainty"]
    table["over_optimum"] = table["background_efficiency"] / table["best_background"]
    table["distance"] = np.sqrt(table["squared"])
    return table[
        [
            *BIN_COLUMNS,
            "training_signal",
            "signal_efficiency",
            "background_efficiency",
            "uncertainty",
            "pull",
            "over_optimum",
            "distance",
        ]
    ]
