"""A working point applied to files, with its output."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..data.ntuple_paths import find_files
from .application import Application, Cutflow
from .event_files import event_file
from .working_point import WorkingPoint

if TYPE_CHECKING:
    import pandas as pd


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
    recipe = point.recipe(point.selection_of(process), process, tree)
    files = find_files(patterns)
    if output is not None and str(output.resolve()) in {str(Path(path).resolve()) for path in files}:
        raise ValueError(f"{output}: it is one of the files that are read: name another output")
    cutflow = Cutflow()
    more: Sequence[str] | None = () if flag or output is None else None
    with ExitStack() as stack:
        written = None
        if output is not None:
            written = stack.enter_context(event_file(output, recipe.tree or "events"))
        for chunk, passing in Application(point, recipe).read(files, cutflow, more):
            if written is None:
                continue
            if flag:
                written.write({flag: passing})
            else:
                written.write({name: values[passing] for name, values in chunk.items()})
    if not cutflow.events:
        cutflow.add("all events", np.zeros(0, dtype=bool), None)
    return cutflow.table()
