"""Generate events of one process with Pythia 8."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import awkward as ak
import numpy as np

from scripts.jobs.progress import event_progress
from scripts.physics.generation import LARGEST_SEED, Generator, event_array, stable_particles
from scripts.physics.hepmc import HepmcWriter, read_record

#: Events that the detector's response is computed for at once.
BATCH_SIZE = 500


def job_seed(seed: int, sample: str, part: int) -> int:
    """Return the seed of one of the jobs that share the events of a sample, in Pythia's range.

    Jobs of one study get seeds that have nothing to do with each other.
    """
    words = [seed, *sample.encode(), part]
    return int(np.random.default_rng(words).integers(1, LARGEST_SEED, endpoint=True))


def share(n_events: int, n_jobs: int, part: int) -> int:
    """Return the number of events of job ``part`` of ``n_jobs``, which together make ``n_events``."""
    return n_events // n_jobs + (part < n_events % n_jobs)


Item = TypeVar("Item")


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items in lists of ``size``, the last one shorter; an empty one where there is no item."""
    iterator = iter(items)
    yield list(islice(iterator, size))
    while batch := list(islice(iterator, size)):
        yield batch


def main(
    *,
    events: Path,
    summary: Path,
    process: dict[str, Any],
    generator: dict[str, Any],
    sample: str,
    part: int,
) -> None:
    """Write one part of the events of a sample.

    Parameters
    ----------
    events : Path
        Written: ``.parquet`` holds the stable particles for the parametrised response, ``.hepmc`` the whole
        event records for Delphes.
    summary : Path
        Written: json with process, settings, seed, events tried and kept, and the cross-section [fb].
    process : dict
        ``process``, ``events`` (of all parts together) and, for sleptons, ``slepton_mass`` and ``mass_gap``
        [GeV].
    generator : dict
        ``energy`` [GeV], ``multiparton_interactions``, ``seed``, ``jobs`` and ``filter``.
    sample : str
        ``signal`` or ``background``.
    part : int
        Number of this job, from 0.
    """
    seed = job_seed(generator["seed"], sample, part)
    n_events = share(process["events"], generator["jobs"], part)
    pythia = Generator(process, generator, seed, events.parent)
    progress = event_progress(f"{sample} {part + 1}/{generator['jobs']}", n_events)

    def made() -> Iterator[Any]:
        with progress:
            for event in pythia.events(n_events):
                yield event
                progress.update()

    if events.suffix == ".hepmc":
        with HepmcWriter(events) as writer:
            for event in made():
                so_far = pythia.summary()
                cross_section = (1e-3 * so_far.cross_section_fb, 1e-3 * so_far.cross_section_error_fb)
                writer.write(read_record(event), *cross_section)
    else:
        ak.to_parquet_row_groups(map(event_array, batched(map(stable_particles, made()), BATCH_SIZE)), events)
    counts = asdict(pythia.summary())
    settings = {"process": process, "generator": generator, "sample": sample, "part": part, "seed": seed}
    summary.write_text(json.dumps({**settings, **counts}, indent=2) + "\n")


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
