"""Working points on the events that they were trained on and on others, and what is left of a gain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.feature_table import CLASSES
from .sample_sums import SampleSums

Array = NDArray[np.float64]

SAMPLES = ("training", "test")
#: Largest distance of a working point from those of the simpler cuts, in units of the distance of these two.
FARTHEST = 0.5


@dataclass(frozen=True)
class Points:
    """The working points of all networks, on both classes of both samples.

    Parameters
    ----------
    table : DataFrame
        ``network`` and ``target_efficiency`` of each.
    sums : dict of SampleSums
        By sample and class, ``("training", "signal")`` for example.
    """

    table: pd.DataFrame
    sums: dict[tuple[str, str], SampleSums]

    def compare(self, simpler: str | None, n_samples: int, deviations: float) -> pd.DataFrame:
        """Compare both samples, and the gain over simpler cuts in both.

        Parameters
        ----------
        simpler : str or None
            Network that the others are compared with, if any.
        n_samples : int
            Number of resampled samples for the uncertainties of gains.
        deviations : float
            A remark is made beyond so many standard deviations.

        Returns
        -------
        DataFrame
            One row for each working point, see docs/reference/outputs.md.
        """
        columns: dict[str, object] = {}
        for name in CLASSES:
            for sample in SAMPLES:
                key = f"{name}_efficiency_{sample}"
                columns[key], columns[f"{key}_uncertainty"] = self.sums[sample, name].efficiencies()
        for sample in SAMPLES:
            columns[f"background_events_{sample}"] = self.sums[sample, "background"].counts
        ratio, uncertainty = _ratio(*(self.sums[sample, "background"] for sample in SAMPLES))
        columns |= {"background_ratio": ratio, "background_ratio_uncertainty": uncertainty}
        for name in CLASSES:
            columns[f"{name}_deviations"] = _deviations(*(self.sums[sample, name] for sample in SAMPLES))
        columns |= self._gains(simpler, n_samples, deviations)
        table = self.table.assign(**columns)
        return table.assign(remark=[_remark(row, deviations) for row in table.to_dict("records")])

    def _gains(self, simpler: str | None, n_samples: int, deviations: float) -> dict[str, object]:
        others = np.flatnonzero(self.table["network"] != simpler)
        of_simpler = np.flatnonzero(self.table["network"] == simpler)
        found, drawn = {}, {}
        for sample in SAMPLES:
            signal, background = (self.sums[sample, name] for name in CLASSES)
            efficiencies = signal.efficiencies()[0][None], background.efficiencies()[0][None]
            pairs = _neighbours(efficiencies[0][0], of_simpler, others)
            found[sample] = _gain(*efficiencies, others, pairs)[0]
            resampled = signal.resampled(n_samples), background.resampled(n_samples)
            drawn[sample] = _gain(*resampled, others, pairs)
        # Samples drawn of no event tell nothing.
        known = {
            sample: (self.sums[sample, "background"].counts[others] > 0) & ~np.isnan(found[sample])
            for sample in SAMPLES
        }
        spreads = {sample: np.where(known[sample], _spread(drawn[sample]), np.nan) for sample in SAMPLES}
        # A share of a gain that is none has no meaning.
        certain = found["training"] > deviations * spreads["training"]
        drawn["share"] = np.full_like(drawn["test"], np.nan)
        np.divide(
            drawn["test"], drawn["training"], out=drawn["share"], where=certain & (drawn["training"] != 0)
        )
        columns = {
            f"gain_{sample}{ending}": values[sample]
            for sample in SAMPLES
            for ending, values in (("", found), ("_uncertainty", spreads))
        } | {
            "survived": found["test"] / np.where(certain, found["training"], np.nan),
            "survived_uncertainty": np.where(known["test"], _spread(drawn["share"]), np.nan),
        }
        of_all = pd.DataFrame(columns, index=others).reindex(range(len(self.table)))
        return {"simpler": simpler or "", **of_all}


def _ratio(training: SampleSums, test: SampleSums) -> tuple[Array, Array]:
    """Return the ratio of efficiencies, test over training, and its uncertainty; NaN where nothing passes."""
    (of_training, error_of_training), (of_test, error_of_test) = training.efficiencies(), test.efficiencies()
    some = (of_training > 0) & (training.counts > 0)
    divisor = np.where(some, of_training, np.nan)
    ratio = of_test / divisor
    uncertainty = np.hypot(error_of_test, ratio * error_of_training) / divisor
    return ratio, np.where(test.counts > 0, uncertainty, np.nan)


def _deviations(training: SampleSums, test: SampleSums) -> Array:
    """Return by how many standard deviations the efficiency is larger in the test sample.

    They are those of two samples of the same distribution, whose efficiency is that of both together. So a
    sample in which nothing passes counts, too.
    """
    sizes = np.array([training.effective_events, test.effective_events])
    efficiencies = np.array([training.efficiencies()[0], test.efficiencies()[0]])
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = sizes / sizes.sum()
        together, passing = shares @ efficiencies, shares @ [training.passing_share, test.passing_share]
        variance = ((1 - together) ** 2 * passing + together**2 * (1 - passing)) * (1 / sizes).sum()
        difference = efficiencies[1] - efficiencies[0]
        return np.where(difference == 0, 0.0, difference / np.sqrt(variance))


def _neighbours(
    signal: Array, known: NDArray[np.intp], wanted: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return for each wanted working point the two known ones around it, at an end the last two.

    Both are the same, so that nothing can be interpolated, if there are no two of different efficiency.
    """
    if not len(known):
        return wanted, wanted
    different, positions = np.unique(signal[known], return_index=True)
    above = np.clip(np.searchsorted(different, signal[wanted]), 1, None)
    above = np.minimum(above, len(different) - 1)
    return known[positions[above - 1]], known[positions[above]]


