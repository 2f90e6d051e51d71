"""The largest memory of the jobs of a run of Snakemake, those of the warm process too."""

import re
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import psutil

#: Time between two looks [s]; a peak that the kernel keeps is seen later, too.
STEP = 0.05


class Peaks(threading.Thread):
    """Watches the processes below another one until it ends.

    ``of_rule`` has the peak of the resident set of a process of each rule [bytes], with one job at a time.
    """

    def __init__(self, process: subprocess.Popen) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(process.pid)
        self.of_rule: dict[str, int] = {}

    def run(self) -> None:
        """Look until there is no process any more."""
        done = threading.Event()
        while self._process.is_running() and self._process.status() != psutil.STATUS_ZOMBIE:
            with suppress(psutil.NoSuchProcess):
                self._look(self._process.children(recursive=True))
            done.wait(STEP)

    def _look(self, children: list[psutil.Process]) -> None:
        commands = {child: _command(child) for child in children}
        rules = [found[1] for text in commands.values() if (found := re.search(r"\.(\w+)\.py", text))]
        if rules:
            of_jobs = [child for child, text in commands.items() if not self._is_server(child, text)]
            peak = max(map(_peak, of_jobs))
            self.of_rule[rules[0]] = max(self.of_rule.get(rules[0], 0), peak)

    def _is_server(self, child: psutil.Process, command: str) -> bool:
        """Whether it is the warm process itself, not a fork of it."""
        with suppress(psutil.NoSuchProcess):
            return "scripts.jobs.warm" in command and child.ppid() == self._process.pid
        return False


def _command(process: psutil.Process) -> str:
    """Return the command of a process; nothing of one that has ended."""
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def _peak(process: psutil.Process) -> int:
    """Return the peak of the resident set [bytes]; 0 of a process that has ended."""
    with suppress(OSError):
        found = re.search(r"VmHWM:\s*(\d+)", Path(f"/proc/{process.pid}/status").read_text())
        return 1024 * int(found[1]) if found else 0
    return 0
