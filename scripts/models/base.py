"""The interface of all models: the input of a training, and the application of a trained model."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core.roc import roc_area

from ..data.cut_table import CUT_COLUMNS
from ..data.event_bins import EventBins
from ..data.score_table import score_column, score_thresholds

if TYPE_CHECKING:
    from cabin_core import CutEfficiencies
    from cabin_core.feature_spread import Scaling

    from ..counting_experiment import CountingExperiment
    from ..data.stored_table import StoredTable
    from ..data.survey import Survey
    from ..kinds import ModelSettings
    from .streams import StoredEvents


@dataclass(frozen=True)
class TrainingTask:
    """The input of a training.

    Parameters
    ----------
    name : str
        Name of study and network, for the progress lines.
    events : DataFrame
        A feature table, with the property that the cuts follow, if any; empty where ``stored`` is given.
    features, directions : list of str
        Features of the study, in order, and ``>`` or ``<`` for each.
    equal_class_weights : bool
        Whether the training gives both classes the same weight, see
        :func:`scripts.data.feature_table.equal_weights`.
    counting_experiment : CountingExperiment, optional
        Counting experiment of the study, for a training that uses its yields.
    threads : int
        Number of threads; the result does not depend on it.
    stored : StoredEvents, optional
        The events, if the training reads them block by block.
    scaling : str
        How features are scaled, see :func:`cabin_core.feature_spread.centre_and_spread`.
    limits : list of dict, optional
        Limits of the cuts on each feature, see :class:`cabin_core.feature_limits.FeatureLimits`.
    """

    name: str
    events: pd.DataFrame
    features: list[str]
    directions: list[str]
    equal_class_weights: bool = False
    counting_experiment: CountingExperiment | None = None
    threads: int = 1
    stored: StoredEvents | None = None
    scaling: Scaling = "standard"
    limits: list[dict[str, float]] | None = None

    def ranges(self) -> list[tuple[float, float]]:
        """Return the lowest and the highest value of each feature in the training."""
        if self.stored is not None:
            moments = self.stored.survey.moments
            return list(zip(moments.low.tolist(), moments.high.tolist(), strict=True))
        values = self.sample("train")[self.features]
        return list(zip(values.min().tolist(), values.max().tolist(), strict=True))

    @property
    def background_weight(self) -> float:
        """Sum of the weights of all background events, of both samples."""
        if self.stored is not None:
            return float(sum(weights[:, 1].sum() for weights in self.stored.survey.weights.values()))
        return float(self.events.loc[self.events["label"] == 0, "weight"].sum())

    def sample(self, split: str) -> pd.DataFrame:
        """Return the events of the ``train`` or ``test`` sample."""
        return self.events[self.events["split"] == split]


def bins_of(settings: ModelSettings) -> EventBins | None:
    """Return the bins of the property that the cuts of a model follow; None without a property."""
    return EventBins.from_settings(getattr(settings, "event_property", None))


class Model(ABC):
    """A trained model, applied to events in physical units. A subclass with cuts says so in ``has_cuts``.

    Attributes
    ----------
    targets : list of float
        Target of each working point; NaN for a working point without a target.
    path : str
        What computed the sums over events in the training: ``kernel``, ``torch`` or ``torch on cuda``. Empty
        for a model without such sums. A model file does not contain it.
    target_of : str
        What the targets are: efficiencies of ``signal`` or ``background``, or a ``rate``.
    at_least : bool
        Whether a target is met by all that is above it, as that of a search for the best box.
    """

    targets: list[float]
    path: str = ""
    target_of: str = "signal"
    at_least: bool = False

    @property
    def asked(self) -> list[float]:
        """What is asked of each working point, see ``target_of``; NaN where nothing is."""
        return self.targets

    @property
    def caveat(self) -> str:
        """What to know of working points that meet their targets; empty where there is nothing."""
        return ""

    def why_missed(self, estimate: float) -> str:
        """Return why a working point misses its target on the training sample.

        Parameters
        ----------
        estimate : float
            What the loss takes for the efficiency, on the test sample.
        """
        return "no working point of this model is closer"

    @property
    def event_bins(self) -> EventBins | None:
        """The bins of the property that the cuts follow; None without a property."""
        return EventBins.from_cuts(self.cuts())

    def cuts(self) -> pd.DataFrame:
        """Return the cuts in the columns of ``cuts.csv``; empty for a model without cuts."""
        return pd.DataFrame(columns=CUT_COLUMNS)

    @abstractmethod
    def scores(self, table: pd.DataFrame) -> NDArray[np.number]:
        """Return the scores of all events of a table.

        Returns
        -------
        ndarray, shape (n_events, n_columns)
            One column for each target, or a single column for all targets.
        """

    @abstractmethod
    def save(self, path: Path) -> None:
        """Write the model to a file that the module of its kind can load."""

    @property
    def has_cuts(self) -> bool:
        """Whether events are selected by cuts, and not by a threshold on the score."""
        return False

    def select(
        self, table: pd.DataFrame, scores: NDArray[np.number], thresholds: NDArray[np.floating]
    ) -> NDArray[np.bool_]:
        """Return which events each working point selects, by cuts or else by thresholds on the score.

        Parameters
        ----------
        table : DataFrame
        scores : ndarray, shape (n_events, n_columns)
            Scores of these events.
        thresholds : ndarray, shape (n_targets,)
            Thresholds on the score, for a model without cuts.

        Returns
        -------
        ndarray of bool, shape (n_events, n_targets)
        """
        return np.asarray(scores > thresholds)

    def thresholds(self, events: pd.DataFrame, scores: NDArray[np.number]) -> NDArray[np.float64]:
        """Return the thresholds on the score of all working points, found on signal of the training sample.

        Parameters
        ----------
        events : DataFrame
            A feature table.
        scores : ndarray, shape (n_events, n_columns)
            Scores of these events.

        Returns
        -------
        ndarray, shape (n_targets,)
            NaN for a model with cuts.
        """
        if self.has_cuts:
            return np.full(len(self.targets), np.nan)
        chosen = ((events["label"] == 1) & (events["split"] == "train")).to_numpy()
        weights = events["weight"].to_numpy(dtype=float)
        return score_thresholds(scores[chosen, 0], weights[chosen], self.targets)

    @property
    def area_of_points(self) -> bool:
        """Whether the area under the ROC curve is that of the working points, and not of the scores."""
        return False

    @property
    def score_columns(self) -> list[str]:
        """Names of the columns in ``scores.parquet``."""
        return [score_column(target) for target in (self.targets if self.has_cuts else [float("nan")])]

    def mean_scores(self, events: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the mean scores of signal and of background, each of shape (n_columns,)."""
        scores, weights = self.scores(events).astype(float), events["weight"].to_numpy(dtype=float)
        is_signal = (events["label"] == 1).to_numpy()
        signal, background = (
            np.average(scores[of_class], axis=0, weights=weights[of_class])
            for of_class in (is_signal, ~is_signal)
        )
        return signal, background

    def mean_scores_of_table(
        self, table: StoredTable, survey: Survey
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the mean scores of the test events of a table that is read block by block."""
        sums, totals = np.zeros((2, len(self.score_columns))), np.zeros((2, 1))
        for block in table.blocks():
            test = ~block.in_training
            events = block.events(table.columns)[test]
            scores = self.scores(events).astype(float)
            for number, of_class in enumerate((block.is_signal[test], ~block.is_signal[test])):
                weights = block.weights[test][of_class]
                sums[number] += weights @ scores[of_class]
                totals[number] += weights.sum()
        signal, background = sums / totals
        return signal, background

    def roc_areas(
        self,
        scores: NDArray[np.number],
        is_signal: NDArray[np.bool_],
        weights: NDArray[np.floating],
        efficiencies: CutEfficiencies,
    ) -> NDArray[np.float64]:
        """Return the area under the ROC curve of each column of scores, shape (n_columns,).

        Parameters
        ----------
        scores : ndarray, shape (n_events, n_columns)
        is_signal : ndarray of bool, shape (n_events,)
        weights : ndarray, shape (n_events,)
        efficiencies : CutEfficiencies
            Efficiencies of the working points on the same events.
        """
        return np.array([roc_area(is_signal, column, weights) for column in scores.T])


def area_through(signal: NDArray[np.floating], background: NDArray[np.floating]) -> float:
    """Return the area under the ROC curve of straight lines through points, from (0, 0) to (1, 1).

    Parameters
    ----------
    signal, background : ndarray, shape (n_points,)
        Efficiencies of the points, in any order.
    """
    # Efficiencies beyond are fluctuations of negative weights.
    signal, background = np.clip(signal, 0.0, 1.0), np.clip(background, 0.0, 1.0)
    x, y = np.concatenate([[0.0], background, [1.0]]), np.concatenate([[0.0], signal, [1.0]])
    order = np.lexsort((x, y))
    # Sorted by signal efficiency, as the background efficiency may decrease from one point to the next.
    return float(1 - np.trapezoid(x[order], y[order]))


M = TypeVar("M", bound=Model)


def read_json_model(
    path: Path, features: Sequence[str], read: Callable[[dict[str, Any]], tuple[M, Sequence[str]]]
) -> M:
    """Read a model from a JSON file.

    Parameters
    ----------
    path : Path
    features : sequence of str
        Features, in order, that the model must have been trained on.
    read : callable
        Function from the content of the file to the model and its features.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is truncated or not such a model, or is for other features.
    """
    try:
        model, made_for = read(json.loads(path.read_text()))
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such model file: train it first") from None
    except PermissionError:
        raise
    except Exception as error:
        # Damaged files raise many types of error; all mean the same for the user.
        raise ValueError(f"{path}: not a complete model file: delete it and train again") from error
    if list(features) != list(made_for):
        raise ValueError(
            f"{path}: made for the features {', '.join(made_for)}, not {', '.join(features)}: train it again"
        )
    return model
