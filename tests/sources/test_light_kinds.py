"""Settings are read at each start of the workflow: their modules import nothing that takes long."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT, environment

HEAVY = ("torch", "pandas", "scipy", "sklearn", "matplotlib", "uproot", "awkward", "vector", "mt2", "xgboost")


@pytest.mark.parametrize("room", ["source", "analysis"])
def test_kinds_are_light(room):
    code = f"""
import sys
from scripts.kinds import module_of, modules
assert modules({room!r})
for kind in modules({room!r}):
    module_of({room!r}, kind)
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
