"""The columns of ``scores.parquet``: the scores of every event, one column a target."""

from __future__ import annotations

import math
from collections.abc import Iterable

_PREFIX = "score"


def score_column(target: float) -> str:
    """Return the name of the column of scores of a target; ``score`` where there is no target (NaN)."""
    return _PREFIX if math.isnan(target) else f"{_PREFIX}_{target}"


def target_of(column: str) -> float:
    """Return the target of a column of scores; NaN where there is none."""
    return float(column.removeprefix(_PREFIX).strip("_") or "nan")


def score_columns(columns: Iterable[str]) -> list[str]:
    """Return those of the columns that hold scores, in increasing order of the target."""
    names = [name for name in columns if name == _PREFIX or name.startswith(f"{_PREFIX}_")]
    return sorted(names, key=target_of)
