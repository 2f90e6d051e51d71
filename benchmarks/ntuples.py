"""Read ntuples: time beside uproot alone, from the file to features in memory, and peak memory.

``python benchmarks/ntuples.py`` writes files of 10 million events for a while, 1.2 GB in all, and prints a
line for each way to read them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scripts.benchmarks.memory import peak_memory  # noqa: E402
from scripts.data.ntuple_reading import Tally, read_events  # noqa: E402
from scripts.data.ntuple_recipe import Recipe  # noqa: E402

N_BRANCHES = 10
#: Events of one cluster of the jagged file, as programs write them that fill event by event.
CLUSTER = 200_000
#: Two cuts; seven branches and three expressions as features.
FLAT = {
    "columns": {
        "sum": "x0 + x1 * x2",
        "pt": "hypot(x7, x8)",
        "size": "abs(x9)",
        **{f"x{n}": f"x{n}" for n in range(7)},
    },
    "steps": [["first", "x0 > -0.5"], ["last", "x9 < 1.5"]],
    "features": ["sum", "pt", "size", *(f"x{n}" for n in range(7))],
}
JAGGED = {
    "Jet_pt[0]": {"columns": {"lead": "Jet_pt[0]"}, "steps": [], "features": ["lead"]},
    "deltar": {
        "columns": {"dr": "deltar(Jet_eta[0], Jet_phi[0], Jet_eta[1], Jet_phi[1])"},
        "steps": [],
        "features": ["dr"],
    },
}


def write_flat(
    path: Path, n_events: int, shift: float = 0.0, seed: int = 1, *, as_tree: bool = False
) -> Path:
    """Write flat float32 branches in one go, as uproot does by default, which makes an RNTuple; or a tree."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        f"x{n}": random.standard_normal(n_events, dtype=np.float32) + np.float32(shift)
        for n in range(N_BRANCHES)
    }
    with uproot.recreate(path) as file:
        if as_tree:
            file.mktree("events", {name: values.dtype for name, values in columns.items()}).extend(columns)
        else:
            file["events"] = columns
    return path


def write_jagged(path: Path, n_events: int, seed: int = 1) -> Path:
    """Write jets, three an event in the mean."""
    random = np.random.default_rng(seed)
    size = min(CLUSTER, n_events)
    counts = random.poisson(3.0, size)
    n_jets = int(counts.sum())
    values = {
        "pt": random.exponential(50.0, n_jets),
        "eta": random.normal(0.0, 1.5, n_jets),
        "phi": random.uniform(-np.pi, np.pi, n_jets),
    }
    jets = ak.zip({name: ak.unflatten(one.astype(np.float32), counts) for name, one in values.items()})
    with uproot.recreate(path) as file:
        tree = file.mktree("events", {"Jet": jets.type.content})
        for _ in range(n_events // size):
            tree.extend({"Jet": jets})
    return path


def read_all(path: Path, settings: dict[str, Any]) -> int:
    """Read the features of the events that pass into memory, chunk by chunk; return their number."""
    recipe = Recipe.parse(settings)
    tally = Tally.of(recipe)
    return sum(len(selected.weights) for selected in read_events([str(path)], recipe, tally))


def read_raw(path: Path, settings: dict[str, Any]) -> None:
    """Read the same branches with uproot, and no more: flat ones as arrays of numpy."""
    names = list(Recipe.parse(settings).branches())
    with uproot.open({str(path): None}, array_cache=None) as file:
        tree = file["events"]
        library = "ak" if any("[" in tree[name].typename for name in names) else "np"
        tree.arrays(filter_name=names, library=library, how=dict if library == "ak" else None)


def ratio(path: Path, settings: dict[str, Any], repetitions: int = 3) -> tuple[float, float]:
    """Return the time of a raw read [s], and that of ours over it: the least of some turns of each."""
    tasks: list[Callable[[], object]] = [lambda: read_raw(path, settings), lambda: read_all(path, settings)]
    seconds: list[list[float]] = [[], []]
    for _ in range(repetitions):
        for task, of_task in zip(tasks, seconds, strict=True):
            started = time.perf_counter()
            task()
            of_task.append(time.perf_counter() - started)
    raw, ours = map(min, seconds)
    return raw, ours / raw


def growth(path: Path, settings: dict[str, Any]) -> int:
    """Return what reading adds to the peak memory of a new process [bytes]."""
    command = [sys.executable, __file__, "--growth", str(path), json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout)


def main() -> None:
    """Print one line for each way to read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, default=None, help="where the files are written for a while")
    parser.add_argument("--growth", nargs=2, default=None, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.growth is not None:
        path, settings = Path(given.growth[0]), json.loads(given.growth[1])
        before = peak_memory()
        read_all(path, settings)
        print(peak_memory() - before)
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        flat = write_flat(Path(name) / "flat.root", given.events)
        tree = write_flat(Path(name) / "tree.root", given.events, as_tree=True)
        jagged = write_jagged(Path(name) / "jagged.root", given.events)
        for what, path, settings in (
            ("ten flat branches", flat, FLAT),
            ("the same as tree", tree, FLAT),
            *((what, jagged, settings) for what, settings in JAGGED.items()),
        ):
            raw, times = ratio(path, settings)
            print(
                f"{what:18s} {given.events:.3g} events: uproot alone {raw:.2f} s, here {times:.2f} times "
                f"that, peak memory {growth(path, settings) / 1e6:.0f} MB more",
                flush=True,
            )


if __name__ == "__main__":
    main()
