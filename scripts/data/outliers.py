"""Values that are absurdly far out, told with their event."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core.feature_spread import MOST_ROWS, are_far, far_values, robust_scale

#: With fewer events a median says little.
FEWEST = 20
#: Values that are told one by one.
SHOWN = 5
TEXT = (
    "%s: %s is %g, where the median is %g and the robust width %g: look at this event; it does not move the "
    "scale of a study with `scaling: robust`"
)
MORE = "%s: %d more values are as far out"


def report_far_values(log: logging.Logger, origin: object, events: pd.DataFrame, numbers: NDArray) -> None:
    """Log each value that lies far beyond all others, with a line.

    Parameters
    ----------
    log : logging.Logger
    origin : path-like
        File of the events.
    events : DataFrame
        Features of its events.
    numbers : ndarray of int, shape (n_events,)
        Position of each event in the file, from 0.
    """
    if len(events) < FEWEST:
        return
    values = events.to_numpy(dtype=float)
    rows, columns, median, width = far_values(values)
    for row, column in list(zip(rows, columns, strict=True))[:SHOWN]:
        log.warning(
            TEXT,
            *(f"{origin}: event {numbers[row]}", events.columns[column], values[row, column]),
            *(median[column], width[column]),
        )
    if len(rows) > SHOWN:
        log.warning(MORE, origin, len(rows) - SHOWN)


def report_far_values_of_parts(
    log: logging.Logger,
    process: str,
    parts: Sequence[Path],
    features: Sequence[str],
    place: Callable[[int, int, int], str],
) -> None:
    """Log each value of a process that lies far beyond all others, with a line.

    Only row groups whose limits are far out are read, beside some from which the medians are taken.

    Parameters
    ----------
    log : logging.Logger
    process : str
    parts : sequence of Path
        Its events (parquet): features and ``event``.
    features : sequence of str
    place : callable
        Returns what to call an event, from its part, its row in this and its ``event``.
    """
    import pyarrow.parquet as pq

    files = [pq.ParquetFile(path) for path in parts]
    groups = [(part, group) for part, file in enumerate(files) for group in range(file.num_row_groups)]
    n_events = sum(file.metadata.num_rows for file in files)
    if n_events < FEWEST:
        return

    def read(part: int, group: int, columns: Sequence[str]) -> list[NDArray[Any]]:
        table = files[part].read_row_group(group, columns=list(columns), use_threads=False)
        return [table[name].to_numpy() for name in columns]

    step = -(-n_events // MOST_ROWS)
    median, width = robust_scale(
        np.concatenate([np.column_stack(read(*group, features)) for group in groups[::step]])
    )
    n_found = 0
    first_rows = dict.fromkeys(range(len(files)), 0)
    for part, group in groups:
        about = files[part].metadata.row_group(group)
        first_row = first_rows[part]
        first_rows[part] += about.num_rows
        limits = np.array([_limits(about, name) for name in features]).T
        at_risk = np.flatnonzero(are_far(limits, median, width).any(axis=0))
        if not len(at_risk):
            continue
        *found, numbers = read(part, group, [*(features[int(at)] for at in at_risk), "event"])
        values = np.column_stack(found)
        for row, at in np.argwhere(are_far(values, median[at_risk], width[at_risk])):
            n_found += 1
            if n_found <= SHOWN:
                event = place(part, first_row + int(row), int(numbers[row]))
                column = int(at_risk[at])
                log.warning(
                    TEXT,
                    *(f"{process}: {event}", features[column], values[row, at]),
                    *(median[column], width[column]),
                )
    if n_found > SHOWN:
        log.warning(MORE, process, n_found - SHOWN)


def _limits(group: Any, name: str) -> tuple[float, float]:
    """Return the limits of a column of a row group; infinite ones where the file does not have them."""
    position = next(at for at in range(group.num_columns) if group.column(at).path_in_schema == name)
    about = group.column(position).statistics
    return (about.min, about.max) if about is not None and about.has_min_max else (-np.inf, np.inf)
