"""Measure what the machine can do: multiply-adds and a copy of memory."""

import json
from pathlib import Path
from typing import Any

from scripts.benchmarks.machine import measure
from scripts.benchmarks.settings import Machine
from scripts.parsing import parse


def main(*, results: Path, machine: dict[str, Any], threads: list[int]) -> None:
    """Measure and write the rates.

    Parameters
    ----------
    results : Path
        Written (json).
    machine : dict
        Settings of the measurement.
    threads : list of int
        Numbers of threads of the cases.
    """
    results.write_text(json.dumps(measure(parse(Machine, machine), threads), indent=1) + "\n")


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
