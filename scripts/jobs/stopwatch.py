"""Time that a training takes, for the comparison of methods."""

from __future__ import annotations

import time
from pathlib import Path


class Stopwatch:
    """Measures the time since its creation."""

    def __init__(self) -> None:
        self._started = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        """Keep the time since the creation.

        The processor time, summed over all threads, depends little on other jobs.
        """
        seconds, cpu_seconds = self._started
        self._taken = time.perf_counter() - seconds, time.process_time() - cpu_seconds

    def write(self, file: Path, *, path: str) -> None:
        """Write ``seconds`` and ``cpu_seconds`` until the stop and the ``path``, tab-separated.

        The path says what computed the sums over events, see :class:`scripts.models.base.Model`.
        """
        seconds, cpu_seconds = self._taken
        file.write_text(f"seconds\tcpu_seconds\tpath\n{seconds:.3f}\t{cpu_seconds:.3f}\t{path}\n")
