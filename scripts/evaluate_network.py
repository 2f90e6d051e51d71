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
from scripts.selection import passes_cut_table, row_targets, score_thresholds
from scripts.train_network import make_sample

CUT_COLUMNS = ["target_efficiency", "feature", "direction", "cut", "cut_scaled"]


def tabulate_cuts(trained: TrainedNetwork) -> pd.DataFrame:
    """Return the cuts of a network, one row a target and edge; empty for a network without cuts.

    Returns
    -------
    DataFrame
        ``target_efficiency``, ``feature``, ``direction`` (``>`` or ``<``), ``cut`` in physical units
        and ``cut_scaled``. The two edges of a window are two rows of one feature.
    """
    net = trained.network
    if not isinstance(net, CutNetwork):
        return pd.DataFrame(columns=CUT_COLUMNS)
    scaled = net.cuts().detach()
    physical = trained.scaling.unscale(scaled, net.edge_features())
    features = [trained.scaling.features[position] for position in net.edge_features()]
    rows = [
        (target, feature, direction, physical[i, edge].item(), scaled[i, edge].item())
        for i, target in enumerate(row_targets(trained))
        for edge, (feature, direction) in enumerate(zip(features, net.directions(), strict=True))
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
    targets = row_targets(trained)
    if trained.settings.has_cuts:
        score_targets, thresholds = targets, np.full(len(targets), np.nan)
        selected = passes_cut_table(events, cut_table)
    else:
        score_targets = [float("nan")]
        of_training = is_signal & ~test
        thresholds = score_thresholds(event_scores[of_training, 0], weights[of_training], targets)
        selected = event_scores > thresholds
    efficiencies = hard_cut_efficiencies(selected[test], is_signal[test], weights[test])
    auc = [
        roc_auc_score(is_signal[test], row_scores, sample_weight=weights[test])
        for row_scores in event_scores[test].T
    ]

    cut_table.to_csv(cuts, index=False)
    pd.DataFrame(
        {
            "target_efficiency": targets,
            "signal_efficiency": efficiencies.signal,
            "signal_efficiency_uncertainty": efficiencies.signal_uncertainty,
            "background_efficiency": efficiencies.background,
            "background_efficiency_uncertainty": efficiencies.background_uncertainty,
            # One score serves all working points of a network without cuts.
            "loss_signal_efficiency": sums.signal_efficiency().expand(len(targets)).numpy(),
            "loss_background_efficiency": sums.background_efficiency().expand(len(targets)).numpy(),
            "auc": np.broadcast_to(auc, len(targets)),
            "score_above": thresholds,
        }
    ).to_csv(metrics, index=False)
    score_table = events[["label", "split", "weight"]].copy()
    for target, column in zip(score_targets, event_scores.T, strict=True):
        score_table[score_column(target)] = column
    score_table.to_parquet(scores, index=False)


if "snakemake" in globals():
    from scripts._bridge import bridge

    bridge(globals()["snakemake"], main)
