"""Combine the summaries of the generator jobs of a sample."""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from scripts.jobs.bridge import path_list
from scripts.physics.summary import Summary, combine


def main(*, summaries: Path | list[Path], summary: Path, detector: dict[str, Any]) -> None:
    """Write one json for the sample, beside its ROOT file.

    Parameters
    ----------
    summaries : Path or list of Path
        Json files of :mod:`scripts.generate_events`.
    summary : Path
        Written: the settings common to all jobs, those of the detector, and the totals.
    detector : dict
        Settings of the detector.
    """
    jobs = [json.loads(path.read_text()) for path in path_list(summaries)]
    names = [field.name for field in fields(Summary)]
    total = combine([Summary(**{name: job[name] for name in names}) for job in jobs])
    shared = {name: value for name, value in jobs[0].items() if name not in (*names, "part", "seed")}
    content = {**shared, "detector": detector, "seeds": [job["seed"] for job in jobs], **asdict(total)}
    summary.write_text(json.dumps(content, indent=2) + "\n")


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
