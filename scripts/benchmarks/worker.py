"""A process that times epochs: a task is its argument, each line that it reads a number of epochs."""

from __future__ import annotations

import json
import sys
from typing import Any

from .contenders import CONTENDERS, Task
from .memory import limit_memory, peak_memory


def _say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def main(task: Task) -> None:
    """Answer each line with the seconds an epoch and the peak memory, or with the reason why not."""
    limit_memory(task.memory)
    try:
        run = CONTENDERS[task.contender](task)
        _say(peak_memory=peak_memory())
        for line in sys.stdin:
            epochs = int(line)
            seconds = run(epochs) / epochs
            _say(seconds=seconds, peak_memory=peak_memory())
    except (MemoryError, RuntimeError) as error:
        # torch has no type for it.
        if not (isinstance(error, MemoryError) or "allocate memory" in str(error)):
            raise
        _say(reason=f"needs more than the {(task.memory or 0) / 1e9:.0f} GB that are free")


if __name__ == "__main__":
    main(Task(**json.loads(sys.argv[1])))
