"""The table of scores, ``scores.parquet``, with a column for each target, and thresholds on scores."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .folds import FOLD

#: Events above this score are selected if a network has neither cuts nor targets.
SCORE_THRESHOLD = 0.5

_PREFIX = "score"
_OF_FOLD = "score_above_fold"


def score_column(target: float) -> str:
    """Return the name of the column with the scores of a target; ``score`` if there is no target (NaN)."""
    return _PREFIX if math.isnan(target) else f"{_PREFIX}_{target}"


def target_of(column: str) -> float:
    """Return the target of a column of scores; NaN if there is none."""
    return float(column.removeprefix(_PREFIX).strip("_") or "nan")


def selected(rule: str, scores: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return which events a rule of Watts' notebooks classifies as signal, in float32 as there.

    Parameters
    ----------
    rule : str
        ``output``, the score above 0.5, or ``sigmoid``, the sigmoid of the score above 0.5.
    scores : ndarray, shape (n_events,)

    Returns
    -------
    ndarray of bool, shape (n_events,)
    """
    values = scores.astype(np.float32)
    if rule == "sigmoid":
        values = np.float32(1) / (np.float32(1) + np.exp(-values))
    return np.asarray(values > SCORE_THRESHOLD)


def score_columns(columns: Iterable[str]) -> list[str]:
    """Return the columns with scores, in increasing order of the target."""
    names = [name for name in columns if name == _PREFIX or name.startswith(f"{_PREFIX}_")]
    return sorted(names, key=target_of)


def score_thresholds(
    scores: NDArray[np.floating], weights: NDArray[np.floating], targets: Sequence[float]
) -> NDArray[np.float64]:
    """Return the thresholds on the score for given signal efficiencies.

    Parameters
    ----------
    scores, weights : ndarray, shape (n_events,)
        Scores and weights of signal events. They should be of the training sample, so that the test sample
        stays independent.
    targets : sequence of float
        Signal efficiencies; a NaN gives the threshold :data:`SCORE_THRESHOLD`, 0.5.

    Returns
    -------
    ndarray, shape (n_targets,)
        Events above (not at) a threshold are selected.
    """
    # A stable sort: other sorts order equal scores, and so round the sums, differently on each processor.
    order = np.argsort(scores, kind="stable")[::-1]
    passing = np.cumsum(weights[order], dtype=np.float64)
    thresholds = []
    for target in targets:
        if np.isnan(target):
            thresholds.append(SCORE_THRESHOLD)
            continue
        # The first event beyond the efficiency sets the threshold. Negative weights make the sum fall again.
        first = min(
            int(np.searchsorted(np.maximum.accumulate(passing), target * passing[-1], side="right")),
            len(order) - 1,
        )
        thresholds.append(float(scores[order[first]]))
    return np.array(thresholds)


def thresholds_of(metrics: Any) -> NDArray[np.float64]:
    """Return the thresholds on the score in ``metrics.csv``.

    Parameters
    ----------
    metrics : DataFrame

    Returns
    -------
    ndarray, shape (n_targets,), or (n_folds, n_targets) if each fold has its own
    """
    of_folds = [name for name in metrics if name.startswith(_OF_FOLD)]
    if not of_folds:
        return np.asarray(metrics["score_above"], dtype=float)
    return np.array([metrics[f"{_OF_FOLD}{fold}"] for fold in range(len(of_folds))], dtype=float)


def threshold_columns(thresholds: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return the columns of ``metrics.csv`` for thresholds on the score, as :func:`thresholds_of` reads them.

    Of thresholds of folds there is a column for each, and ``score_above`` is their mean.
    """
    if thresholds.ndim == 1:
        return {"score_above": thresholds}
    of_folds = {f"{_OF_FOLD}{fold}": values for fold, values in enumerate(thresholds)}
    return {"score_above": thresholds.mean(axis=0), **of_folds}


def above_thresholds(scores: Any, metrics: Any) -> NDArray[np.bool_]:
    """Return which events of a table of scores, of a network with one score, each working point selects.

    Parameters
    ----------
    scores, metrics : DataFrame
        Rows of ``scores.parquet``, and ``metrics.csv``.

    Returns
    -------
    ndarray of bool, shape (n_events, n_targets)
    """
    thresholds = thresholds_of(metrics)
    of_events = thresholds if thresholds.ndim == 1 else thresholds[scores[FOLD].to_numpy()]
    return np.asarray(scores["score"].to_numpy()[:, None] > of_events)
