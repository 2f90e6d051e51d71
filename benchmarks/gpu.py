"""Time epochs of a scan on a GPU and on this machine's processor.

In the project's folder: ``PYTHONPATH=. .venv/bin/python benchmarks/gpu.py``.
"""

from __future__ import annotations

import itertools
import math
import statistics
import time
from typing import Any

import torch

from cabin_core import CutLoss, EfficiencyScanNetwork, EventSample, TrainingSettings, train

TARGETS = [i / 11 for i in range(1, 11)]
TERMS = {"efficiency": 10.0, "background": 0.1, "cut_size": 1e-5, "bce": 0.1, "smoothness": 1.0}


def draw_sample(n_events: int) -> EventSample:
    """Draw normal features, half of the events signal, seed 1."""
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(n_events, 10, generator=generator)
    is_signal = torch.arange(n_events) < n_events // 2
    features += 0.5 * is_signal[:, None]
    return EventSample(features, is_signal, torch.ones(n_events))


def measure(n_events: int, device: str, epochs: int, *, kernel: bool = True) -> tuple[float, float]:
    """Return the median time of an epoch [ms], without the first, and the peak memory of the GPU [GB]."""
    network = EfficiencyScanNetwork(10, TARGETS, [1.0] * 10, start=1.0).to(device)
    network.fused = kernel
    sample = draw_sample(n_events).to(device)
    ends: list[float] = []

    def ended(_: Any) -> None:
        if device == "cuda":
            torch.cuda.synchronize()
        ends.append(time.perf_counter())

    train(network, CutLoss(TARGETS, **TERMS), sample, None, TrainingSettings(epochs), on_epoch=ended)
    taken = statistics.median(after - before for before, after in itertools.pairwise(ends))
    return 1000 * taken, torch.cuda.max_memory_allocated() / 1e9 if device == "cuda" else math.nan


def main() -> None:
    """Print a table of times."""
    cores = torch.get_num_threads()
    for n_events, on_gpu, on_cpu in ((400_000, 30, 4), (4_000_000, 15, 3)):
        rows = [
            ("kernel, one thread", 1, "cpu", on_cpu, True),
            (f"torch, {cores} threads", cores, "cpu", on_cpu, False),
        ]
        if torch.cuda.is_available():
            rows.insert(0, (torch.cuda.get_device_name(), 1, "cuda", on_gpu, True))
        for name, threads, device, epochs, kernel in rows:
            torch.set_num_threads(threads)
            taken, memory = measure(n_events, device, epochs, kernel=kernel)
            print(f"{n_events:>8} events, {name}: {taken:.1f} ms an epoch, {memory:.2f} GB of the GPU")


if __name__ == "__main__":
    main()
