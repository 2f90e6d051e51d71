"""The feature table, which sources of events write and all further steps read.

One row for each event: the features in physical units, ``label`` (1 signal, 0 background), ``split``
(``train`` or ``test``) and ``weight``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..study import Split

CLASSES = {"signal": 1, "background": 0}


def make_feature_table(
    signal: pd.DataFrame,
    background: pd.DataFrame,
    split: Split,
    weights: dict[str, float] | None = None,
) -> pd.DataFrame:
    """Join both classes in one table and split them into training and test sample.

    Parameters
    ----------
    signal, background : DataFrame
        The features of each class, one column a feature.
    split : Split
    weights : dict, optional
        Weight of each event of ``signal`` and of ``background``; 1 where absent.

    Returns
    -------
    DataFrame
        Signal first, then background, each in the order given.
    """
    table = pd.concat([signal, background], ignore_index=True)
    sizes = [len(signal), len(background)]
    table["label"] = np.repeat(np.array([1, 0], dtype=np.int8), sizes)
    table["split"] = draw_split(len(table), split)
    table["weight"] = np.repeat([1.0, 1.0] if weights is None else [weights[name] for name in CLASSES], sizes)
    return table


def draw_split(n_events: int, split: Split) -> NDArray[np.str_]:
    """Return ``train`` or ``test`` for each event, at random.

    Parameters
    ----------
    n_events : int
    split : Split
    """
    # The events that scikit-learn's train_test_split takes; importing it takes longer than the job.
    shuffled = np.random.RandomState(split.seed).permutation(n_events)
    is_test = np.zeros(n_events, dtype=bool)
    is_test[shuffled[: math.ceil(split.test_fraction * n_events)]] = True
    return np.where(is_test, "test", "train")


def check_feature_table(table: pd.DataFrame, features: Sequence[str], origin: Path | str) -> None:
    """Raise if a table cannot be used for training.

    Parameters
    ----------
    table : DataFrame
    features : sequence of str
        Columns that will be used.
    origin : path-like
        File that the messages name.

    Raises
    ------
    ValueError
        If a column is missing, a feature holds NaN or infinity or has no spread, or a class has no
        event in the training or test sample.
    """
    missing = [name for name in (*features, "label", "split", "weight") if name not in table.columns]
    if missing:
        raise ValueError(f"{origin}: no column {', '.join(missing)}: it has {', '.join(table.columns)}")
    for name in features:
        n_bad = int((~np.isfinite(table[name].to_numpy(dtype=float))).sum())
        if n_bad:
            raise ValueError(
                f"{origin}: column {name} is NaN or infinite in {n_bad} of {len(table)} events: "
                "remove them at the source"
            )
    for split in ("train", "test"):
        in_split = table[table["split"] == split]
        for class_name, label in CLASSES.items():
            if not (in_split.loc[in_split["label"] == label, "weight"] > 0).any():
                raise ValueError(
                    f"{origin}: no {class_name} event in the {split} sample: give more events, or loosen "
                    "the selection"
                )
    for name in features:
        if np.ptp(table.loc[table["split"] == "train", name].to_numpy(dtype=float)) == 0:
            raise ValueError(
                f"{origin}: column {name} has the same value in every training event: "
                "remove it from the features or properties of the study"
            )


def read_feature_table(path: Path, features: Sequence[str]) -> pd.DataFrame:
    """Read and check a feature table.

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
    check_feature_table(table, features, path)
    return table


def equal_weights(events: pd.DataFrame) -> pd.Series:
    """Return the weights of events, scaled so that those of each class add up to half of the events."""
    weights = events["weight"]
    return weights * len(events) / 2 / weights.groupby(events["label"]).transform("sum")


def fit_scaling(
    table: pd.DataFrame, features: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and spread of each feature in the training sample, each of shape (n_features,).

    These are the numbers of scikit-learn's StandardScaler, to the last bit; its import takes a second. As
    there, a spread that is only rounding counts as 1.
    """
    values = table.loc[table["split"] == "train", list(features)].to_numpy(dtype=np.float64)
    n_events, rounding = len(values), np.finfo(np.float64).eps
    mean = values.sum(axis=0) / n_events
    distance = values - mean
    # The second term would be zero without rounding; with it the variance is more precise.
    variance = ((distance**2).sum(axis=0) - distance.sum(axis=0) ** 2 / n_events) / n_events
    is_rounding = variance <= n_events * rounding * variance + (n_events * mean * rounding) ** 2
    return mean, np.where(is_rounding, 1.0, np.sqrt(variance))
