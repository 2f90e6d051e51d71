"""Where compiled code is kept: a folder that jobs share, none at all, never the source's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import cabin_core
from tests.conftest import ROOT

PROGRAM = """
import torch
from cabin_core.cut_sums import compile_kernels
compile_kernels(torch.float64)
from cabin_core.kernel import add_events
print(sum(add_events.stats.cache_hits.values()), sum(add_events.stats.cache_misses.values()))
"""


def start(**variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=kept | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.hardening
def test_jobs_that_start_at_once_share_a_folder(tmp_path):
    before = set(Path(cabin_core.__file__).parent.rglob("*.nb?"))
    ends = [job.communicate() for job in [start(NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(3)]]
    assert set(ends) <= {("0 1\n", ""), ("1 0\n", "")}
    assert start(NUMBA_CACHE_DIR=str(tmp_path)).communicate() == ("1 0\n", "")
    assert list(tmp_path.rglob("*.nbc"))
    assert set(Path(cabin_core.__file__).parent.rglob("*.nb?")) == before


@pytest.mark.hardening
def test_without_a_folder_to_write_to_it_compiles_each_time():
    out, errors = start(HOME="/proc/none", XDG_CACHE_HOME="/proc/none").communicate()
    assert (out, errors) == ("0 1\n", "")
