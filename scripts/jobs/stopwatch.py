"""Time that a training takes, for the comparison of methods."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd


class Stopwatch:
    """Measures the time since its creation."""

    def __init__(self) -> None:
        self._seconds, self._cpu_seconds = time.perf_counter(), time.process_time()

        self.row: dict[str, float | str] = {}

    def stop(self) -> None:
        """Keep the time since the creation.

        The processor time, summed over all threads, depends little on other jobs.
        """
        self.row["seconds"] = time.perf_counter() - self._seconds
        self.row["cpu_seconds"] = time.process_time() - self._cpu_seconds

    def write(self, file: Path, **more: str) -> None:
        """Write ``seconds`` and ``cpu_seconds`` until the stop and further columns, tab-separated."""
        row = {**self.row, **more}
        pd.DataFrame([row]).to_csv(file, sep="\t", index=False, float_format="%.3f")
