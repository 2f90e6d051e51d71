"""From a Snakemake job to the `main` of its script."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.jobs.bridge import bridge, path_list
from tests.conftest import ROOT, environment


def test_one_file_or_several():
    assert path_list(Path("a")) == [Path("a")]
    assert path_list([Path("a"), Path("b")]) == [Path("a"), Path("b")]


def fake_job(tmp_path: Path, output: str, log: str = "", **params: object) -> SimpleNamespace:
    class Named(dict):
        def __iter__(self):
            return iter(self.values())

    return SimpleNamespace(
        rule="some_rule",
        input=Named(),
        output=Named(table=output),
        params=Named(params),
        log=[log or str(tmp_path / "job.log")],
    )


def test_bridge_refuses_names_that_do_not_match(tmp_path):
    def main(*, table: Path, seed: int) -> None: ...

    with pytest.raises(TypeError, match="missing a required argument: 'seed'"):
        bridge(fake_job(tmp_path, "out.csv"), main)
    with pytest.raises(TypeError, match="unexpected keyword argument 'seeds'"):
        bridge(fake_job(tmp_path, "out.csv", seed=1, seeds=2), main)


def test_compiled_code_is_kept_with_the_results(tmp_path, monkeypatch):
    seen = []

    def main(*, table: Path) -> None:
        seen.append(os.environ["NUMBA_CACHE_DIR"])

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    bridge(fake_job(tmp_path, "out.csv"), main)
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/elsewhere")
    bridge(fake_job(tmp_path, "out.csv"), main)
    assert seen == [str(tmp_path / "results" / ".cache" / "numba"), "/elsewhere"]


def test_bridge_makes_one_line_of_an_error(tmp_path, capsys):
    def main(*, table: Path) -> None:
        raise ValueError("column x\nis bad")

    with pytest.raises(SystemExit) as stopped:
        bridge(fake_job(tmp_path, "out.csv"), main)
    assert stopped.value.code == 1
    assert capsys.readouterr().err == "error in some_rule: column x is bad\n"
    assert "Traceback" in (tmp_path / "job.log").read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_log_on_a_full_disk(tmp_path, capsys):
    def main(*, table: Path) -> None:
        logging.getLogger("cabin").info("progress")

    with pytest.raises(SystemExit):
        bridge(fake_job(tmp_path, "out.csv", log="/dev/full"), main)
    lines = capsys.readouterr().err.splitlines()
    assert "No space left on device" in lines[-1]
    assert lines[-1].startswith("error in some_rule")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    "write",
    [
        "pd.DataFrame({'a': range(100000)}).to_csv(table)",
        "pd.DataFrame({'a': range(100000)}).to_parquet(table)",
        "save_network(table, TrainedNetwork(LinearNetwork(1), FeatureScaling(['a'], [0], [1]), ('<',), {}))",
    ],
)
def test_full_disk_is_named(tmp_path, write):
    """In a process of its own, as the job runs: the stream must not complain again when it is closed."""
    code = f"""
import pandas as pd
from cabin_core import *
from scripts.jobs.bridge import bridge
from tests.jobs.test_bridge import fake_job
from pathlib import Path
def main(*, table):
    {write}
bridge(fake_job(Path({str(tmp_path)!r}), "/dev/full"), main)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "/dev/full" in done.stderr
    assert "Traceback" not in done.stderr
