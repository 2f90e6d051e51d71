"""Turn generated events into a ROOT file as Delphes writes it, by a parametrised detector."""

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pyarrow
import pyarrow.parquet
import uproot

from scripts.jobs.paths import path_list
from scripts.jobs.progress import event_progress
from scripts.physics.delphes import make_tree
from scripts.physics.particles import EVENT_COLUMNS
from scripts.physics.response import simulate_response


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
        If a file is damaged, or something else than events.
    """
    paths = path_list(events)
    random = np.random.default_rng([seed, *sample.encode()])
    parts = [open_events(path) for path in paths]
    n_events = sum(part.metadata.num_rows for part in parts)
    progress = event_progress(f"detector, {sample}", n_events)
    with uproot.recreate(root_file) as output, progress:
        tree: Any = None
        for path, part in zip(paths, parts, strict=True):
            for group in range(part.num_row_groups):
                batch = read_batch(path, group)
                collections = simulate_response(batch, random)
                if tree is None:
                    tree = make_tree(output, collections)
                tree.extend(collections)
                progress.update(len(batch))


def open_events(path: Path) -> pyarrow.parquet.ParquetFile:
    """Open a file of generated events.

    Raises
    ------
    ValueError
        If it is no complete parquet file, or holds something else.
    """
    try:
        opened = pyarrow.parquet.ParquetFile(path)
    except pyarrow.ArrowException as error:
        raise _damaged(path, error) from error
    columns = ak.from_arrow(opened.schema_arrow.empty_table())
    missing = [name for name in EVENT_COLUMNS if name not in columns.fields]
    missing += [
        f"{name}.{field}"
        for name, fields in EVENT_COLUMNS.items()
        if name in columns.fields
        for field in fields
        if field not in columns[name].fields
    ]
    if missing:
        raise ValueError(f"{path}: no column {', '.join(missing)}: not a file of generate_events")
    return opened


def read_batch(path: Path, group: int) -> ak.Array:
    """Read one group of events.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    try:
        return ak.from_parquet(path, row_groups=[group])
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> ValueError:
    reason = " ".join(str(error).split())
    return ValueError(f"{path}: not a parquet file, or damaged: {reason}: remove it and run again")


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
