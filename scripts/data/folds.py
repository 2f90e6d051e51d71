"""Folds of the events: each event is judged by a model that was trained on the events of the other folds.

The fold of an event is the remainder of a number, else of its number in the process, by the number of folds.
The feature table then has the column ``fold``, and the split of all events is ``test``: each of them is of
the test for the model of its fold, and of the training for all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import pandas as pd

#: The column of the fold, in feature tables, scores, cuts and histories.
FOLD = "fold"


def folds_of_numbers(numbers: ArrayLike, n_folds: int) -> NDArray[np.int16]:
    """Return the fold of each number, from 0; the remainder of a negative number is not negative either."""
    folds: NDArray[np.int16] = np.mod(np.asarray(numbers), n_folds).astype(np.int16)
    return folds


def view_of_fold(table: pd.DataFrame, fold: int) -> pd.DataFrame:
    """Return a table with folds as the training of one of them sees it: split in two, without folds.

    Parameters
    ----------
    table : DataFrame
        A feature table with folds.
    fold : int
        The fold whose events are of the test; all others are of the training.

    Raises
    ------
    ValueError
        If the table has no folds.
    """
    if FOLD not in table:
        raise ValueError(f"no column {FOLD}: run the source of the events again")
    splits = np.where(table[FOLD] == fold, "test", "train")
    return table.drop(columns=FOLD).assign(split=splits)


def number_of_folds(table: pd.DataFrame) -> int:
    """Return how many folds a table with folds has, up to the last one with an event."""
    return int(table[FOLD].max()) + 1 if len(table) else 1


def sample_name(split: str, fold: int | None = None) -> str:
    """Return what messages call the training or test sample, of the training of a fold or of a study."""
    if fold is None:
        return f"the {split} sample"
    return f"fold {fold}" if split == "test" else f"the folds other than {fold}"
