"""Measure the peak memory of a training of a few epochs, by number of events."""

import json
from pathlib import Path
from typing import Any

from scripts.benchmarks.contenders import Task
from scripts.benchmarks.memory import memory_limit
from scripts.benchmarks.settings import Case, Turns
from scripts.benchmarks.turns import START, NoNumberError, Worker
from scripts.parsing import parse

EPOCHS = 3


def main(
    *,
    folder: Path,
    installed: Path,
    results: Path,
    case: dict[str, Any],
    events: list[int],
    turns: dict[str, Any],
) -> None:
    """Train with each number of events, in a process of its own.

    Parameters
    ----------
    folder, installed : Path
        The authors' package, and whether it is there.
    results : Path
        Written (json): ``peak_memory`` [bytes] or ``reason``, by contender and number of events.
    case, turns : dict
        Settings.
    events : list of int
        Numbers of training events.
    """
    size = parse(Case, case).model_dump()
    limit = EPOCHS * parse(Turns, turns).longest_epoch
    missing = json.loads(installed.read_text())["reason"]
    found: dict[str, list[dict[str, Any]]] = {}
    for name in ["float32", "float64", *([] if missing else ["package"])]:
        found[name] = []
        # The first one is there so that the kernel is compiled.
        for n_events in [events[0], *events]:
            task = Task(
                name, **size | {"events": n_events}, package=str(folder.resolve()), memory=memory_limit()
            )
            worker = Worker(task)
            try:
                worker.answer(START)
                answer = worker.ask(EPOCHS, START + limit)
                found[name].append({"events": n_events, "peak_memory": answer["peak_memory"]})
            except NoNumberError as reason:
                found[name].append({"events": n_events, "reason": str(reason)})
            finally:
                worker.close()
        found[name].pop(0)
    results.write_text(json.dumps({"features": size["features"], "contenders": found}, indent=1) + "\n")


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
