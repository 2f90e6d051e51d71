"""A copy of the checkout that a test may change, and its workflow."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import HANGS, ROOT, environment

PARTS = ("Snakefile", "constraints.txt", "cabin_core", "scripts", "workflow", "config", "profiles")


def copy_checkout(folder: Path) -> Path:
    """Copy what the workflow needs into a folder, and return it."""
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, folder / part)
    return folder


def run_in(root: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run the workflow of a copy in its folder, with its own packages."""
    path = os.pathsep.join([str(root), *filter(None, [os.getenv("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=root,
        env=environment() | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )
