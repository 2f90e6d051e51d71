"""What the machine can do: multiply-adds in the fastest cache, and a copy of a large array."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .memory import available_memory
from .settings import Machine

#: Numbers of the array in the cache, and multiply-adds with each before it is stored.
IN_CACHE, CHAIN = 1024, 16


@njit(fastmath={"contract"}, nogil=True, cache=False)  # type: ignore[untyped-decorator]
def _multiply_add(values: Any, factor: Any, shift: Any, rounds: int) -> None:
    for _ in range(rounds):
        for e in range(len(values)):
            v = values[e]
            # Written out, so that the loop over e is the innermost one and several chains run at once.
            v = v * factor + shift
            v = v * factor + shift
            v = v * factor + shift
            v = v * factor + shift
            v = v * factor + shift
            v = v * factor + shift
            v = v * factor + shift
            v = v * factor + shift
            v = v * factor + shift
            v = v * factor + shift
            v = v * factor + shift
            v = v * factor + shift
            v = v * factor + shift
            v = v * factor + shift
            v = v * factor + shift
            v = v * factor + shift
            values[e] = v


def _rates(
    tasks: Sequence[Callable[[int], object]], units: float, seconds: float, repetitions: int
) -> list[float]:
    """Return the units a second of tasks that run at the same time, one on a thread, again and again."""
    rounds = 1
    rates: list[float] = []
    tasks[0](1)  # compiles
    with ThreadPoolExecutor(len(tasks)) as pool:
        while len(rates) < repetitions:
            started = time.perf_counter()
            list(pool.map(lambda task, n: task(n), tasks, [rounds] * len(tasks)))
            taken = time.perf_counter() - started
            if taken < seconds / 2:
                rounds = max(2 * rounds, min(100 * rounds, int(rounds * seconds / max(taken, 1e-6))))
            else:
                rates.append(len(tasks) * rounds * units / taken)
    return rates


def multiply_add_rates(dtype: type, threads: int, settings: Machine) -> list[float]:
    """Return multiply-adds a second of all threads together."""
    arrays: list[NDArray[Any]] = [np.full(IN_CACHE, 0.5, dtype) for _ in range(threads)]
    tasks = [partial(_multiply_add, array, dtype(0.5), dtype(0.25)) for array in arrays]
    return _rates(tasks, IN_CACHE * CHAIN, settings.seconds, settings.repetitions)


def copy_rates(threads: int, settings: Machine) -> list[float]:
    """Return the bytes a second that are read and written together."""
    source = np.ones(settings.copied_bytes // 4, np.float32)
    target = np.zeros_like(source)  # its pages are there before the first copy
    parts = list(zip(np.array_split(target, threads), np.array_split(source, threads), strict=True))

    def copy(part: tuple[Any, Any], rounds: int) -> None:
        for _ in range(rounds):
            np.copyto(*part)

    return _rates(
        [partial(copy, part) for part in parts],
        2 * source.nbytes / threads,
        settings.seconds,
        settings.repetitions,
    )


def measure(settings: Machine, threads: list[int]) -> dict[str, Any]:
    """Return what the machine is, and its rates by number of threads."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "available_memory": available_memory(),
        "load": os.getloadavg()[0],
        "multiply_adds": {
            name: {str(n): multiply_add_rates(dtype, n, settings) for n in threads}
            for name, dtype in (("float32", np.float32), ("float64", np.float64))
        },
        "copied_bytes": {str(n): copy_rates(n, settings) for n in threads},
    }


def _processor() -> str:
    """Return the name of the processor."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
