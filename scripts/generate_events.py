"""Generate events of one process with Pythia 8."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scripts.jobs.progress import event_progress
from scripts.physics.event_files import write_events
from scripts.physics.generation import Generator
from scripts.physics.job_shares import job_seed, share


def main(
    *, events: Path, summary: Path, process: dict[str, Any], generator: dict[str, Any], sample: str, part: int
) -> None:
    """Write one part of the events of a sample.

    Parameters
    ----------
    events : Path
        Written by :func:`scripts.physics.event_files.write_events`.
    summary : Path
        Written: json with process, settings, seed, events tried and kept, and the cross-section [fb].
    process, generator : dict
        Settings as in :class:`scripts.sources.simulation.Process` and ``Generator``.
    sample : str
        ``signal`` or ``background``.
    part : int
        Number of this job, from 0.
    """
    seed = job_seed(generator["seed"], sample, part)
    n_events = share(process["events"], generator["jobs"], part)
    pythia = Generator(process, generator, seed, events.parent)

    def made() -> Iterator[Any]:
        with event_progress(f"{sample} {part + 1}/{generator['jobs']}", n_events) as progress:
            for event in pythia.events(n_events):
                yield event
                progress.update()

    write_events(events, made(), pythia.summary)
    settings = {"process": process, "generator": generator, "sample": sample, "part": part, "seed": seed}
    summary.write_text(json.dumps({**settings, **asdict(pythia.summary())}, indent=2) + "\n")


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
