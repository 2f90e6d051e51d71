"""Boosted decision trees, by xgboost."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from scripts.models.competitor_settings import TreeSettings


class TrainedTrees:
    """Trained trees with all that is needed to apply them.

    Parameters
    ----------
    booster : xgboost.Booster
    features : sequence of str
    settings : TreeSettings
    """

    def __init__(self, booster: Any, features: Sequence[str], settings: TreeSettings) -> None:
        self.booster, self.features, self.settings = booster, tuple(features), settings

    def score(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Return the probability of being signal, in float64, shape (n_events,)."""
        events = xgboost.DMatrix(
            table[list(self.features)].to_numpy(dtype=float), feature_names=list(self.features), nthread=1
        )
        margins = self.booster.predict(
            events, output_margin=True, iteration_range=(0, self.booster.best_iteration + 1)
        )
        # In float32 the scores of signal would crowd at 1.
        scores: NDArray[np.float64] = 1 / (1 + np.exp(-margins.astype(np.float64)))
        return scores

    def save(self, path: Path) -> None:
        """Write the trees as xgboost's JSON, which xgboost reads without this code too."""
        self.booster.set_attr(settings=json.dumps(asdict(self.settings)))
        path.write_bytes(self.booster.save_raw("json"))

    @classmethod
    def of_content(cls, content: dict[str, Any]) -> TrainedTrees:
        """Return the trees that xgboost's JSON holds."""
        booster = xgboost.Booster()
        booster.load_model(bytearray(json.dumps(content).encode()))
        settings = TreeSettings(**json.loads(booster.attr("settings")))
        return cls(booster, booster.feature_names, settings)


def train_trees(
    events: pd.DataFrame,
    test_events: pd.DataFrame,
    features: Sequence[str],
    settings: TreeSettings,
    on_round: Callable[[dict[str, float]], None] = lambda row: None,
) -> tuple[TrainedTrees, pd.DataFrame]:
    """Train boosted decision trees.

    Parameters
    ----------
    events, test_events : DataFrame
        Training and test events: features, ``label`` and ``weight``. The test events are only looked at.
    features : sequence of str
    settings : TreeSettings
    on_round : callable
        Given each row of the history.

    Returns
    -------
    tuple of TrainedTrees and DataFrame
        The history has one row a tree: ``epoch``, and the binary cross-entropy of the events trained on, of
        those kept apart and of the test sample, ``train_total``, ``validation_total`` and ``test_total``.

    Raises
    ------
    ValueError
        If a class is too small for a share of it to be kept apart.
    """
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
    history = _History(on_round)
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
    return TrainedTrees(booster, features, settings), pd.DataFrame(history.rows)


def _matrix(events: pd.DataFrame, features: Sequence[str]) -> Any:
    return xgboost.DMatrix(
        events[list(features)].to_numpy(dtype=float),
        label=events["label"].to_numpy(),
        weight=events["weight"].to_numpy(dtype=float),
        feature_names=list(features),
        nthread=1,
    )


class _History(xgboost.callback.TrainingCallback):  # type: ignore[misc]
    """Keeps the losses of every tree."""

    def __init__(self, on_round: Callable[[dict[str, float]], None]) -> None:
        super().__init__()
        self.on_round = on_round
        self.rows: list[dict[str, float]] = []

    def after_iteration(self, model: Any, epoch: int, evals_log: dict[str, Any]) -> bool:
        row = {f"{name}_total": losses["logloss"][-1] for name, losses in evals_log.items()}
        self.rows.append({"epoch": epoch, **row})
        self.on_round(self.rows[-1])
        return False
