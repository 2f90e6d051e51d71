"""The scores of every event, ``scores.parquet``: its columns, one a target, and thresholds on them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

#: Above this score an event counts as selected where a network has neither cuts nor targets.
SCORE_THRESHOLD = 0.5

_PREFIX = "score"


def score_column(target: float) -> str:
    """Return the name of the column of scores of a target; ``score`` where there is no target (NaN)."""
    return _PREFIX if math.isnan(target) else f"{_PREFIX}_{target}"


def target_of(column: str) -> float:
    """Return the target of a column of scores; NaN where there is none."""
    return float(column.removeprefix(_PREFIX).strip("_") or "nan")


def selected(rule: str, scores: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return which events a rule of Watts' notebooks takes for signal, in their precision.

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
    """Return those of the columns that hold scores, in increasing order of the target."""
    names = [name for name in columns if name == _PREFIX or name.startswith(f"{_PREFIX}_")]
    return sorted(names, key=target_of)


def score_thresholds(
    scores: NDArray[np.floating], weights: NDArray[np.floating], targets: Sequence[float]
) -> NDArray[np.float64]:
    """Return the thresholds that signal passes with given efficiencies.

    Parameters
    ----------
    scores, weights : ndarray, shape (n_events,)
        Of signal events; those of the training sample, so that a test stays one.
    targets : sequence of float
        Signal efficiencies; 0.5 is the threshold of a NaN, :data:`SCORE_THRESHOLD`.

    Returns
    -------
    ndarray, shape (n_targets,)
        Events above (not at) a threshold are selected.
    """
    # Stable: how other sorts order equal scores, and so round the sums, differs by processor.
    order = np.argsort(scores, kind="stable")[::-1]
    passing = np.cumsum(weights[order], dtype=np.float64)
    thresholds = []
    for target in targets:
        if np.isnan(target):
            thresholds.append(SCORE_THRESHOLD)
            continue
        # The first event that is too much sets the threshold.
        first = min(int(np.searchsorted(passing, target * passing[-1], side="right")), len(order) - 1)
        thresholds.append(float(scores[order[first]]))
    return np.array(thresholds)
