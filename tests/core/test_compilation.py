"""Where compiled code is kept: a folder that jobs share, none at all, never the source's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import cabin_core
from tests.conftest import HANGS, ROOT

PROGRAM = """
import torch
from cabin_core import CutNetwork, EventSample
from cabin_core.cut_sums import compile_kernels, fused_sums
compile_kernels(torch.float64)
events = EventSample.from_arrays(torch.zeros(9, 3), torch.arange(9) % 2, dtype=torch.float64)
fused_sums(CutNetwork(3, 2, [1.0, 1.0, -1.0]).double(), events)
from cabin_core.kernel import add_events
print(sum(add_events.stats.cache_hits.values()), sum(add_events.stats.cache_misses.values()))
"""


def start(program=PROGRAM, **variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    return subprocess.Popen(
        [sys.executable, "-c", program],
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
def test_threads_of_torch_may_be_what_compiles(tmp_path):
    job = start("import torch\ntorch.set_num_threads(2)" + PROGRAM, NUMBA_CACHE_DIR=str(tmp_path))
    assert job.communicate(timeout=HANGS) == ("0 1\n", "")


@pytest.mark.hardening
def test_without_a_folder_to_write_to_it_compiles_each_time():
    out, errors = start(HOME="/proc/none", XDG_CACHE_HOME="/proc/none").communicate()
    assert (out, errors) == ("0 1\n", "")


def test_compiling_kernels_imports_nothing_that_only_registers_with_numba():
    program = """
import sys, torch
from cabin_core.cut_sums import compile_kernels
compile_kernels(torch.float32)
print("vector" in sys.modules)
import awkward, numba
print(numba.njit(lambda array: len(array))(awkward.Array([[1.0], []])))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "False\n2\n", done.stderr
