"""The project installed as a user does it: its commands run from any folder, without this checkout."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ROOT

PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]


def test_all_packages_are_named():
    found = {
        ".".join(folder.parent.relative_to(ROOT).parts)
        for top in ("cabin_core", "scripts")
        for folder in (ROOT / top).rglob("__init__.py")
    }
    assert set(PACKAGES) == {name.replace("scripts", "cabin_workflow", 1) for name in found}


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder in which the project is installed, without what it needs of others."""
    pytest.importorskip("setuptools")
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("target")
    for name in ("cabin_core", "scripts"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*command, "--no-index", "--target", target, source], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return target


def run(installed: Path, folder: Path, *command: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, installed / "bin" / command[0], *command[1:]],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_commands_from_another_folder(installed, tmp_path):
    assert {path.name for path in installed.iterdir() if "dist-info" not in path.name} == {
        "bin",
        "cabin_core",
        "cabin_workflow",
    }
    assert "--signal" in run(installed, tmp_path, "start_study", "--help")
    network = tmp_path / "results" / "run" / "study" / "scan"
    network.mkdir(parents=True)
    (network / "cuts.csv").write_text("target_efficiency,feature,direction,cut\n0.9,met,>,100.5\n")
    (network / "metrics.csv").write_text(
        "target_efficiency,signal_efficiency,background_efficiency\n0.9,0.9,0.1\n"
    )
    pd.DataFrame({"met": [100.5, 101.0, 99.0]}).to_csv(tmp_path / "new.csv", index=False)
    place = "results/run/study/scan"
    run(installed, tmp_path, "export_cuts", place, "--output", "point.yaml")
    out = run(installed, tmp_path, "apply_cuts", "point.yaml", "new.csv", "--output", "out.parquet")
    assert out.splitlines()[-1].split()[:4] == ["met", ">", "100.5", "1"]
    assert pd.read_parquet(tmp_path / "out.parquet")["met"].tolist() == [101.0]
    assert "met > 100.5" in run(installed, tmp_path, "export_cuts", place, "--form", "cpp")
