"""Files of generated events, between a generator and a detector.

``.parquet`` holds the stable particles for the parametrised response, ``.hepmc`` the whole event records for
Delphes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import awkward as ak
import numpy as np
import pyarrow
import pyarrow.parquet
import uproot

from .delphes import make_tree
from .generation import event_array, stable_particles
from .hepmc import HepmcWriter, read_record
from .particles import EVENT_COLUMNS
from .response import simulate_response
from .summary import Summary

#: Number of events for which the response of the detector is computed at once.
BATCH_SIZE = 500

Item = TypeVar("Item")


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items in lists of ``size``, the last one shorter; one empty list if there are no items."""
    iterator = iter(items)
    yield list(islice(iterator, size))
    while batch := list(islice(iterator, size)):
        yield batch


def write_events(path: Path, events: Iterable[Any], summary: Callable[[], Summary]) -> None:
    """Write events while Pythia generates them.

    Parameters
    ----------
    path : Path
        Written; the ending sets the format.
    events : iterable of pythia8mc.Event
        Events, each valid only until the next one.
    summary : callable
        Gives the cross-section estimated from the events so far.
    """
    if path.suffix == ".hepmc":
        with HepmcWriter(path) as writer:
            for event in events:
                so_far = summary()
                cross_section = (1e-3 * so_far.cross_section_fb, 1e-3 * so_far.cross_section_error_fb)
                writer.write(read_record(event), *cross_section)
    else:
        ak.to_parquet_row_groups(map(event_array, batched(map(stable_particles, events), BATCH_SIZE)), path)


def write_response(
    paths: Sequence[Path],
    root_file: Path,
    random: np.random.Generator,
    progress: Callable[[int], Any] = lambda n_events: None,
) -> None:
    """Compute and write the parametrised response to the events of parquet files.

    Parameters
    ----------
    paths : sequence of Path
    root_file : Path
        Written: tree ``Delphes`` with Delphes' leaf names.
    random : Generator
    progress : callable, optional
        Called after each batch with its number of events.

    Raises
    ------
    ValueError
        If a file is damaged or does not contain events.
    """
    parts = [open_events(path) for path in paths]
    with uproot.recreate(root_file) as output:
        tree: Any = None
        for path, part in zip(paths, parts, strict=True):
            for group in range(part.num_row_groups):
                batch = read_batch(path, group)
                collections = simulate_response(batch, random)
                if tree is None:
                    tree = make_tree(output, collections)
                tree.extend(collections)
                progress(len(batch))


def count_events(paths: Sequence[Path]) -> int:
    """Return the number of events of parquet files."""
    return sum(open_events(path).metadata.num_rows for path in paths)


def open_events(path: Path) -> pyarrow.parquet.ParquetFile:
    """Open a file of generated events.

    Raises
    ------
    ValueError
        If it is not a complete parquet file, or does not contain events.
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
