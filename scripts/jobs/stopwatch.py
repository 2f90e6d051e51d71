"""Time that a training takes, for the comparison of methods."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd


class Stopwatch:
    """Measures the time since its creation."""

    def __init__(self) -> None:
        self._seconds, self._cpu_seconds = time.perf_counter(), time.process_time()

    @property
    def cpu_seconds(self) -> float:
        """Processor time of this process since the creation, summed over all threads."""
        return time.process_time() - self._cpu_seconds

    def write(self, path: Path, cpu_seconds: float | None = None) -> None:
        """Write ``seconds`` and ``cpu_seconds`` since the creation, tab-separated.

        The processor time depends little on other jobs; ``cpu_seconds`` is that of all processes, if there
        are several.
        """
        row = {
            "seconds": time.perf_counter() - self._seconds,
            "cpu_seconds": self.cpu_seconds if cpu_seconds is None else cpu_seconds,
        }
        pd.DataFrame([row]).to_csv(path, sep="\t", index=False, float_format="%.3f")
