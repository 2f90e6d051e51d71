"""What all tests share: the project's folder, a way to run its workflow, the settings of hypothesis."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent
#: Only a process that hangs takes as long; a busy machine must not fail a test [s].
HANGS = 3600.0

# The tests and the workflows that they run compile the kernels once.
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".pytest_cache" / "numba"))

# The same examples in every run, and none of them fails for being slow on a busy machine.
settings.register_profile(
    "cabin",
    deadline=None,
    derandomize=True,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("cabin")


def pytest_addoption(parser):
    parser.addoption("--freeze", action="store_true", help="write the frozen numbers of the figures anew")


#: The longest files, minutes each; pytest-xdist hands out two to a process at the start, so that of two
#: processes the first gets the first and the third.
LONGEST = ("test_paper.py", "test_quick_run.py", "test_simulated_study.py", "test_delphes_study.py")


def pytest_collection_modifyitems(items):
    # The longest files first: each stays in one process, and the last one would run alone at the end.
    def rank(item) -> int:
        name = item.path.name
        return LONGEST.index(name) if name in LONGEST else len(LONGEST) + ("workflow" not in item.keywords)

    items.sort(key=rank)


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
    def run(directory: Path, *arguments: str, overlays: tuple[dict | Path, ...] = ()):
        return subprocess.run(
            snakemake_command(directory, *arguments, overlays=overlays),
            env=environment(),
            capture_output=True,
            text=True,
            timeout=HANGS,
            check=False,
        )

    return run
