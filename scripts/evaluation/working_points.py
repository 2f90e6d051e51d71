"""Application of a trained model: its selections at all working points, and its scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core import CutEfficiencies, hard_cut_efficiencies

from ..data.cut_table import IDLE
from ..data.folds import FOLD
from ..data.score_table import threshold_columns
from .targets import MET, Reached, reached_in_training, target_columns

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
    reached = reached_in_training(model, events, selected, thresholds)
    metrics = metrics_table(model, thresholds, efficiencies, (mean_signal, mean_background), areas, reached)
    columns = pd.DataFrame(event_scores, columns=model.score_columns, index=events.index)
    known = [name for name in ("label", "split", "weight", FOLD) if name in events]
    return metrics, pd.concat([events[known], columns], axis=1)


def cut_table(model: Model, at_work: NDArray[np.bool_], metrics: pd.DataFrame) -> pd.DataFrame:
    """Return ``cuts.csv``: the cuts of a model, what is asked of their working points, and which are idle.

    Parameters
    ----------
    model : Model
    at_work : ndarray of bool, shape (n_edges,)
        As :func:`scripts.data.cut_table.edges_at_work` returns it for the training sample.
    metrics : DataFrame
        Content of ``metrics.csv``.
    """
    cuts = model.cuts()
    of_point = metrics.set_index("target_efficiency")[["target", "target_of", MET]]
    asked = of_point.reindex(cuts["target_efficiency"]).set_axis(cuts.index)
    return cuts.assign(**{name: asked[name] for name in asked}, **{IDLE: ~at_work})


def process_table(
    model: Model, sums: ProcessSums, uncertainties: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Return ``processes.csv``: what each working point of a model selects of each process.

    Parameters
    ----------
    model : Model
    sums : ProcessSums
    uncertainties : mapping of float, optional
        Relative systematic uncertainty of the processes that have one; then there is a column of it.
    """
    table = sums.tabulate().rename(columns={"selection": "target_efficiency"})
    table = table.assign(target_efficiency=np.array(model.targets, dtype=float)[table["target_efficiency"]])
    if uncertainties:
        systematic = table["process"].map(dict(uncertainties)).fillna(0.0) * table["yield"].abs()
        table["yield_systematic_uncertainty"] = systematic.where(table["label"] >= 0)
    return table


def metrics_table(
    model: Model,
    thresholds: NDArray[np.float64],
    efficiencies: CutEfficiencies,
    mean_scores: tuple[NDArray[np.float64], NDArray[np.float64]],
    areas: NDArray[np.float64],
    reached: Sequence[Reached],
) -> pd.DataFrame:
    """Return ``metrics.csv``; a model without cuts has one mean score and one area for all working points."""
    n_points = len(model.targets)
    mean_signal, mean_background = np.broadcast_to(np.reshape(mean_scores, (2, -1)), (2, n_points))
    return pd.DataFrame(
        {
            "target_efficiency": model.targets,
            "signal_efficiency": efficiencies.signal,
            "signal_efficiency_uncertainty": efficiencies.signal_uncertainty,
            "background_efficiency": efficiencies.background,
            "background_efficiency_uncertainty": efficiencies.background_uncertainty,
            "loss_signal_efficiency": mean_signal,
            "loss_background_efficiency": mean_background,
            "auc": np.broadcast_to(areas, n_points),
            **threshold_columns(thresholds),
            **target_columns(model, reached, np.array([mean_signal, mean_background])),
        }
    )
