"""The models of all folds as one, which judges each event by the model that was trained without its fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.cut_table import CUT_COLUMNS
from ..data.folds import FOLD, view_of_fold
from ..data.survey import survey
from .base import Model

if TYPE_CHECKING:
    from cabin_core import CutEfficiencies

    from ..data.stored_table import StoredTable
    from ..data.survey import Survey


class FoldedModel(Model):
    """The models of all folds of a network, of any kind.

    Parameters
    ----------
    models : sequence of Model
        The model of each fold: trained on the events of all others.
    """

    def __init__(self, models: Sequence[Model]) -> None:
        self.models = list(models)
        first = self.models[0]
        self.target_of, self.at_least, self.targets = first.target_of, first.at_least, first.targets
        if first.target_of != "signal":
            # The trainings have found different signal efficiencies: one name for each working point.
            self.targets = np.mean([model.targets for model in self.models], axis=0).tolist()
            for model in self.models:
                model.targets = self.targets

    @property
    def asked(self) -> list[float]:
        """What is asked of each working point, as of all models."""
        return self.models[0].asked

    @property
    def caveat(self) -> str:
        """That of the first fold that has one."""
        return next((model.caveat for model in self.models if model.caveat), "")

    def why_missed(self, estimate: float) -> str:
        """Return why a working point misses its target, as a fold says it."""
        return self.caveat or self.models[0].why_missed(estimate)

    @property
    def has_cuts(self) -> bool:
        """Whether events are selected by cuts."""
        return self.models[0].has_cuts

    @property
    def area_of_points(self) -> bool:
        """As that of the models."""
        return self.models[0].area_of_points

    def cuts(self) -> pd.DataFrame:
        """Return the cuts of each fold after the other, with a column ``fold``."""
        return pd.concat(
            [self._cuts_of_fold(model).assign(**{FOLD: fold}) for fold, model in enumerate(self.models)],
            ignore_index=True,
        )

    def _cuts_of_fold(self, model: Model) -> pd.DataFrame:
        cuts = model.cuts()
        if len(cuts) or not model.has_cuts:
            return cuts
        # A fold is known from its rows, so one without a cut keeps a row that cuts nothing.
        other = next((one.cuts() for one in self.models if len(one.cuts())), cuts)
        return other[:1].assign(direction=">", cut=-np.inf, cut_scaled=-np.inf)[list(CUT_COLUMNS)]

    def scores(self, table: pd.DataFrame) -> NDArray[np.number]:
        """Return the score of each event by the model of its fold; the table has a column ``fold``."""
        return self._by_fold(table, lambda model, events, _, __: model.scores(events))

    def thresholds(self, events: pd.DataFrame, scores: NDArray[np.number]) -> NDArray[np.float64]:
        """Return the thresholds of each fold, found on the signal that its model was trained on.

        Returns
        -------
        ndarray, shape (n_folds, n_targets), or (n_targets,) of NaN for models with cuts
        """
        if self.has_cuts:
            return super().thresholds(events, scores)
        signal = events[events["label"] == 1]
        views = (view_of_fold(signal, fold) for fold in range(len(self.models)))
        seen = [view[view["split"] == "train"] for view in views]
        pairs = zip(self.models, seen, strict=True)
        return np.array([model.thresholds(view, model.scores(view)) for model, view in pairs])

    def select(
        self, table: pd.DataFrame, scores: NDArray[np.number], thresholds: NDArray[np.floating]
    ) -> NDArray[np.bool_]:
        """Return which events each working point selects, by the cuts or the thresholds of their folds."""
        of_folds = np.broadcast_to(thresholds, (len(self.models), len(self.targets)))
        return self._by_fold(
            table, lambda model, events, rows, fold: model.select(events, scores[rows], of_folds[fold])
        )

    def mean_scores(self, events: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the mean scores of signal and of background, each event by the model of its fold."""
        means = _Means()
        for fold, model in enumerate(self.models):
            own = events[events[FOLD] == fold]
            weights = own["weight"].groupby(own["label"]).sum()
            means.add(model.mean_scores(own), (float(weights[1]), float(weights[0])))
        return means.values()

    def mean_scores_of_table(
        self, table: StoredTable, survey_of_all: Survey
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the mean scores of a table that is read block by block, once a fold."""
        means = _Means()
        for fold, model in enumerate(self.models):
            view = table.of_fold(fold)
            found = survey(view)
            signal, background = found.totals[1].tolist()
            means.add(model.mean_scores_of_table(view, found), (signal, background))
        return means.values()

    def roc_areas(
        self,
        scores: NDArray[np.number],
        is_signal: NDArray[np.bool_],
        weights: NDArray[np.floating],
        efficiencies: CutEfficiencies,
    ) -> NDArray[np.float64]:
        """Return the areas as one of the models does, which needs no more than the scores of all events."""
        return self.models[0].roc_areas(scores, is_signal, weights, efficiencies)

    def save(self, path: Path) -> None:
        """Raise TypeError: each training has written the model of its fold."""
        raise TypeError(f"{path}: each fold has a model file of its own")

    def _by_fold(
        self,
        table: pd.DataFrame,
        apply: Callable[[Model, pd.DataFrame, NDArray[np.intp], int], NDArray[Any]],
    ) -> NDArray[Any]:
        """Return what the model of each fold makes of its events, in the order of the table."""
        folds = table[FOLD].to_numpy()
        rows = [np.flatnonzero(folds == fold) for fold in range(len(self.models))]
        if sum(map(len, rows)) != len(table):
            raise ValueError(f"events of fold {folds.max()}: there are models of {len(self.models)} folds")
        parts = [
            apply(model, table.iloc[own], own, fold)
            for fold, (model, own) in enumerate(zip(self.models, rows, strict=True))
            if len(own) or not len(table)
        ]
        return np.concatenate(parts)[np.argsort(np.concatenate(rows), kind="stable")]


class _Means:
    """Mean scores of signal and of background, added up over folds by their weights."""

    def __init__(self) -> None:
        self._sums: list[NDArray[np.float64]] = []
        self._weights: list[tuple[float, float]] = []

    def add(
        self, means: tuple[NDArray[np.float64], NDArray[np.float64]], weights: tuple[float, float]
    ) -> None:
        self._sums.append(np.array(means) * np.array(weights)[:, None])
        self._weights.append(weights)

    def values(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        signal, background = np.sum(self._sums, axis=0) / np.sum(self._weights, axis=0)[:, None]
        return signal, background
