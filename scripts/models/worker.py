"""One of the processes of a training: ``python -m scripts.models.worker TASK.json``.

A job starts them; ``torchrun`` and ``srun`` can, too.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from ..jobs.processes import LeftAlone, join
from .training_job import run_training

#: Exit status of a process that stops because another one has.
LEFT_ALONE = 3
#: In front of the one line about a fault.
FAULT = "error in the training: "
PATHS = ("table", "model", "history", "timing")


def read_task(path: Path) -> dict[str, Any]:
    """Return the arguments of a training from its file."""
    task: dict[str, Any] = json.loads(path.read_text())
    return task | {name: Path(task[name]) for name in PATHS}


def write_task(path: Path, task: dict[str, Any]) -> None:
    """Write the arguments of a training; its processes may run in another folder."""
    path.write_text(json.dumps(task | {name: str(task[name].absolute()) for name in PATHS}))


def main(path: Path) -> int:
    """Take part in a training and return the exit status; a fault is one line on standard error."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING, force=True)
    logging.getLogger("cabin").setLevel(logging.INFO)
    task = read_task(path)
    processes = join()
    try:
        run_training(**task | {"threads": 1}, processes=processes)
        processes.leave()
    except (ValueError, OSError) as error:
        print(FAULT + " ".join(str(error).split()), file=sys.stderr, flush=True)
        return 1
    except LeftAlone:
        return LEFT_ALONE
    return 0


if __name__ == "__main__":
    status = main(Path(sys.argv[1]))
    sys.stderr.flush()
    # Connections to a process that has ended can abort the usual way out, which would hide the status.
    os._exit(status) if status else sys.exit()
