"""Memory of a process and of the machine."""

from __future__ import annotations

import resource
from pathlib import Path

STATUS, MACHINE = Path("/proc/self/status"), Path("/proc/meminfo")


def _field(file: Path, name: str) -> int | None:
    """Return a field of a file of the kernel [bytes]; None where there is no such file."""
    if not file.is_file():
        return None
    return int(file.read_text().split(f"{name}:")[1].split()[0]) * 1024


def peak_memory() -> int:
    """Return the peak of the resident set of this process [bytes].

    Not ``ru_maxrss`` on Linux: a process inherits it from the one that starts it.
    """
    peak = _field(STATUS, "VmHWM")
    # Elsewhere, which means macOS, it is in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if peak is None else peak


def available_memory() -> int | None:
    """Return the memory that a new process can have [bytes]; None where the system does not say."""
    return _field(MACHINE, "MemAvailable")


def limit_memory(size: int | None) -> None:
    """Make allocations beyond a size [bytes] fail; the kernel would end the process without a word."""
    if size is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def memory_limit() -> int | None:
    """Return the memory that a contender may use [bytes], most of what is free; None where unknown."""
    free = available_memory()
    return None if free is None else int(0.9 * free)
