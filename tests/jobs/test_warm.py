"""Jobs that a warm process does."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT, environment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only there a warm process is started")

#: A script with its job, as Snakemake hands it over.
SCRIPT = """
import os, sys, time
from types import SimpleNamespace

class Named(dict):
    def __iter__(self):
        return iter(self.values())

def job(table, task, benchmark, threads):
    return SimpleNamespace(
        rule="some_rule", input=Named(), output=Named(table=table), params=Named(task=task),
        log=[table + ".log"], bench_iteration=benchmark, threads=threads,
    )

def main(*, table, task):
    print("said by the job")
    had = "colorsys" in sys.modules
    import colorsys
    if task == "fail":
        raise ValueError("no such column")
    if task == "exit":
        sys.exit(256)
    if task == "say":
        sys.exit("told at the end")
    table.write_text(f"{os.getppid()} {had}")
    if task == "sleep":
        time.sleep(60)
"""
#: Snakemake: it starts a warm process, then a process for each line that it reads.
RUN = """
import subprocess, sys
from scripts.jobs import warm
warm.start()
for line in sys.stdin:
    table, task, benchmark, threads = line.split(";")
    client = f"import short_script as s; from scripts.jobs.warm import run_job; "
    client += f"run_job(s.job({table!r}, {task!r}, {benchmark}, {threads}), 'short_script')"
    job = subprocess.Popen([sys.executable, "-c", client])
    print(job.pid, flush=True)
    print("status", job.wait(), flush=True)
"""


class Run:
    """A run of jobs one after the other, and what each says."""

    def __init__(self, folder: Path) -> None:
        (folder / "short_script.py").write_text(SCRIPT)
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN],
            cwd=folder,
            env=environment() | {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", "TMPDIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.table = folder / "table"

    def start(self, task: str, benchmark: int | None = None, threads: int = 1) -> int:
        self.table.unlink(missing_ok=True)
        self.process.stdin.write(f"{self.table};{task};{benchmark};{threads}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self) -> tuple[int, list[str]]:
        said = []
        for line in self.process.stdout:
            if line.startswith("status "):
                return int(line.split()[1]), said
            said.append(line.rstrip())
        raise AssertionError(said)

    def server(self) -> int:
        return psutil.Process(self.process.pid).children()[0].pid

    def parent_and_had(self, task: str, **options) -> tuple[int, str]:
        """Do a job; return who its parent is and whether it found a module imported."""
        self.start(task, **options)
        assert self.end() == (0, ["said by the job"])
        parent, had = self.table.read_text().split()
        return int(parent), had


@pytest.fixture
def run(tmp_path):
    started = Run(tmp_path)
    yield started
    started.process.stdin.close()
    assert started.process.wait(20) == 0


def test_a_job_is_forked_and_finds_what_the_last_one_imported(run):
    assert run.parent_and_had("write") == (run.server(), "False")
    assert run.parent_and_had("write") == (run.server(), "True")


def test_a_job_that_is_measured_or_has_threads_is_done_by_its_own_process(run):
    for options in ({"benchmark": 0}, {"threads": 2}):
        assert run.parent_and_had("write", **options) == (run.process.pid, "False")


def test_an_error_is_one_line_and_the_exit_status(run):
    run.start("fail")
    assert run.end() == (1, ["said by the job", "error in some_rule: no such column"])
    assert "Traceback" in Path(f"{run.table}.log").read_text()


def test_any_end_of_a_job_is_its_exit_status(run):
    run.start("exit")
    assert run.end() == (1, ["said by the job"])
    run.start("say")
    assert run.end() == (1, ["said by the job", "told at the end"])


def test_a_client_that_says_nothing_does_not_hold_up_the_others(run):
    run.parent_and_had("write")
    (address,) = run.folder.glob("cabin-*/socket")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(address))
        assert run.parent_and_had("write")[0] == run.server()


def test_a_job_does_itself_if_the_warm_process_ended_while_another_runs(run):
    client = run.start("sleep")
    job = job_of(run)
    server = psutil.Process(run.server())
    server.kill()
    while server.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    (address,) = run.folder.glob("cabin-*/socket")
    with socket.socket(socket.AF_UNIX) as late, pytest.raises(ConnectionRefusedError):
        late.connect(str(address))
    os.kill(client, signal.SIGTERM)
    run.end()
    assert gone(job)


def test_without_a_warm_process_a_job_does_itself(run):
    run.parent_and_had("write")
    os.kill(run.server(), signal.SIGKILL)
    assert run.parent_and_had("write") == (run.process.pid, "False")


def gone(process: int) -> bool:
    for _ in range(100):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def job_of(run: Run) -> int:
    """Return the process of a job that sleeps."""
    while not run.table.exists():
        time.sleep(0.05)
    return psutil.Process(run.server()).children()[-1].pid


def test_a_job_ends_with_the_process_that_waits_for_it(run):
    client = run.start("sleep")
    job = job_of(run)
    os.kill(client, signal.SIGTERM)
    run.end()
    # Its parent takes note of the end at the next job.
    run.parent_and_had("write")
    assert gone(job)


def test_a_job_that_is_killed_is_done_again_alone(run):
    client = run.start("sleep")
    os.kill(job_of(run), signal.SIGKILL)
    run.table.unlink()
    while not (run.table.exists() and run.table.read_text()):
        time.sleep(0.05)
    assert run.table.read_text() == f"{run.process.pid} False"
    os.kill(client, signal.SIGTERM)
    said = run.end()[1]
    assert "short_script: the process of this job was killed, it is done once more" in said


def test_the_warm_process_ends_with_snakemake(tmp_path):
    run = Run(tmp_path)
    run.parent_and_had("write")
    server = run.server()
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait()
    assert gone(server)
