"""A large feature table, written block by block, and trainings on it in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
BLOCK = 2**17
#: Trains in a new process, so that its memory is its own: the largest of its processes counts.
TRAIN = """
import json, resource, sys, time
from pathlib import Path
from scripts import train_model
task = json.loads(sys.argv[1])
paths = {name: Path(task.pop(name)) for name in ("table", "model", "history", "timing")}
if __name__ == "__main__":
    train_model.main(**paths, **task)
    of = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({
        "peak_mb": max(one.ru_maxrss for one in of) / 1024,
        "cpu_s": sum(one.ru_utime + one.ru_stime for one in of),
    }))
"""


def write_table(path: Path, n_events: int, n_features: int = 10, real: str = "float32") -> None:
    """Write Gaussian features, half of the events signal; 80 % of the events are for the training."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [f"x{number}" for number in range(n_features)]
    random = np.random.default_rng(1)
    shifts = random.uniform(0.3, 1.0, n_features)
    writer = None
    for start in range(0, n_events, BLOCK):
        size = min(BLOCK, n_events - start)
        label = (random.random(size) < 0.5).astype(np.int8)
        columns: dict[str, Any] = {
            name: (random.standard_normal(size, dtype=np.float32) + shift * label).astype(real)
            for name, shift in zip(names, shifts, strict=True)
        }
        columns |= {"label": label, "weight": np.ones(size)}
        split = pa.DictionaryArray.from_arrays((random.random(size) < 0.2).astype(np.int8), ["train", "test"])
        block = pa.table(columns).append_column("split", split.cast(pa.string()))
        writer = writer or pq.ParquetWriter(path, block.schema, use_dictionary=["split", "weight"])
        writer.write_table(block, row_group_size=BLOCK)
    assert writer is not None
    writer.close()


def train(table: Path, folder: Path, n_features: int = 10, **entry: Any) -> dict[str, float]:
    """Train a scan of ten targets and return its time, memory and cuts.

    Returns
    -------
    dict
        ``wall_s`` and ``cpu_s`` of the whole job with its start, ``peak_mb`` of its largest process,
        ``epoch_s`` the time of an epoch after the first, and ``cuts``.
    """
    import torch

    folder.mkdir(exist_ok=True)
    targets = [round(0.1 * number, 1) for number in range(1, 10)] + [0.95]
    network = {
        "model": "scan",
        "targets": targets,
        "loss": {"efficiency": 10.0, "background": 0.1, "bce": 0.01, "cut_size": 1e-4, "smoothness": 1.0},
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "seed": 1,
    } | entry
    task = {
        "table": str(table),
        "model": str(folder / "model.pt"),
        "history": str(folder / "history.csv"),
        "timing": str(folder / "training.tsv"),
        "name": "benchmark/scan",
        "network": network,
        "features": [f"x{number}" for number in range(n_features)],
        "directions": [">"] * n_features,
        "threads": 1,
    }
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, json.dumps(task)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    wall = time.perf_counter() - started
    found: dict[str, Any] = {"wall_s": wall} | json.loads(done.stdout.splitlines()[-1])
    seconds, cpu_seconds = (folder / "training.tsv").read_text().split("\n")[1].split("\t")[:2]
    found |= {"training_s": float(seconds), "training_cpu_s": float(cpu_seconds)}
    found["cuts"] = torch.load(folder / "model.pt", weights_only=True)["state"]["bias"].double().numpy()
    return found
