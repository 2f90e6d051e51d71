"""A working point of a study of Delphes files applied to such files, by the reader of the workflow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..data.folds import FOLD, folds_of_numbers
from ..physics.preselection import read_file
from .application import Application, Cutflow, is_table
from .working_point import WorkingPoint

if TYPE_CHECKING:
    from ..data.ntuple import Chunk


def are_delphes(point: WorkingPoint, files: Sequence[str]) -> bool:
    """Return whether files are those of Delphes; a table has the features as they are."""
    return "selection" in point.content["source"] and not all(is_table(path) for path in files)


def read_delphes(
    application: Application, files: Sequence[str], cutflow: Cutflow
) -> Iterator[tuple[Chunk, NDArray[np.bool_], NDArray[np.bool_]]]:
    """Yield the preselected events of each file, which of them pass, and the flag of each event of the file.

    Parameters
    ----------
    application : Application
    files : sequence of str
    cutflow : Cutflow
        Updated.

    Raises
    ------
    ValueError
        One line that names the file, if it is not read.
    """
    point = application.point
    for path in files:
        file = read_file(Path(path), point.content["source"]["selection"], point.needed)
        for step, n_events in file.counts.items():
            sums = file.sums.get(step)
            cutflow.count(step, n_events, None if sums is None else (sums.weighted, sums.squared))
        frame = file.features.astype(np.float64)
        if point.n_folds is not None:
            frame[FOLD] = folds_of_numbers(file.numbers, point.n_folds)
        passing = np.ones(len(frame), dtype=bool)
        passing = application.pass_cuts(frame, passing, file.weights, cutflow)
        flags = np.zeros(next(iter(file.counts.values())), dtype=bool)
        flags[file.numbers[passing].astype(int)] = True
        yield {name: frame[name].to_numpy() for name in point.needed}, passing, flags
