"""What all tests share: the project's folder and a way to run its workflow."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent


def pytest_addoption(parser):
    parser.addoption("--freeze", action="store_true", help="write the frozen numbers of the figures anew")


def pytest_collection_modifyitems(items):
    # The longest files first: each stays in one process, and the last one would run alone at the end.
    items.sort(key=lambda item: "workflow" not in item.keywords)


@pytest.fixture(scope="session")
def project() -> Path:
    return ROOT


def snakemake_command(directory: Path, *arguments: str, overlays: tuple[dict | Path, ...] = ()) -> list[str]:
    """The command that runs the workflow in a folder of its own, with overlays of the config."""
    files = []
    for number, overlay in enumerate(overlays):
        path = overlay if isinstance(overlay, Path) else directory / f"overlay{number}.yaml"
        if isinstance(overlay, dict):
            path.write_text(yaml.safe_dump(overlay))
        files.append(str(path))
    configfile = ["--configfile", *files] if files else []
    where = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(directory)]
    return [sys.executable, "-m", "snakemake", *where, *arguments, *configfile]


def environment() -> dict[str, str]:
    """The caller's environment without what would change the numbers or the messages."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}


Run = Callable[..., subprocess.CompletedProcess]


@pytest.fixture(scope="session")
def run_snakemake() -> Run:
    def run(directory: Path, *arguments: str, overlays: tuple[dict | Path, ...] = (), timeout: float = 1200):
        return subprocess.run(
            snakemake_command(directory, *arguments, overlays=overlays),
            env=environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run
