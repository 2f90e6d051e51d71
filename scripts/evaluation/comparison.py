"""Comparison of all methods at the same working points, for the figure and the table of competitors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from cabin_core.feature_spread import FAR, Scaling
from cabin_core.roughness import roughness

from ..data.feature_table import fit_scaling
from ..data.folds import FOLD, number_of_folds, view_of_fold
from ..models.base import area_through
from ..study import RESERVED_COLUMNS

Targets = Sequence[float] | NDArray[np.float64]

BACKGROUND = ["background_efficiency", "background_efficiency_uncertainty"]


def compare_networks(
    networks: Sequence[str],
    features: pd.DataFrame,
    metrics: Sequence[pd.DataFrame],
    cuts: Sequence[pd.DataFrame],
    timing: Sequence[pd.DataFrame],
    *,
    scaling: Scaling,
) -> pd.DataFrame:
    """Return efficiencies, areas, roughness and times of networks at the targets of the first one.

    Parameters
    ----------
    networks : sequence of str
        Names.
    features : DataFrame
        The feature table of their study.
    metrics, cuts, timing : sequence of DataFrame
        ``metrics.csv``, ``cuts.csv`` and ``training.tsv`` of each network.
    scaling : str
        Of the study.

    Returns
    -------
    DataFrame
        One row for each network and target: ``network``, ``has_cuts``, ``target_efficiency``, and on the test
        sample ``signal_efficiency``, ``background_efficiency`` and its uncertainty (NaN if the network lacks
        the target). The columns ``roc_area``, ``roughness`` (:func:`cut_roughness`, of folds their mean) and
        ``training_seconds`` (processor time) have the same value in all rows of a network.

        The area is that under the ROC curve of the score or, for cuts, under straight lines between the
        working points.

    Raises
    ------
    ValueError
        If the first network has no targets.
    """
    targets = np.sort(metrics[0]["target_efficiency"].to_numpy(dtype=float))
    if np.isnan(targets).any():
        raise ValueError(f"network {networks[0]} has no targets to compare at: name a scan first")
    ranges = _ranges_of_folds(features, scaling)
    parts = []
    for name, table, of_cuts, of_time in zip(networks, metrics, cuts, timing, strict=True):
        has_cuts = bool(table["score_above"].isna().all())
        area = (
            area_through(table["signal_efficiency"].to_numpy(), table["background_efficiency"].to_numpy())
            if has_cuts
            else float(table["auc"].iloc[0])
        )
        points = at_targets(table, targets)
        parts.append(
            pd.DataFrame(
                {
                    "network": name,
                    "has_cuts": has_cuts,
                    "target_efficiency": targets,
                    "signal_efficiency": points["signal_efficiency"].to_numpy(),
                    **{column: points[column].to_numpy() for column in BACKGROUND},
                    "roc_area": area,
                    "roughness": _mean_roughness(of_cuts, targets, ranges) if has_cuts else float("nan"),
                    "training_seconds": float(of_time["cpu_seconds"].iloc[0]),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def at_targets(metrics: pd.DataFrame, targets: Targets) -> pd.DataFrame:
    """Return the rows of the given targets, in their order; NaN for a target without a row."""
    rows = [np.flatnonzero(np.isclose(metrics["target_efficiency"], target)) for target in targets]
    return metrics.reindex([int(row[0]) if len(row) else -1 for row in rows])


def _ranges_of_folds(features: pd.DataFrame, scaling: Scaling) -> list[pd.DataFrame]:
    """Return the ranges of the events that the cuts of each fold were trained on; of all without folds."""
    if FOLD not in features:
        return [scaled_ranges(features, scaling)]
    folds = range(number_of_folds(features))
    return [scaled_ranges(view_of_fold(features, fold), scaling) for fold in folds]


def _mean_roughness(cuts: pd.DataFrame, targets: Targets, ranges: Sequence[pd.DataFrame]) -> float:
    """Return the roughness of cuts, of those of folds the mean."""
    if FOLD not in cuts:
        return cut_roughness(cuts, targets, ranges[0])
    of_folds = [cuts[cuts[FOLD] == fold].drop(columns=FOLD) for fold in range(len(ranges))]
    pairs = zip(of_folds, ranges, strict=True)
    return float(np.mean([cut_roughness(of_fold, targets, ends) for of_fold, ends in pairs]))


def scaled_ranges(table: pd.DataFrame, scaling: Scaling) -> pd.DataFrame:
    """Return the smallest and largest scaled value of each feature in the training sample.

    Parameters
    ----------
    table : DataFrame
        A feature table.
    scaling : str
        Of its study.

    Returns
    -------
    DataFrame
        For each feature the columns ``>`` and ``<``: values where an edge in that direction cuts nothing.
    """
    names = [name for name in table.columns if name not in RESERVED_COLUMNS]
    means, spreads = fit_scaling(table, names, scaling)
    training = (table.loc[table["split"] == "train", names] - means) / spreads
    training = training.where(training.abs() <= FAR)  # what is absurdly far out is no end of a range
    return pd.DataFrame({">": training.min(), "<": training.max()})


def cut_roughness(cuts: pd.DataFrame, targets: Targets, ranges: pd.DataFrame) -> float:
    """Return the roughness of cuts as functions of the target, Eq 7 of arXiv:2502.08615.

    Parameters
    ----------
    cuts : DataFrame
        Content of ``cuts.csv``.
    targets : sequence of float
        In increasing order. Only values at the same targets can be compared.
    ranges : DataFrame
        Result of :func:`scaled_ranges`.

    Returns
    -------
    float
        Squared distance of a scaled cut from the mean of its neighbours, divided by the squared distance of
        the neighbours plus 0.1. It is averaged over the inner targets and over all edges that cut at one
        target at least. An edge that is absent at a target counts as the end of the range of the training
        sample. 0 is perfectly smooth; a single jump of one standard deviation gives 10. NaN if a target is
        missing.
    """
    at = cuts.assign(target=[_match(target, targets) for target in cuts["target_efficiency"]]).dropna()
    if at.empty or len(targets) < 3:
        return float("nan")
    edges = at.pivot(index="target", columns=["feature", "direction"], values="cut_scaled")
    edges = edges.reindex(range(len(targets)))
    for feature, direction in edges.columns:
        edges[feature, direction] = edges[feature, direction].fillna(ranges.loc[feature, direction])
    return float(roughness(torch.from_numpy(edges.to_numpy(dtype="float64", copy=True))))


def _match(target: float, targets: Targets) -> float:
    matches = np.flatnonzero(np.isclose(targets, target))
    return float(matches[0]) if len(matches) else float("nan")