def _gain(
    signal: Array,
    background: Array,
    compared: NDArray[np.intp],
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> Array:
    r"""Return by what share less background passes than with simpler cuts of the same signal efficiency.

    The background of the simpler cuts is interpolated between two of their working points: its logarithm
    along the signal efficiency or, where nothing passes one of them, itself.

    Parameters
    ----------
    signal, background : ndarray, shape (n_samples, n_points)
        Efficiencies of all working points.
    compared : ndarray of int, shape (n_compared,)
        Positions of the working points that are compared.
    pairs : tuple of ndarray of int, each of shape (n_compared,)
        Positions of the two working points of the simpler cuts for each.

    Returns
    -------
    ndarray, shape (n_samples, n_compared)
        NaN where there are no two such working points near by, or the simpler cuts leave no background.
    """
    low, high = pairs
    with np.errstate(divide="ignore", invalid="ignore"):
        along = (signal[:, compared] - signal[:, low]) / (signal[:, high] - signal[:, low])
        first, last = background[:, low], background[:, high]
        straight = first + along * (last - first)
        of_simpler = np.where((first > 0) & (last > 0), first * (last / first) ** along, straight)
        near = (along >= -FARTHEST) & (along <= 1 + FARTHEST) & (of_simpler > 0)
        return np.where(near, 1 - background[:, compared] / of_simpler, np.nan)


def _spread(drawn: Array) -> Array:
    """Return half of the range of the central 68.3 % of samples, which single extreme ones do not widen."""
    known = ~np.isnan(drawn).all(axis=0)
    spread = np.full(drawn.shape[1], np.nan)
    if known.any():
        low, high = np.nanpercentile(drawn[:, known], [15.87, 84.13], axis=0)
        spread[known] = (high - low) / 2
    return spread


def _remark(row: dict[str, float], deviations: float) -> str:
    """Return in words what a working point loses on fresh events beyond its uncertainty; empty if nothing."""
    said = []
    if row["background_deviations"] > deviations:
        more = f"{100 * (row['background_ratio'] - 1):.0f} % more background"
        if np.isnan(row["background_ratio"]):
            more = "more background"
        said.append(f"{more} on the test sample ({row['background_deviations']:.1f} standard deviations)")
    if row["signal_deviations"] < -deviations:
        less = 100 * (1 - row["signal_efficiency_test"] / row["signal_efficiency_training"])
        by = f"({-row['signal_deviations']:.1f} standard deviations)"
        said.append(f"{less:.1f} % less signal on the test sample {by}")
    if row["survived"] + deviations * row["survived_uncertainty"] < 1:
        left = f"{100 * row['survived']:.0f} ± {100 * row['survived_uncertainty']:.0f} %"
        said.append(f"{left} of the gain over {row['simpler']} is left on the test sample")
    return "; ".join(said)


def simplest(cuts: Mapping[str, pd.DataFrame], targets: Mapping[str, Sequence[float]]) -> str | None:
    """Return the network with the simplest cuts.

    Parameters
    ----------
    cuts : mapping of DataFrame
        ``cuts.csv`` of each network; empty for a network without cuts.
    targets : mapping of sequence of float
        Targets of each; empty without.

    Returns
    -------
    str or None
        Of the networks that have cuts at all targets of the first one with cuts at several targets, that with
        the fewest edges, and the first of several. Both sides of a feature, and each bin of a property, are
        edges of their own. None if there is no such network.
    """
    with_cuts = [name for name in cuts if len(cuts[name]) and len(targets[name]) > 1]
    if not with_cuts:
        return None
    edges = {}
    for name in with_cuts:
        if all(np.isclose(targets[name], target).any() for target in targets[with_cuts[0]]):
            parts = [part for part in ("feature", "direction", "property_low") if part in cuts[name]]
            edges[name] = len(cuts[name][parts].drop_duplicates())
    return min(edges, key=lambda name: edges[name])
