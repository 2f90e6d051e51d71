"""Simulate the detector with a parametrised response and write a ROOT file like that of Delphes."""

from pathlib import Path

import numpy as np

from scripts.jobs.bridge import path_list
from scripts.jobs.progress import event_progress
from scripts.physics.event_files import count_events, write_response


def main(*, events: Path | list[Path], root_file: Path, sample: str, seed: int) -> None:
    """Write the response to all parts of a sample.

    Parameters
    ----------
    events : Path or list of Path
        Parquet files of :mod:`scripts.generate_events`.
    root_file : Path
        Written: tree ``Delphes`` with Delphes' leaf names.
    sample : str
        ``signal`` or ``background``.
    seed : int

    Raises
    ------
    ValueError
        If a file is damaged or does not contain events.
    """
    paths = path_list(events)
    random = np.random.default_rng([seed, *sample.encode()])
    with event_progress(f"detector, {sample}", count_events(paths)) as progress:
        write_response(paths, root_file, random, progress.update)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
