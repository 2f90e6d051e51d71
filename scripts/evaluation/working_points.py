"""Application of a trained model: its selections at all working points, and its scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core import CutEfficiencies, hard_cut_efficiencies

from ..data.folds import FOLD
from ..data.score_table import threshold_columns

if TYPE_CHECKING:
    from ..models.base import Model
    from .process_sums import ProcessSums


def measure(
    model: Model, events: pd.DataFrame, sums: ProcessSums | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply a model to a feature table.

    Parameters
    ----------
    model : Model
    events : DataFrame
        Training and test events.
    sums : ProcessSums, optional
        Filled with what each working point selects.

    Returns
    -------
    tuple of DataFrame
        The metrics of the test sample, one row for each working point (``metrics.csv``), and the scores of
        all events (``scores.parquet``).
    """
    test = (events["split"] == "test").to_numpy()
    is_signal = (events["label"] == 1).to_numpy()
    weights = events["weight"].to_numpy(dtype=float)

    mean_signal, mean_background = model.mean_scores(events[test])
    event_scores = model.scores(events)
    thresholds = model.thresholds(events, event_scores)
    selected = model.select(events, event_scores, thresholds)
    if sums is not None:
        sums.add_events(events, selected)
    efficiencies = hard_cut_efficiencies(selected[test], is_signal[test], weights[test])
    areas = model.roc_areas(event_scores[test], is_signal[test], weights[test], efficiencies)
    metrics = metrics_table(model, thresholds, efficiencies, (mean_signal, mean_background), areas)
    columns = pd.DataFrame(event_scores, columns=model.score_columns, index=events.index)
    known = [name for name in ("label", "split", "weight", FOLD) if name in events]
    return metrics, pd.concat([events[known], columns], axis=1)


def process_table(model: Model, sums: ProcessSums) -> pd.DataFrame:
    """Return ``processes.csv``: what each working point of a model selects of each process."""
    table = sums.tabulate().rename(columns={"selection": "target_efficiency"})
    return table.assign(target_efficiency=np.array(model.targets, dtype=float)[table["target_efficiency"]])


def metrics_table(
    model: Model,
    thresholds: NDArray[np.float64],
    efficiencies: CutEfficiencies,
    mean_scores: tuple[NDArray[np.float64], NDArray[np.float64]],
    areas: NDArray[np.float64],
) -> pd.DataFrame:
    """Return ``metrics.csv``; a model without cuts has one mean score and one area for all working points."""
    n_points = len(model.targets)
    mean_signal, mean_background = mean_scores
    return pd.DataFrame(
        {
            "target_efficiency": model.targets,
            "signal_efficiency": efficiencies.signal,
            "signal_efficiency_uncertainty": efficiencies.signal_uncertainty,
            "background_efficiency": efficiencies.background,
            "background_efficiency_uncertainty": efficiencies.background_uncertainty,
            "loss_signal_efficiency": np.broadcast_to(mean_signal, n_points),
            "loss_background_efficiency": np.broadcast_to(mean_background, n_points),
            "auc": np.broadcast_to(areas, n_points),
            **threshold_columns(thresholds),
        }
    )
