"""A checkout in a folder whose name means something to a shell, with its own environment, by the Makefile."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml

from tests.checkout import copy_checkout
from tests.conftest import HANGS, ROOT, environment
from tests.ntuple_files import ntuple_study
from tests.studies import NETWORKS

pytestmark = [pytest.mark.workflow, pytest.mark.hardening]
#: As pip writes it where the path of Python has a space.
COMMAND = """#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
from snakemake.cli import main
main()
"""


def checkout_in(folder: Path) -> Path:
    """Copy the checkout into a folder, with an environment there that has the packages of this one."""
    copy_checkout(folder)
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "pyproject.toml").touch()
    command = [sys.executable, "-m", "venv", "--without-pip", str(folder / ".venv")]
    subprocess.run(command, check=True, timeout=HANGS)
    packages = next((folder / ".venv" / "lib").iterdir()) / "site-packages"
    (packages / "of_this.pth").write_text(sysconfig.get_path("purelib"))
    snakemake = folder / ".venv" / "bin" / "snakemake"
    snakemake.write_text(COMMAND.format(python=folder / ".venv" / "bin" / "python"))
    snakemake.chmod(0o755)
    (folder / ".venv" / "installed").touch()
    return folder


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    variables = environment()
    variables.pop("PYTHONPATH", None)
    command = ["make", "CORES=1", *arguments]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


def test_a_study_is_made_there(tmp_path):
    folder = tmp_path / "o'hara's (my) dir & more"
    folder.mkdir()
    checkout_in(folder)
    (folder / "b.csv").write_text("x\n" + "\n".join(str(0.1 * number) for number in range(40)))
    shutil.copy(folder / "b.csv", folder / "s.csv")
    study = ntuple_study({"s": {"files": ["s.csv"]}, "b": {"files": ["b.csv"]}})
    study |= {"networks": {"scan": NETWORKS["scan"]}, "figures": {}, "tables": {}}
    (folder / "my o'study.yaml").write_text(yaml.safe_dump({"run": "there", "studies": {"toy": study}}))
    done = make(folder, "study", "CONFIG=my o'study.yaml")
    assert done.returncode == 0, done.stderr[-3000:]
    assert (folder / "results" / "there" / "toy" / "scan" / "metrics.csv").exists()
    assert (folder / "results" / "there" / "report.html").exists()
    # The commands of the paper find what they name, too.
    assert make(folder, "results", "--dry-run").returncode == 0


def test_make_from_elsewhere_names_a_folder_with_a_space(tmp_path):
    folder = tmp_path / "my dir"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    done = make(tmp_path, "-f", str(folder / "Makefile"), "study", "CONFIG=a.yaml")
    assert done.returncode != 0
    assert f"{folder}{os.sep} has a space in its name" in done.stderr
    assert len(done.stderr.splitlines()) == 1
