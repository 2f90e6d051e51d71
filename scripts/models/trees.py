"""Training and application of boosted decision trees."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import xgboost
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from cabin_core.feature_spread import LARGEST
from cabin_core.weight_unit import weight_unit

from ..data.feature_table import equal_weights
from ..jobs.progress import LineProgress
from ..parsing import parse_kind
from .base import Model, TrainingTask, read_json_model

log = logging.getLogger("cabin.train_model")


class TreeOptions(Protocol):
    """Settings of a BDT that the training uses."""

    trees: int
    learning_rate: float
    max_depth: int
    validation_fraction: float
    stop_after: int
    seed: int

    @property
    def negative_weights(self) -> str | None:
        """What to do with events of negative weight."""

    @property
    def working_points(self) -> list[float]:
        """Signal efficiencies of the working points."""

    def model_dump(self, *, exclude_unset: bool) -> dict[str, Any]:
        """Return the settings as in the config."""


class TreeModel(Model):
    """Boosted decision trees.

    Parameters
    ----------
    booster : xgboost.Booster
    features : sequence of str
    settings : TreeOptions
    """

    def __init__(self, booster: Any, features: Sequence[str], settings: TreeOptions) -> None:
        self.booster, self.features, self.settings = booster, list(features), settings
        self.targets = settings.working_points

    @classmethod
    def load(cls, path: Path, features: Sequence[str]) -> TreeModel:
        """Read trees from their file; errors are those of :func:`scripts.models.load_model`."""
        return read_json_model(path, features, cls._from_content)

    @classmethod
    def _from_content(cls, content: dict[str, Any]) -> tuple[TreeModel, list[str]]:
        booster = xgboost.Booster()
        booster.load_model(bytearray(json.dumps(content).encode()))
        settings = parse_kind("model", json.loads(booster.attr("settings")))
        model = cls(booster, booster.feature_names, settings)
        return model, model.features

    def save(self, path: Path) -> None:
        """Write the trees as JSON of xgboost, which xgboost can read without this code."""
        self.booster.set_attr(settings=json.dumps(self.settings.model_dump(exclude_unset=True)))
        path.write_bytes(self.booster.save_raw("json"))

    def scores(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Return the signal probability in float64, shape (n_events, 1)."""
        events = xgboost.DMatrix(_values(table, self.features), feature_names=self.features, nthread=1)
        margins = self.booster.predict(
            events, output_margin=True, iteration_range=(0, self.booster.best_iteration + 1)
        )
        # In float32 many signal scores would be rounded to 1.
        scores: NDArray[np.float64] = 1 / (1 + np.exp(-margins.astype(np.float64)))
        return scores[:, None]


def fit_trees(settings: TreeOptions, task: TrainingTask) -> tuple[TreeModel, pd.DataFrame]:
    """Train boosted decision trees.

    Parameters
    ----------
    settings : TreeOptions
    task : TrainingTask
        The test events are used only for the history.

    Returns
    -------
    tuple of TreeModel and DataFrame
        The history has one row for each tree: ``epoch``, and the binary cross-entropy of training events,
        of events kept apart and of test events, ``train_total``, ``validation_total`` and ``test_total``.

    Raises
    ------
    ValueError
        If a class has too few events to keep a fraction apart, or a weight is negative and the settings do
        not say what to do with it.
    """
    events, test_events = (
        _weighted(task.sample(split), settings.negative_weights, equal=task.equal_class_weights)
        for split in ("train", "test")
    )
    features = task.features
    progress = LineProgress(log, task.name, "tree", settings.trees)
    try:
        train_rows, validation_rows = train_test_split(
            np.arange(len(events)),
            test_size=settings.validation_fraction,
            random_state=settings.seed,
            stratify=events["label"],
        )
    except ValueError as error:
        raise ValueError(f"validation_fraction: {error}") from None
    samples = {
        "train": _matrix(events.iloc[train_rows], features),
        "validation": _matrix(events.iloc[validation_rows], features),
        "test": _matrix(test_events, features),
    }
    history = _History(
        lambda row: progress.update(int(row["epoch"]) + 1, f"loss kept apart {row['validation_total']:.5g}")
    )
    booster = xgboost.train(
        {
            "objective": "binary:logistic",
            "eval_metric": "logloss",
            "tree_method": "hist",
            "learning_rate": settings.learning_rate,
            "max_depth": settings.max_depth,
            "seed": settings.seed,
            "nthread": 1,
        },
        samples["train"],
        num_boost_round=settings.trees,
        evals=[(sample, name) for name, sample in samples.items()],
        callbacks=[
            history,
            xgboost.callback.EarlyStopping(
                rounds=settings.stop_after, data_name="validation", metric_name="logloss"
            ),
        ],
        verbose_eval=False,
    )
    return TreeModel(booster, features, settings), pd.DataFrame(history.rows)


def _weighted(events: pd.DataFrame, negative: str | None, *, equal: bool) -> pd.DataFrame:
    """Return events with weights that are not negative, and near 1 as the regularisation expects."""
    weights = events["weight"]
    n_negative = int((weights < 0).sum())
    if n_negative and negative is None:
        raise ValueError(
            f"negative_weights: {n_negative} of {len(events)} events have a negative weight, which xgboost "
            "does not take: set it to absolute or drop"
        )
    if n_negative:
        events = events.assign(weight=weights.abs()) if negative == "absolute" else events[weights >= 0]
        log.info("bdt: negative_weights: %s, for %d of %d events", negative, n_negative, len(weights))
    if equal:
        return events.assign(weight=equal_weights(events))
    absolute, n_events = float(events["weight"].sum()), len(events)
    return events.assign(weight=events["weight"] / weight_unit(absolute, n_events, exact=True))


def _values(events: pd.DataFrame, features: Sequence[str]) -> NDArray[np.float64]:
    """Return the features, in the range of float32, which xgboost counts in."""
    values: NDArray[np.float64] = events[list(features)].to_numpy(dtype=float)
    return np.clip(values, -LARGEST, LARGEST)


def _matrix(events: pd.DataFrame, features: Sequence[str]) -> Any:
    return xgboost.DMatrix(
        _values(events, features),
        label=events["label"].to_numpy(),
        weight=events["weight"].to_numpy(dtype=float),
        feature_names=list(features),
        nthread=1,
    )


class _History(xgboost.callback.TrainingCallback):  # type: ignore[misc]
    """Records the losses after every tree."""

    def __init__(self, on_round: Callable[[dict[str, float]], None]) -> None:
        super().__init__()
        self.on_round = on_round
        self.rows: list[dict[str, float]] = []

    def after_iteration(self, model: Any, epoch: int, evals_log: dict[str, Any]) -> bool:
        row = {f"{name}_total": losses["logloss"][-1] for name, losses in evals_log.items()}
        self.rows.append({"epoch": epoch, **row})
        self.on_round(self.rows[-1])
        return False
