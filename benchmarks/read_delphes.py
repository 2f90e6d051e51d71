"""How fast the Delphes reader is, and how much memory it needs.

Run it on any Delphes file of a few thousand events, which it repeats to 100,000 and 400,000 events in a
temporary folder (Linux)::

    OMP_NUM_THREADS=1 PYTHONPATH=. .venv/bin/python benchmarks/read_delphes.py small.root

It prints

- the time in which uproot alone reads the same branches into memory at once, and the time of the whole
  conversion into a table of features, for the seven features of arXiv:2502.08615 and for all: medians of
  several runs, which take turns, after one that is not counted;
- the growth of the memory of a process that converts either file.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import awkward as ak
import uproot
import yaml

from scripts.physics.delphes import make_tree
from scripts.physics.features import DELPHES_FEATURES
from scripts.physics.preselection import needed_branches, read_features

CONFIG = Path(__file__).parents[1] / "config" / "delphes.yaml"
SELECTION = yaml.safe_load(CONFIG.read_text())["studies"]["dilepton"]["source"]["selection"]
FEATURES = {"seven features": list(DELPHES_FEATURES)[:7], "all features": list(DELPHES_FEATURES)}
LARGE, SMALL = 400_000, 100_000
#: Events of one cluster of baskets of the repeated file.
CLUSTER = 20_000
RUNS = 7


def repeat_events(source: Path, path: Path, n_events: int) -> None:
    """Write the branches that a conversion reads, the events of ``source`` over and over."""
    with uproot.open(source) as root_file:
        tree = root_file["Delphes"]
        columns: dict[str, dict[str, ak.Array]] = {}
        for branch in needed_branches(SELECTION):
            name, leaf = branch.split(".")
            columns.setdefault(name, {})[leaf] = tree[branch].array()
    events = {name: ak.zip(leaves) for name, leaves in columns.items()}
    n_source = len(next(iter(events.values())))
    copies = -(-CLUSTER // n_source)
    cluster = {name: ak.concatenate([array] * copies)[:CLUSTER] for name, array in events.items()}
    with uproot.recreate(path) as root_file:
        tree = make_tree(root_file, cluster)
        for _ in range(n_events // CLUSTER):
            tree.extend(cluster)


def read_only(path: Path) -> None:
    """Read the branches as a conversion does, and no more."""
    with uproot.open(path, array_cache=None) as root_file:
        branches = needed_branches(SELECTION)
        root_file["Delphes"].arrays(filter_branch=lambda branch: branch.name in branches, how=dict)


def median_times(tasks: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median time of each task [s]; they take turns, so that other load meets all of them."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for run in range(RUNS + 1):
        for name, task in tasks.items():
            started = time.perf_counter()
            task()
            if run:
                times[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in times.items()}


def peak_memory() -> float:
    """Return the peak of the resident set of this process [MB].

    Not ``ru_maxrss``, which a process inherits from the one that starts it.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1000


def memory_growth(path: Path) -> tuple[float, float]:
    """Return by how much this process grows when it converts a file, and the size of the result [MB]."""
    before = peak_memory()
    table, _ = read_features(path, SELECTION, FEATURES["seven features"])
    return peak_memory() - before, table.memory_usage().sum() / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", type=Path, help="a Delphes file")
    parser.add_argument(
        "--memory-only", action="store_true", help="convert the file and print the growth [MB]"
    )
    arguments = parser.parse_args()
    if arguments.memory_only:
        print(*memory_growth(arguments.file))
        return
    with tempfile.TemporaryDirectory() as folder:
        files = {n_events: Path(folder, f"{n_events}.root") for n_events in (SMALL, LARGE)}
        for n_events, path in files.items():
            repeat_events(arguments.file, path, n_events)
        tasks: dict[str, Callable[[], object]] = {"reading": lambda: read_only(files[LARGE])}
        for name, features in FEATURES.items():
            tasks[name] = lambda features=features: read_features(files[LARGE], SELECTION, features)
        times = median_times(tasks)
        for name, seconds in times.items():
            print(f"{LARGE} events, {name}: {seconds:.3f} s, ratio {seconds / times['reading']:.2f}")
        for n_events, path in files.items():
            # In a process of its own: a peak never falls.
            command = [sys.executable, __file__, str(path), "--memory-only"]
            printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            growth, size = map(float, printed.split())
            print(f"{n_events} events: memory grows by {growth:.0f} MB, for a table of {size:.1f} MB")


if __name__ == "__main__":
    main()
