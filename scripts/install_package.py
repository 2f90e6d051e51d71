"""Install the authors' package into a folder of the benchmarks, which nothing else looks into."""

import json
import subprocess
import sys
from pathlib import Path


def main(*, folder: Path, installed: Path, package: str | None) -> None:
    """Install a package without what it depends on, which the project has.

    Parameters
    ----------
    folder : Path
        Written: the package.
    installed : Path
        Written: ``reason`` why it is not there, empty where it is (json).
    package : str, optional
        As pip names it; none is wanted where None.
    """
    folder.mkdir(parents=True, exist_ok=True)
    reason = "not wanted"
    if package is not None:
        options = ["--quiet", "--no-deps", "--disable-pip-version-check", "--target", str(folder)]
        command = [sys.executable, "-m", "pip", "install", *options, package]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said = done.stderr.strip().splitlines() or ["pip failed"]
        reason = "" if done.returncode == 0 else f"{package} cannot be installed: {said[-1]}"
    installed.write_text(json.dumps({"reason": reason}) + "\n")


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
