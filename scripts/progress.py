"""A bar for work that goes event by event."""

from __future__ import annotations

import sys

from tqdm import tqdm


def event_progress(name: str, n_events: int) -> tqdm:
    """Return a progress bar: lively on a terminal, three lines a minute in a log."""
    return tqdm(total=n_events, desc=name, unit="event", mininterval=1 if sys.stderr.isatty() else 20)
