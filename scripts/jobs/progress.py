"""Progress of a job: a bar for loops over events, lines in the log for a training."""

from __future__ import annotations

import logging
import sys
import time

from tqdm import tqdm

#: Seconds between two lines of progress.
LINE_EVERY = 5.0


def event_progress(name: str, n_events: int) -> tqdm:
    """Return a progress bar, with frequent updates on a terminal and three per minute in a log."""
    return tqdm(total=n_events, desc=name, unit="event", mininterval=1 if sys.stderr.isatty() else 20)


class LineProgress:
    """Reports every few seconds the progress, the present result and the time left.

    Parameters
    ----------
    log : logging.Logger
    name : str
        Name of study and network, at the start of each line; without a name nothing is reported.
    unit : str
        Unit of the count, for example epoch.
    total : int
    """

    def __init__(self, log: logging.Logger, name: str, unit: str, total: int) -> None:
        self.log, self.name, self.unit, self.total = log, name, unit, total
        self.started = self.reported = time.monotonic()

    def update(self, done: int, result: str) -> None:
        """Take the number of finished units and the present result."""
        now = time.monotonic()
        if not self.name:
            return
        if now - self.reported < LINE_EVERY and done < self.total:
            return
        self.reported = now
        left = (now - self.started) / done * (self.total - done)
        self.log.info("%s: %s %d/%d, %s, %.0f s left", self.name, self.unit, done, self.total, result, left)
