"""Train with one process and with several, in turn: times, their ratio, and the cuts against each other.

``python benchmarks/processes.py --events 4000000``; nothing else should run meanwhile. The time of
an epoch is that of a long training minus that of a short one, so start and first reading do not count.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import numpy as np
from large_table import train, write_table


def main() -> None:
    """Print times and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=4_000_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None, help="where the table is written for a while")
    parser.add_argument("--precision", default="float64", choices=["float32", "float64"])
    parser.add_argument("--out-of-core", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        table = Path(name) / "features.parquet"
        write_table(table, given.events)
        ratios, jobs = [], []
        for _ in range(given.repeats):
            seconds, cpu, whole, cuts = {}, {}, {}, {}
            for number in (1, given.processes):
                one, more = (
                    train(
                        table,
                        Path(name) / "model",
                        epochs=epochs,
                        precision=given.precision,
                        out_of_core=given.out_of_core,
                        processes=number,
                    )
                    for epochs in (1, 1 + given.epochs)
                )
                seconds[number] = (more["training_s"] - one["training_s"]) / given.epochs
                cpu[number] = (more["training_cpu_s"] - one["training_cpu_s"]) / given.epochs
                whole[number], cuts[number] = more["wall_s"], more["cuts"]
                print(
                    f"{number} processes: epoch {seconds[number]:.3f} s, {cpu[number]:.3f} CPU s; whole job "
                    f"{whole[number]:.1f} s, peak of a process {more['peak_mb']:.0f} MB"
                )
            ratios.append(seconds[1] / seconds[given.processes])
            jobs.append(whole[1] / whole[given.processes])
            difference = np.abs(cuts[1] - cuts[given.processes]).max()
            print(
                f"faster by {ratios[-1]:.2f} an epoch, {jobs[-1]:.2f} the whole job; largest difference of a "
                f"cut {difference:.2g}"
            )
        print(
            f"median: {statistics.median(ratios):.2f} an epoch, {statistics.median(jobs):.2f} the whole job"
        )


if __name__ == "__main__":
    main()
