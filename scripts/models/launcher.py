"""Starts the processes of a training and ends all of them when one fails."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ..jobs.processes import MEETING_POINT
from . import worker

log = logging.getLogger("cabin.train_model")

ROOT = Path(__file__).parents[2]
#: How often the processes are looked at, and how long they may take to end [s].
LOOK_EVERY, TIME_TO_END = 0.1, 5.0


@dataclass
class Worker:
    """A process of a training; what it says goes to the log, its last line is the reason if it fails."""

    number: int
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self._reader.start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self.lines = [*self.lines[-20:], line.rstrip()]
            log.info("%s", line.rstrip())

    def reason(self) -> str:
        """Return why it failed."""
        self._reader.join(TIME_TO_END)
        status = self.process.returncode
        if status < 0:
            return (
                f"it was killed by {signal.Signals(-status).name}, as a machine does that runs out of memory"
            )
        said = [line for line in self.lines if line.strip()]
        # A process of the training says so, or else srun does; behind that come lines about all others.
        for mark in (worker.FAULT, ": error: "):
            for line in said:
                if mark in line:
                    return line.partition(worker.FAULT)[2] if mark == worker.FAULT else line
        return said[-1] if said else f"exit status {status}"


def launch(task: dict[str, Any], number: int, folder: Path, mpi: str | None = None) -> None:
    """Run a training in several processes and wait for them.

    Parameters
    ----------
    task : dict
        Arguments of :func:`scripts.models.training_job.run_training`.
    number : int
        Number of processes.
    folder : Path
        Where the file of the task lies while it runs; all machines must see it.
    mpi : str, optional
        Command that starts processes on the machines of the job, for example ``srun``; they are all started
        here where None.

    Raises
    ------
    ValueError
        With one line, if a process fails; all others have ended then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".processes_", dir=folder) as shared:
        file = Path(shared).absolute() / "task.json"
        worker.write_task(file, task)
        command = [sys.executable, "-m", worker.__name__, str(file)]
        if mpi:
            meeting = {"MASTER_ADDR": socket.gethostname(), "MASTER_PORT": str(_free_port())}
            starts = [([*shlex.split(mpi), "-n", str(number), *command], meeting)]
        else:
            meeting = {MEETING_POINT: f"file://{file.with_name('meeting')}", "WORLD_SIZE": str(number)}
            meeting |= _loopback()
            starts = [(command, meeting | {"RANK": str(rank)}) for rank in range(number)]
        with _ending(workers := []):
            for rank, (line, variables) in enumerate(starts):
                workers.append(Worker(rank, _start(line, variables)))
            _wait(workers)


def _start(command: list[str], variables: dict[str, str]) -> subprocess.Popen[str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path, **variables}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, errors="replace")


def _wait(workers: list[Worker]) -> None:
    """Wait until all have ended, or raise when one has failed."""
    while True:
        found = [one.process.poll() for one in workers]
        if any(found):
            # One that is left alone says nothing of the cause; that of the other may come a moment later.
            time.sleep(LOOK_EVERY)
            failed = [one for one in workers if one.process.poll()]
            failed.sort(key=lambda one: (one.process.returncode == worker.LEFT_ALONE, one.process.returncode))
            which = f"process {failed[0].number + 1} of {len(workers)} of the" if len(workers) > 1 else "the"
            raise ValueError(f"{which} training failed: {failed[0].reason()}")
        if all(status == 0 for status in found):
            return
        time.sleep(LOOK_EVERY)


@contextmanager
def _ending(workers: list[Worker]) -> Iterator[None]:
    """End all processes that still run, also if the job itself is told to end."""
    in_main = threading.current_thread() is threading.main_thread()
    former = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)) if in_main else None
    try:
        yield
    finally:
        for one in workers:
            if one.process.poll() is None:
                one.process.terminate()
        for one in workers:
            with suppress(subprocess.TimeoutExpired):
                one.process.wait(TIME_TO_END)
            if one.process.poll() is None:
                one.process.kill()
                one.process.wait()
        if in_main:
            signal.signal(signal.SIGTERM, former)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("", 0))
        port: int = one.getsockname()[1]
    return port


def _loopback() -> dict[str, str]:
    """Return the variable by which processes of one machine talk without its network."""
    if "GLOO_SOCKET_IFNAME" in os.environ:
        return {}
    names = [name for _, name in socket.if_nameindex() if name in ("lo", "lo0")]
    return {"GLOO_SOCKET_IFNAME": names[0]} if names else {}
