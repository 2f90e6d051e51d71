"""Expected yields of each process above thresholds on the score of a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..data.score_table import score_columns
from ..data.yields import expected_weights, process_names, with_yields_of

if TYPE_CHECKING:
    from cabin_core import TrainedNetwork

    from ..counting_experiment import CountingExperiment

#: Number of thresholds in even steps of the score; as many are in even steps of the signal efficiency.
N_THRESHOLDS = 400

#: Prefix of the columns with the efficiency of a process.
EFFICIENCY = "efficiency_"


def scan_thresholds(events: pd.DataFrame, experiment: CountingExperiment) -> pd.DataFrame:
    """Return the yields and the significance of the events above each threshold on their score.

    Parameters
    ----------
    events : DataFrame
        Events of a sample: ``score``, ``label``, ``weight`` and, optionally, ``process``.
    experiment : CountingExperiment
        See :func:`scripts.data.yields.with_yields`.

    Returns
    -------
    DataFrame
        One row for each threshold, in increasing order: ``threshold``; ``signal_yield`` and
        ``background_yield`` [expected events]; ``background_events`` in the sample; ``signal_efficiency``;
        the background efficiency with equal weights, ``background_efficiency_generated``, and weighted by
        cross-section, ``background_efficiency_expected``; ``efficiency_PROCESS`` of each process; and
        ``significance``, the signal yield over the root of the background yield (NaN without background, or
        where negative weights make it negative).
    """
    scores = events["score"].to_numpy(dtype=float)
    is_signal = (events["label"] == 1).to_numpy()
    expected = expected_weights(events, experiment)
    thresholds = np.union1d(
        np.linspace(0.0, 1.0, N_THRESHOLDS + 1)[:-1],
        np.quantile(scores[is_signal], np.linspace(0.0, 1.0, N_THRESHOLDS + 1)[:-1], method="lower"),
    )
    ranked = np.argsort(scores, kind="stable")
    first = np.searchsorted(scores[ranked], thresholds, side="right")  # of the events above a threshold

    def above(weights: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        from_the_top = np.append(np.cumsum(weights[ranked][::-1])[::-1], 0.0)
        return from_the_top[first]

    signal, background = above(expected * is_signal), above(expected * ~is_signal)
    generated = above(events["weight"].to_numpy(dtype=float) * ~is_signal)
    columns = {
        "threshold": thresholds,
        "signal_yield": signal,
        "background_yield": background,
        "background_events": above(1.0 * ~is_signal),
        "signal_efficiency": signal / expected[is_signal].sum(),
        "background_efficiency_generated": generated / events.loc[~is_signal, "weight"].sum(),
        "background_efficiency_expected": background / expected[~is_signal].sum(),
    }
    processes = process_names(events)
    for process in processes.unique():
        of_process = expected * (processes == process).to_numpy()
        columns[f"{EFFICIENCY}{process}"] = above(of_process) / of_process.sum()
    positive = np.where((columns["background_events"] > 0) & (background >= 0), background, np.nan)
    return pd.DataFrame(columns | {"significance": signal / np.sqrt(positive)})


def scan_network(
    features: pd.DataFrame, scores: pd.DataFrame, experiment: CountingExperiment, split: str = "test"
) -> pd.DataFrame:
    """Return the result of :func:`scan_thresholds` for a network with one score.

    Parameters
    ----------
    features, scores : DataFrame
        The feature table of a study and ``scores.parquet`` of a network, with the same events in each row.
    experiment : CountingExperiment
    split : str
        ``train`` or ``test``.

    Returns
    -------
    DataFrame

    Raises
    ------
    ValueError
        If the network has a score for each target.
    """
    columns = score_columns(scores.columns)
    if len(columns) != 1:
        raise ValueError(f"a scan of thresholds needs one score an event, not {', '.join(columns)}")
    events = features.assign(score=scores[columns[0]].to_numpy())
    return scan_thresholds(events[events["split"] == split], with_yields_of(features, experiment))


def meets_demands(scan: pd.DataFrame, demands: Mapping[str, float]) -> pd.Series:
    """Return which rows of a scan have at least the given values.

    Parameters
    ----------
    scan : DataFrame
        Result of :func:`scan_thresholds`.
    demands : mapping of float
        Smallest value of each column; ``background_yield`` counts expected events, ``background_events``
        events of the sample.

    Returns
    -------
    Series of bool
    """
    kept = pd.Series(True, index=scan.index)
    for column, least in demands.items():
        kept &= scan[column] >= least
    return kept


def best_threshold(scan: pd.DataFrame, demands: Mapping[str, float]) -> pd.Series:
    """Return the row of a scan with the largest significance among those that meet the demands.

    Raises
    ------
    ValueError
        If there is none.
    """
    kept = scan[meets_demands(scan, demands) & scan["significance"].notna()]
    if kept.empty:
        raise ValueError(f"no threshold meets the demands {dict(demands)}: lower them, or give more events")
    row: pd.Series = kept.loc[kept["significance"].idxmax()]
    return row


def linear_boundary(trained: TrainedNetwork) -> tuple[np.ndarray[Any, Any], float]:
    """Return weights and constant of a linear network in physical units.

    Parameters
    ----------
    trained : TrainedNetwork

    Returns
    -------
    tuple of ndarray, shape (n_features,), and float
        The boundary, where the score is 1/2, is at ``features @ weights + constant == 0``.

    Raises
    ------
    ValueError
        If the network is not linear.
    """
    from cabin_core import LinearNetwork  # here, as scans of scores need no torch

    network = trained.network
    if not isinstance(network, LinearNetwork):
        name = type(network).__name__
        raise ValueError(f"only a linear network has a straight boundary, not a network of the class {name}")
    scaled = network.linear.weight.detach().double().squeeze(0).numpy()
    constant = 0.0 if network.linear.bias is None else float(network.linear.bias.detach())
    weights = scaled / trained.scaling.spread.numpy()
    return weights, constant - float(weights @ trained.scaling.mean.numpy())
