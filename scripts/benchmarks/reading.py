"""How fast Delphes files are read, beside uproot alone, and how much memory it takes."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot
import yaml

from ..physics.delphes import TREE, make_tree
from ..physics.features import DELPHES_FEATURES
from ..physics.preselection import needed_branches, read_features
from .memory import peak_memory
from .settings import Reading
from .turns import ROOT

SELECTION = yaml.safe_load((ROOT / "config" / "delphes.yaml").read_text())["studies"]["dilepton"]["source"][
    "selection"
]
FEATURES = {"seven features": list(DELPHES_FEATURES)[:7], "all features": list(DELPHES_FEATURES)}
#: Most events of one cluster of baskets of the repeated file.
CLUSTER = 20_000
#: Events that are made up, and repeated.
MADE_UP = 4000
COLUMNS = {
    "Electron": ("PT", "Eta", "Phi", "Charge"),
    "Muon": ("PT", "Eta", "Phi", "Charge"),
    "Jet": ("PT", "Eta", "Phi"),
    "MissingET": ("MET", "Phi"),
}
Events = dict[str, ak.Array]


def events_of(file: Path) -> Events:
    """Return the branches of a Delphes file that a conversion reads."""
    columns: dict[str, dict[str, ak.Array]] = {}
    with uproot.open(file) as root_file:
        tree = root_file[TREE]
        for branch in needed_branches(SELECTION):
            name, leaf = branch.split(".")
            columns.setdefault(name, {})[leaf] = tree[branch].array()
    return {name: ak.zip(leaves) for name, leaves in columns.items()}


def made_up_events() -> Events:
    """Return events with leptons, jets and missing momentum at random, a fifth of which pass."""
    random = np.random.default_rng(1)
    events = {}
    for name, leaves in COLUMNS.items():
        counts = np.ones(MADE_UP, int) if name == "MissingET" else random.integers(0, 4, MADE_UP)
        size = counts.sum()
        values = {
            "PT": -np.sort(-random.exponential(100.0, size).astype(np.float32)) + 5,
            "MET": random.exponential(200.0, size).astype(np.float32),
            "Eta": random.normal(0.0, 1.5, size).astype(np.float32),
            "Phi": random.uniform(-np.pi, np.pi, size).astype(np.float32),
            "Charge": random.choice(np.array([-1, 1], np.int32), size),
        }
        events[name] = ak.zip({leaf: ak.unflatten(values[leaf], counts) for leaf in leaves})
    return events


def repeat_events(events: Events, path: Path, n_events: int) -> None:
    """Write events over and over."""
    n_source = len(next(iter(events.values())))
    size = min(CLUSTER, n_events)
    cluster = {name: ak.concatenate([array] * -(-size // n_source))[:size] for name, array in events.items()}
    with uproot.recreate(path) as root_file:
        tree = make_tree(root_file, cluster)
        for _ in range(n_events // size):
            tree.extend(cluster)


def read_only(path: Path) -> None:
    """Read the branches as a conversion does, and no more."""
    with uproot.open(path, array_cache=None) as root_file:
        branches = needed_branches(SELECTION)
        root_file[TREE].arrays(filter_branch=lambda branch: branch.name in branches, how=dict)


def measure(file: Path | None, settings: Reading) -> dict[str, Any]:
    """Return the seconds of each repetition by task, and the growth of memory.

    Parameters
    ----------
    file : Path, optional
        A Delphes file whose events are repeated; made-up events where None.
    settings : Reading
    """
    if file is not None and not file.is_file():
        return {"reason": f"no file {file}"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "events.root")
        repeat_events(made_up_events() if file is None else events_of(file), path, settings.events)
        tasks: dict[str, Callable[[], object]] = {"uproot": lambda: read_only(path)}
        for name, features in FEATURES.items():
            tasks[name] = partial(read_features, path, SELECTION, features)
        seconds: dict[str, list[float]] = {name: [] for name in tasks}
        for repetition in range(settings.repetitions + 1):
            for name, task in tasks.items():
                started = time.perf_counter()
                task()
                if repetition:  # the first one is not counted
                    seconds[name].append(time.perf_counter() - started)
        # In a process of its own: a peak never falls.
        command = [sys.executable, "-m", "scripts.benchmarks.reading", str(path)]
        printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        memory: dict[str, Any] = json.loads(printed)
        return memory | {
            "source": "made-up events" if file is None else f"events of {file.name}, repeated",
            "events": settings.events,
            "file_bytes": path.stat().st_size,
            "seconds": seconds,
        }


if __name__ == "__main__":
    before = peak_memory()
    table, _ = read_features(Path(sys.argv[1]), SELECTION, FEATURES["seven features"])
    print(json.dumps({"growth": peak_memory() - before, "table_bytes": int(table.memory_usage().sum())}))
