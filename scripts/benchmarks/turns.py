"""Workers that take turns, so that other load of the machine meets all of them."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from .contenders import Task
from .settings import Turns

ROOT = Path(__file__).parents[2]
#: Time for imports, events and the first compilation of the kernel [s].
START = 300.0
#: Most epochs of a turn.
MOST_EPOCHS = 1000


class NoNumberError(Exception):
    """There is no number, for the reason that the message gives."""


class Worker:
    """A process of :mod:`scripts.benchmarks.worker`, which ends with the process that has started it."""

    def __init__(self, task: Task) -> None:
        path = os.pathsep.join([str(ROOT), *filter(None, [os.getenv("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scripts.benchmarks.worker", json.dumps(task._asdict())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": str(task.threads)},
        )
        self._contender = task.contender

    def answer(self, limit: float) -> dict[str, Any]:
        """Return the next answer.

        Raises
        ------
        NoNumberError
            If it does not come within ``limit`` seconds, or there is too little memory.
        RuntimeError
            If the worker fails.
        """
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(limit):
                raise NoNumberError(f"an epoch takes more than {limit:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            if status < 0:
                raise NoNumberError(f"ended by signal {-status}, which is 9 where memory is short")
            raise RuntimeError(f"the worker of {self._contender} failed with status {status}")
        answer: dict[str, Any] = json.loads(line)
        if "reason" in answer:
            raise NoNumberError(answer["reason"])
        return answer

    def ask(self, epochs: int, limit: float) -> dict[str, Any]:
        """Return the answer to a number of epochs, see :meth:`answer`."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{epochs}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # its end is found where its answer is read
        return self.answer(limit)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def take_turns(tasks: list[Task], turns: Turns) -> dict[str, dict[str, Any]]:
    """Time contenders one after the other, again and again.

    Parameters
    ----------
    tasks : list of Task
        One for each contender.
    turns : Turns

    Returns
    -------
    dict of dict
        By contender: ``seconds`` an epoch of each turn, ``epochs`` a turn, ``first_epoch`` with all that a
        training does once [s], ``peak_memory`` [bytes]; or ``reason`` where there is none.
    """
    workers = {task.contender: Worker(task) for task in tasks}
    results: dict[str, dict[str, Any]] = {name: {"seconds": []} for name in workers}

    def ask(name: str, epochs: int, limit: float) -> float:
        answer = workers[name].ask(epochs, limit)
        results[name]["peak_memory"] = answer["peak_memory"]
        return float(answer["seconds"])

    def give_up(name: str, reason: object) -> None:
        workers.pop(name).close()
        results[name] = {"reason": str(reason)}

    try:
        for name in list(workers):
            try:
                workers[name].answer(START)
                seconds = ask(name, 1, START + turns.longest_epoch)
                results[name]["first_epoch"] = seconds
                # The first one compiles and arranges; a long one is known well enough.
                if seconds < 10 * turns.turn_seconds or name.startswith("float"):
                    seconds = ask(name, 1, turns.longest_epoch)
                if seconds > turns.longest_epoch:
                    raise NoNumberError(f"an epoch takes {seconds:.0f} s")
                results[name]["epochs"] = max(1, min(MOST_EPOCHS, round(turns.turn_seconds / seconds)))
            except NoNumberError as reason:
                give_up(name, reason)
        started = time.monotonic()
        for turn in range(turns.most):
            if turn >= turns.least and time.monotonic() - started > turns.case_seconds:
                break
            for name in list(workers):
                try:
                    epochs = results[name]["epochs"]
                    results[name]["seconds"].append(ask(name, epochs, 10 * epochs * turns.longest_epoch))
                except NoNumberError as reason:
                    give_up(name, reason)
    finally:
        for worker in workers.values():
            worker.close()
    return results
