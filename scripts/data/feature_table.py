"""The feature table, which sources of events write and all further steps read.

One row for each event: the features in physical units, ``label`` (1 signal, 0 background), ``split``
(``train`` or ``test``), ``weight``, ``process`` and ``event``, its number in the process; of a study with
folds also ``fold``, and the split of all events is ``test`` (:mod:`scripts.data.folds`). Data has the label
-1 and the split ``data``; it stands at the end, in row groups of its own, and no reader gets it that asks for
the events of both classes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core.feature_spread import Scaling, centre_and_spread, sampled_rows

from .folds import FOLD, folds_of_numbers, number_of_folds, sample_name, view_of_fold

if TYPE_CHECKING:
    from ..study import Split

CLASSES = {"signal": 1, "background": 0}
#: Label of events of data.
DATA = -1
SPLITS = ("train", "test")
#: Events in a row group of the file, so that it can be read in parts.
ROW_GROUP = 2**17


def make_feature_table(
    signal: pd.DataFrame,
    background: pd.DataFrame,
    split: Split,
    weights: Mapping[str, float | NDArray[np.float64]] | None = None,
) -> pd.DataFrame:
    """Join both classes in one table and split them into training and test sample, or into folds.

    Parameters
    ----------
    signal, background : DataFrame
        The features of each class, one column a feature; also ``process``, if it is not the class.
    split : Split
    weights : mapping, optional
        Weight of every event of ``signal`` and of ``background``, or one of each event; 1 where absent.

    Returns
    -------
    DataFrame
        Signal first, then background, each in the order given.
    """
    table = pd.concat([signal, background], ignore_index=True)
    sizes = [len(signal), len(background)]
    table["label"] = np.repeat(np.array([1, 0], dtype=np.int8), sizes)
    table["split"] = draw_split(len(table), split)
    of_classes = [1.0, 1.0] if weights is None else [weights[name] for name in CLASSES]
    table["weight"] = np.concatenate(
        [np.broadcast_to(of_class, size) for of_class, size in zip(of_classes, sizes, strict=True)]
    )
    table = with_numbers(table)
    if split.folds is not None:
        table[FOLD] = folds_of_numbers(table["event"], split.folds)
    return table


def with_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with ``process``, the class where there is none, and ``event``, from 0 in each."""
    if "process" not in table:
        names = {label: name for name, label in CLASSES.items()}
        table = table.assign(process=table["label"].map(names))
    return table.assign(event=table.groupby("process", sort=False).cumcount())


def draw_split(n_events: int, split: Split) -> NDArray[np.str_]:
    """Return ``train`` or ``test`` for each event, at random; ``test`` for all where there are folds.

    Parameters
    ----------
    n_events : int
    split : Split
    """
    if split.folds is not None:
        return np.full(n_events, "test")
    return np.where(draw_test(n_events, split), "test", "train")


def draw_test(n_events: int, split: Split) -> NDArray[np.bool_]:
    """Return whether each event is of the test sample, at random."""
    assert split.test_fraction is not None
    # The events that scikit-learn's train_test_split takes; importing it takes longer than the job.
    shuffled = np.random.RandomState(split.seed).permutation(n_events)
    is_test = np.zeros(n_events, dtype=bool)
    is_test[shuffled[: math.ceil(split.test_fraction * n_events)]] = True
    return is_test


def check_feature_table(
    table: pd.DataFrame, features: Sequence[str], origin: Path | str, n_folds: int | None = None
) -> None:
    """Raise if a table cannot be used for training, of one with folds for the training of any fold.

    Parameters
    ----------
    table : DataFrame
    features : sequence of str
        Columns that will be used.
    origin : path-like
        File that the messages name.
    n_folds : int, optional
        Number of folds, if the last ones may lack events.

    Raises
    ------
    ValueError
        If a column is missing, a feature or weight is NaN or infinite, a feature has no spread, or the
        weights of a class have no positive sum in the training or test sample.
    """
    _check_values(table, features, origin)
    if FOLD not in table:
        _check_samples(table, features, origin)
        return
    folds = range(n_folds or number_of_folds(table))
    # What a fold lacks is told of it before it is told of those that are trained on it.
    for fold in folds:
        _check_classes(table[table[FOLD] == fold], origin, "test", fold)
    for fold in folds:
        training = table[table[FOLD] != fold]
        _check_classes(training, origin, "train", fold)
        _check_spread(training, features, origin)


def _check_values(table: pd.DataFrame, features: Sequence[str], origin: Path | str) -> None:
    missing = [name for name in (*features, "label", "split", "weight") if name not in table.columns]
    if missing:
        raise ValueError(f"{origin}: no column {', '.join(missing)}: it has {', '.join(table.columns)}")
    for name in (*features, "weight"):
        n_bad = int((~np.isfinite(table[name].to_numpy(dtype=float))).sum())
        if n_bad:
            raise ValueError(not_finite(origin, name, n_bad, len(table)))


