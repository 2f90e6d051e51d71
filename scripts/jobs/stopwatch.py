"""Time that a training takes, for the comparison of methods."""

from __future__ import annotations

import time
from pathlib import Path


class Stopwatch:
    """Measures the time since its creation."""

    def __init__(self) -> None:
        self._seconds, self._cpu_seconds = time.perf_counter(), time.process_time()

    def write(self, path: Path) -> None:
        """Write ``seconds`` and ``cpu_seconds`` since the creation, tab-separated.

        The processor time, summed over all threads, depends little on other jobs.
        """
        seconds = time.perf_counter() - self._seconds
        cpu_seconds = time.process_time() - self._cpu_seconds
        path.write_text(f"seconds\tcpu_seconds\n{seconds:.3f}\t{cpu_seconds:.3f}\n")
