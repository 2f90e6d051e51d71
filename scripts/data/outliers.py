"""Values that are absurdly far out, told with their event."""

from __future__ import annotations

import logging

import pandas as pd
from numpy.typing import NDArray

from cabin_core.feature_spread import far_values

#: With fewer events a median says little.
FEWEST = 20
#: Values that are told one by one.
SHOWN = 5


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
            "%s: event %d: %s is %g, where the median is %g and the robust width %g: look at this event; it "
            "does not move the scale of a study with `scaling: robust`",
            *(origin, numbers[row], events.columns[column], values[row, column]),
            *(median[column], width[column]),
        )
    if len(rows) > SHOWN:
        log.warning("%s: %d more values are as far out", origin, len(rows) - SHOWN)