def _check_samples(
    table: pd.DataFrame, features: Sequence[str], origin: Path | str, fold: int | None = None
) -> None:
    """Check the training and the test sample, of the view of a fold where one is given."""
    training, test = (table[table["split"] == split] for split in SPLITS)
    _check_classes(training, origin, "train", fold)
    _check_classes(test, origin, "test", fold)
    _check_spread(training, features, origin)


def _check_classes(events: pd.DataFrame, origin: Path | str, split: str, fold: int | None) -> None:
    for class_name, label in CLASSES.items():
        of_class = events.loc[events["label"] == label, "weight"].to_numpy(dtype=float)
        require_weights(origin, class_name, split, float(of_class.sum()), fold)


def _check_spread(events: pd.DataFrame, features: Sequence[str], origin: Path | str) -> None:
    for name in features:
        if np.ptp(events[name].to_numpy(dtype=float)) == 0:
            raise ValueError(no_spread(origin, name))


def not_finite(origin: object, column: str, n_bad: int, n_events: int) -> str:
    """Return the message for values that are NaN or infinite."""
    return (
        f"{origin}: column {column} is NaN or infinite in {n_bad} of {n_events} events: remove them at the "
        "source"
    )


def no_class(origin: object, class_name: str, split: str, fold: int | None = None) -> str:
    """Return the message for a sample without events of a class."""
    remedy = "loosen the selection" if fold is None else "take fewer folds"
    return f"{origin}: no {class_name} event in {sample_name(split, fold)}: give more events, or {remedy}"


def weights_not_positive(what: str, total: float) -> str:
    """Return the message for weights that add up to nothing or less."""
    return (
        f"the weights of {what} add up to {total:g}, which has to be positive: correct the weight, or give "
        "more events"
    )


def require_weights(
    origin: object, class_name: str, split: str, total: float, fold: int | None = None
) -> None:
    """Raise if the weights of a class add up to nothing or less."""
    if total < 0:
        what = weights_not_positive(f"the {class_name} events in {sample_name(split, fold)}", total)
        raise ValueError(f"{origin}: {what}")
    if not total > 0:
        raise ValueError(no_class(origin, class_name, split, fold))


def no_spread(origin: object, column: str) -> str:
    """Return the message for a column with a single value."""
    return (
        f"{origin}: column {column} has the same value in every training event: remove it from the features "
        "or properties of the study"
    )


def write_feature_table(table: pd.DataFrame, path: Path) -> None:
    """Write a feature table in row groups of :data:`ROW_GROUP` events."""
    # A dictionary of numbers that are all different would take more than the numbers.
    words = [name for name in table if name != "event" and not pd.api.types.is_float_dtype(table[name])]
    table.to_parquet(path, index=False, row_group_size=ROW_GROUP, use_dictionary=[*words, "weight"])


def read_feature_table(path: Path, features: Sequence[str], fold: int | None = None) -> pd.DataFrame:
    """Read and check a feature table, as the training of a fold sees it where one is given.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not parquet, and as :func:`check_feature_table` does.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such feature table")
    try:
        table = pd.read_parquet(path)
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: not a readable parquet file ({error}): delete it and run again") from error
    table = without_data(table)
    if fold is None:
        check_feature_table(table, features, path)
        return table
    _check_values(table, features, path)
    table = view_of_fold(table, fold)
    _check_samples(table, features, path, fold)
    return table


def without_data(table: pd.DataFrame) -> pd.DataFrame:
    """Return the events of both classes of a feature table."""
    of_class = table["label"] != DATA if "label" in table else None
    return table if of_class is None or of_class.all() else table[of_class]


def in_training(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which events some training sees: those of the training sample, or all where there are folds."""
    if FOLD in table:
        return np.ones(len(table), dtype=bool)
    chosen: NDArray[np.bool_] = (table["split"] == "train").to_numpy()
    return chosen


def equal_weights(events: pd.DataFrame) -> pd.Series:
    """Return the weights of events, scaled so that those of each class add up to half of the events."""
    weights = events["weight"]
    return weights * len(events) / 2 / weights.groupby(events["label"]).transform("sum")


def fit_scaling(
    table: pd.DataFrame, features: Sequence[str], scaling: Scaling
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return origin and unit of each feature, of the training sample.

    Parameters
    ----------
    table : DataFrame
        A feature table. Of one with folds all events are taken, as figures show them; a training has the view
        of its fold.
    features : sequence of str
    scaling : str
        As in :func:`cabin_core.feature_spread.centre_and_spread`.

    Returns
    -------
    tuple of ndarray, each of shape (n_features,)
    """
    chosen = in_training(table)
    if scaling == "robust":
        chosen = chosen & sampled_rows(0, len(table), len(table))
    values = table.loc[chosen, list(features)].to_numpy(dtype=np.float64)
    return centre_and_spread(values, scaling)
