"""Evaluate whatever was trained: its cuts, its scores and what its selections do."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from cabin_core import hard_cut_efficiencies
from scripts.data.event_bins import columns_of
from scripts.data.feature_table import read_feature_table
from scripts.data.selection import score_thresholds
from scripts.models.base import load_model


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
        Feature table and trained model.
    cuts, metrics, scores : Path
        Written: csv, csv and parquet.
    features : list of str
        Of the study.
    threads : int
        Threads of torch.
    """
    torch.set_num_threads(threads)
    trained = load_model(model, features)
    events = read_feature_table(table, columns_of(features, trained.event_bins))
    test = (events["split"] == "test").to_numpy()
    is_signal = (events["label"] == 1).to_numpy()
    weights = events["weight"].to_numpy(dtype=float)

    mean_signal, mean_background = trained.mean_scores(events[test])
    event_scores = trained.scores(events)
    targets = trained.targets
    if trained.has_cuts:
        thresholds = np.full(len(targets), np.nan)
    else:
        of_training = is_signal & ~test
        thresholds = score_thresholds(event_scores[of_training, 0], weights[of_training], targets)
    selected = trained.select(events, event_scores, thresholds)
    efficiencies = hard_cut_efficiencies(selected[test], is_signal[test], weights[test])
    areas = trained.roc_areas(event_scores[test], is_signal[test], weights[test], efficiencies)

    trained.cuts().to_csv(cuts, index=False)
    pd.DataFrame(
        {
            "target_efficiency": targets,
            "signal_efficiency": efficiencies.signal,
            "signal_efficiency_uncertainty": efficiencies.signal_uncertainty,
            "background_efficiency": efficiencies.background,
            "background_efficiency_uncertainty": efficiencies.background_uncertainty,
            # One score serves all working points of a model without cuts.
            "loss_signal_efficiency": np.broadcast_to(mean_signal, len(targets)),
            "loss_background_efficiency": np.broadcast_to(mean_background, len(targets)),
            "auc": np.broadcast_to(areas, len(targets)),
            "score_above": thresholds,
        }
    ).to_csv(metrics, index=False)
    score_table = events[["label", "split", "weight"]].copy()
    columns = pd.DataFrame(event_scores, columns=trained.score_columns, index=events.index)
    pd.concat([score_table, columns], axis=1).to_parquet(scores, index=False)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
