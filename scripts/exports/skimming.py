"""A working point applied to files, with its output."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..data.ntuple_file import open_ntuple
from ..data.ntuple_paths import find_files
from .application import Application, Cutflow
from .event_files import event_file
from .working_point import WorkingPoint

if TYPE_CHECKING:
    import pandas as pd

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
        Written: all branches of the events that pass; or, with ``flag``, that flag of each event.
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
    if recipe.weight is not None:
        with open_ntuple(files[0], Application(point, recipe, tree).tree_of(files[0])) as ntuple:
            lacking = [name for name in recipe.weight.names if name not in ntuple.names]
        if lacking:
            # Real data has none.
            log.info("%s: no branch %s, so events count without weights", files[0], lacking[0])
            recipe = replace(recipe, weight=None)
    cutflow = Cutflow()
    more: Sequence[str] | None = () if flag or output is None else None
    with ExitStack() as stack:
        written = None
        if output is not None:
            written = stack.enter_context(event_file(output, tree or recipe.tree or "events"))
        for chunk, passing in Application(point, recipe, tree).read(files, cutflow, more):
            if written is None:
                continue
            if flag:
                written.write({flag: passing})
            else:
                written.write({name: values[passing] for name, values in chunk.items()})
    if not cutflow.events:
        cutflow.add("all events", np.zeros(0, dtype=bool), None)
    return cutflow.table()
