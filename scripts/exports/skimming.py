"""A working point applied to files, with its output."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..data.ntuple_file import open_ntuple
from ..data.ntuple_paths import find_files
from .application import Application, Cutflow
from .delphes_application import are_delphes, read_delphes
from .event_files import event_file
from .working_point import WorkingPoint

if TYPE_CHECKING:
    import pandas as pd

    from ..data.ntuple import Chunk

log = logging.getLogger("cabin.apply_cuts")


def apply_to_files(
    point: WorkingPoint,
    patterns: Sequence[str],
    *,
    process: str | None = None,
    tree: str | None = None,
    output: Path | None = None,
    flag: str | None = None,
) -> pd.DataFrame:
    """Apply a working point to files and return the cutflow.

    Parameters
    ----------
    point : WorkingPoint
    patterns : sequence of str
        Files, as a config has them.
    process : str, optional
        Process of the study; needed where the selections of processes differ.
    tree : str, optional
        Tree of ROOT files.
    output : Path, optional
        Written: all branches of the events that pass; or, with ``flag``, that flag of each event. The tree of
        a ROOT file is named like that of the first file that is read; ``events`` where that has none.
    flag : str, optional

    Raises
    ------
    ValueError
        One line: a file that is not read or lacks a branch, a process that there is not, an output of another
        format, or an output that is one of the files.
    """
    recipe = point.recipe(point.selection_of(process), process)
    files = find_files(patterns)
    if output is not None and str(output.resolve()) in {str(Path(path).resolve()) for path in files}:
        raise ValueError(f"{output}: it is one of the files that are read: name another output")
    application = Application(point, recipe, tree)
    delphes = are_delphes(point, files)
    name_of_tree = "events"
    if not delphes:
        with open_ntuple(files[0], application.tree_of(files[0])) as ntuple:
            name_of_tree = ntuple.tree or recipe.tree or name_of_tree
            weight = recipe.weight
            lacking = [] if weight is None else [name for name in weight.names if name not in ntuple.names]
        if lacking:
            # Real data has none.
            log.info("%s: no branch %s, so events count without weights", files[0], lacking[0])
            application = replace(application, recipe=replace(recipe, weight=None))
    cutflow = Cutflow()
    more: Sequence[str] | None = () if flag or output is None else None
    with ExitStack() as stack:
        written = None
        if output is not None:
            written = stack.enter_context(event_file(output, name_of_tree))
        for chunk, passing, flags in _selected(application, files, cutflow, more, delphes):
            if written is None:
                continue
            if flag:
                written.write({flag: flags})
            else:
                written.write({name: values[passing] for name, values in chunk.items()})
    if not cutflow.events:
        cutflow.add("all events", np.zeros(0, dtype=bool), None)
    return cutflow.table()


def _selected(
    application: Application,
    files: Sequence[str],
    cutflow: Cutflow,
    more: Sequence[str] | None,
    delphes: bool,
) -> Iterator[tuple[Chunk, NDArray[np.bool_], NDArray[np.bool_]]]:
    """Yield values of events, which of them pass, and the flag of each event of the file."""
    if delphes:
        yield from read_delphes(application, files, cutflow)
    else:
        for chunk, passing in application.read(files, cutflow, more):
            yield chunk, passing, passing
