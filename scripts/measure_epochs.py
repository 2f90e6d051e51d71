"""Measure the time of an epoch, of this project and of the authors' package in turns."""

import json
import os
from pathlib import Path
from typing import Any

from scripts.benchmarks.contenders import Task
from scripts.benchmarks.memory import memory_limit
from scripts.benchmarks.settings import Case, Turns
from scripts.benchmarks.turns import take_turns
from scripts.parsing import parse


def main(
    *, folder: Path, installed: Path, results: Path, case: dict[str, Any], turns: dict[str, Any]
) -> None:
    """Time the epochs of one case.

    Parameters
    ----------
    folder, installed : Path
        The authors' package, and whether it is there.
    results : Path
        Written (json).
    case, turns : dict
        Settings.
    """
    size = parse(Case, case).model_dump()
    missing = json.loads(installed.read_text())["reason"]
    names = ["float32", "float64"]
    if not missing:
        names += ["package"] if size["bce"] else ["package", "package_without_entropy"]
    tasks = [Task(name, **size, package=str(folder.resolve()), memory=memory_limit()) for name in names]
    load = os.getloadavg()[0]
    contenders = take_turns(tasks, parse(Turns, turns))
    if missing:
        contenders["package"] = {"reason": missing}
    results.write_text(json.dumps({"case": size, "load": load, "contenders": contenders}, indent=1) + "\n")


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
