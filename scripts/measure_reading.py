"""Measure how fast Delphes files are read, beside uproot alone."""

import json
from pathlib import Path
from typing import Any

from scripts.benchmarks.reading import measure
from scripts.benchmarks.settings import Reading
from scripts.parsing import parse


def main(*, results: Path, delphes_file: str | None, reading: dict[str, Any]) -> None:
    """Measure and write the times.

    Parameters
    ----------
    results : Path
        Written (json).
    delphes_file : str, optional
        A Delphes file whose events are repeated; made-up events where None.
    reading : dict
        Settings of the measurement.
    """
    file = None if delphes_file is None else Path(delphes_file).expanduser()
    results.write_text(json.dumps(measure(file, parse(Reading, reading)), indent=1) + "\n")


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
