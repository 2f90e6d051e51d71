"""Train from a table larger than memory: time and peak memory, and the cuts against those in memory.

``python benchmarks/out_of_core.py --events 4000000 --compare`` needs 90 bytes of disk an event in float32, of
the table and of the copy that the training makes. Both are deleted.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from large_table import train, write_table


def main() -> None:
    """Print one line for each training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=4_000_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--folder", type=Path, default=None, help="where the table is written for a while")
    parser.add_argument("--precision", default="float64", choices=["float32", "float64"])
    parser.add_argument("--columns", default="float32", choices=["float32", "float64"])
    parser.add_argument("--compare", action="store_true", help="train in memory, too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        table = Path(name) / "features.parquet"
        started = time.process_time()
        write_table(table, given.events, real=given.columns)
        print(
            f"{given.events:.3g} events, {table.stat().st_size / given.events:.1f} bytes an event, "
            f"written in {time.process_time() - started:.1f} CPU s"
        )
        runs = {}
        for out_of_core in (True, False) if given.compare else (True,):
            found = runs[out_of_core] = train(
                table,
                Path(name) / f"out_of_core_{out_of_core}",
                epochs=given.epochs,
                precision=given.precision,
                out_of_core=out_of_core,
            )
            print(
                f"{'out of core' if out_of_core else 'in memory':12s} {given.epochs} epochs: "
                f"{found['training_s']:.1f} s, {found['training_cpu_s']:.1f} CPU s; whole job "
                f"{found['wall_s']:.1f} s, {found['cpu_s']:.1f} CPU s; peak {found['peak_mb']:.0f} MB"
            )
        if given.compare:
            difference = np.abs(runs[True]["cuts"] - runs[False]["cuts"]).max()
            print(f"largest difference of a cut: {difference:.2g} standard deviations")


if __name__ == "__main__":
    main()
