"""Time that a training takes, for the comparison of methods."""

from __future__ import annotations

import time
from pathlib import Path


class Stopwatch:
    """Measures the time since its creation."""

    def __init__(self) -> None:
        self._started = time.perf_counter(), time.process_time()

    @property
    def cpu_seconds(self) -> float:
        """Processor time of this process since the creation, summed over all threads."""
        return time.process_time() - self._started[1]

    def stop(self, cpu_seconds: float | None = None) -> None:
        """Keep the time since the creation.

        The processor time depends little on other jobs; ``cpu_seconds`` is that of all processes, if there
        are several.
        """
        started, _ = self._started
        cpu = self.cpu_seconds if cpu_seconds is None else cpu_seconds
        self._taken = time.perf_counter() - started, cpu

    def write(self, file: Path, *, path: str) -> None:
        """Write ``seconds`` and ``cpu_seconds`` until the stop and the ``path``, tab-separated.

        The path says what computed the sums over events, see :class:`scripts.models.base.Model`.
        """
        seconds, cpu_seconds = self._taken
        file.write_text(f"seconds\tcpu_seconds\tpath\n{seconds:.3f}\t{cpu_seconds:.3f}\t{path}\n")
