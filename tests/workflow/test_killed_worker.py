"""A training in two processes, of which one is killed: one line, and the same command resumes."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import HANGS, environment, snakemake_command

pytestmark = [pytest.mark.workflow, pytest.mark.hardening]

NETWORK = {
    "model": "scan",
    "weights": "directions",
    "targets": [0.5, 0.9],
    "loss": {"efficiency": 10.0, "background": 0.1},
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "seed": 1,
    "processes": 2,
}


def config(epochs: int) -> dict:
    study = {
        "title": "Two Gaussians",
        "source": {
            "kind": "gaussian",
            "signal_events": 2000,
            "background_events": 2000,
            "seed": 1,
            "mean_scale": 1.0,
            "width_scale": 1.0,
        },
        "split": {"test_fraction": 0.2, "seed": 1},
        "features": [{"name": f"x{i}", "direction": ">"} for i in range(2)],
        "networks": {"scan": NETWORK | {"epochs": epochs}},
    }
    return {"run": "killed", "studies": {"toy": study}}


def workers(folder: Path) -> list[int]:
    """Return the processes of a training below a folder, apart from the first one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            variables = (process / "environ").read_bytes().split(b"\0")
            where = os.readlink(process / "cwd")
        except OSError:
            continue
        if where == str(folder) and b"RANK=1" in variables:
            found.append(int(process.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc here")
def test_a_killed_worker_is_told_and_a_rerun_resumes(tmp_path, run_snakemake):
    log = tmp_path / "results/killed/logs/train_model/toy_scan.log"
    target = "results/killed/toy/scan/metrics.csv"
    run = subprocess.Popen(
        snakemake_command(tmp_path, "--cores", "2", target, overlays=(config(10**6),)),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + HANGS
    # A line of progress shows that both have met.
    while not (log.exists() and "epoch" in log.read_text()):
        assert run.poll() is None, "the training ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (worker,) = workers(tmp_path)
    os.kill(worker, signal.SIGKILL)
    errors = run.communicate(timeout=HANGS)[1]
    assert run.returncode != 0
    lines = [line for line in errors.splitlines() if line.startswith("error in train_model: ")]
    assert len(lines) == 1
    assert "process 2 of 2 of the training failed: it was killed by SIGKILL" in lines[0]
    assert "Traceback" not in errors
    assert not list((tmp_path / "results/killed/toy/scan").glob("model*"))
    table = tmp_path / "results/killed/toy/features.parquet"
    made = table.stat().st_mtime_ns
    again = run_snakemake(tmp_path, "--cores", "2", target, overlays=(config(20),))
    assert again.returncode == 0, again.stderr[-3000:]
    assert (tmp_path / target).exists()
    assert table.stat().st_mtime_ns == made, "finished work was done again"
