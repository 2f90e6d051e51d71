"""Evaluate one trained network: its cuts, its scores and what the hard cuts do."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from cabin_core import (
    CutNetwork,
    EventSums,
    TrainedNetwork,
    hard_cut_efficiencies,
    load_network,
)
from scripts.feature_table import read_feature_table
from scripts.score_table import score_column
from scripts.selection import row_targets, select_events
from scripts.train_network import make_sample

CUT_COLUMNS = ["target_efficiency", "feature", "direction", "cut", "cut_scaled"]


def tabulate_cuts(trained: TrainedNetwork) -> pd.DataFrame:
    """Return the cuts of a network, one row a target and feature; empty for a network without cuts.

    Returns
    -------
    DataFrame
        ``target_efficiency``, ``feature``, ``direction`` (``>`` or ``<``), ``cut`` in physical units
        and ``cut_scaled``.
    """
    net = trained.network
    if not isinstance(net, CutNetwork):
        return pd.DataFrame(columns=CUT_COLUMNS)
    scaled = net.cuts().detach()
    physical = trained.scaling.unscale(scaled)
    rows = [
        (target, feature, direction, physical[i, f].item(), scaled[i, f].item())
        for i, target in enumerate(row_targets(trained))
        for f, (feature, direction) in enumerate(zip(trained.scaling.features, net.directions(), strict=True))
    ]
    return pd.DataFrame(rows, columns=CUT_COLUMNS)


def score_events(trained: TrainedNetwork, table: pd.DataFrame) -> NDArray[np.float64]:
    """Return the scores of all events of a table in float64, shape (n_events, n_rows).

    Scores of signal crowd so close to 1 that float32 can't tell them apart.
    """
    values = torch.from_numpy(table[list(trained.scaling.features)].to_numpy(dtype="float64", copy=True))
    with torch.no_grad():
        scores: NDArray[np.float64] = trained.network.double()(trained.scaling.scale(values)).numpy()
    return scores


def main(
    *,
    table: Path,
    model: Path,
    cuts: Path,
    metrics: Path,
    scores: Path,
    features: list[str],
    threads: int,
) -> None:
    """Write cuts, metrics of the test sample and the scores of all events.

    Parameters
    ----------
    table, model : Path
        Feature table and trained network.
    cuts, metrics, scores : Path
        Written: csv, csv and parquet.
    features : list of str
        Of the study.
    threads : int
        Threads of torch.
    """
    torch.set_num_threads(threads)
    trained = load_network(model, features)
    events = read_feature_table(table, features)
    test = (events["split"] == "test").to_numpy()
    is_signal = (events["label"] == 1).to_numpy()
    weights = events["weight"].to_numpy(dtype=float)

    with torch.no_grad():
        test_sample = make_sample(events, trained.scaling, "test", trained.settings.dtype)
        sums = EventSums.of_sample(trained.network, test_sample)
    cut_table = tabulate_cuts(trained)
    event_scores = score_events(trained, events)
    selected = select_events(trained, events, cut_table, event_scores)
    efficiencies = hard_cut_efficiencies(selected[test], is_signal[test], weights[test])
    auc = [
        roc_auc_score(is_signal[test], row_scores, sample_weight=weights[test])
        for row_scores in event_scores[test].T
    ]

    cut_table.to_csv(cuts, index=False)
    pd.DataFrame(
        {
            "target_efficiency": row_targets(trained),
            "signal_efficiency": efficiencies.signal,
            "signal_efficiency_uncertainty": efficiencies.signal_uncertainty,
            "background_efficiency": efficiencies.background,
            "background_efficiency_uncertainty": efficiencies.background_uncertainty,
            "loss_signal_efficiency": sums.signal_efficiency().numpy(),
            "loss_background_efficiency": sums.background_efficiency().numpy(),
            "auc": auc,
        }
    ).to_csv(metrics, index=False)
    score_table = events[["label", "split", "weight"]].copy()
    for target, column in zip(row_targets(trained), event_scores.T, strict=True):
        score_table[score_column(target)] = column
    score_table.to_parquet(scores, index=False)


if "snakemake" in globals():
    from scripts._bridge import bridge

    bridge(globals()["snakemake"], main)
