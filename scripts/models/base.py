"""What is common to all that is trained: what a training gets, and the one way to apply its result."""

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

from ..data.cut_table import CUT_COLUMNS
from ..data.event_bins import EventBins
from ..data.score_table import score_column

if TYPE_CHECKING:
    from cabin_core import CutEfficiencies

    from ..kinds import ModelSettings
    from ..study import CountingExperiment


@dataclass(frozen=True)
class TrainingTask:
    """What a model is fitted to.

    Parameters
    ----------
    name : str
        Of study and network, for the progress lines.
    events : DataFrame
        A feature table, with the property that the cuts follow where there is one.
    features, directions : list of str
        Of the study, in order; ``>`` or ``<`` for each feature.
    equal_class_weights : bool
        Whether the training weighs both classes the same, as :func:`scripts.data.feature_table.equal_weights`
        does.
    counting_experiment : CountingExperiment, optional
        Of the study, for a training that is about its yields.
    threads : int
        Threads of the training; the result does not depend on it.
    """

    name: str
    events: pd.DataFrame
    features: list[str]
    directions: list[str]
    equal_class_weights: bool = False
    counting_experiment: CountingExperiment | None = None
    threads: int = 1

    def sample(self, split: str) -> pd.DataFrame:
        """Return the events of the ``train`` or ``test`` sample."""
        return self.events[self.events["split"] == split]


def bins_of(settings: ModelSettings) -> EventBins | None:
    """Return the bins of the property that the cuts of a model are to follow, None without."""
    return EventBins.from_settings(getattr(settings, "event_property", None))


class Model(ABC):
    """What was trained, ready to be applied to events in physical units; without cuts unless it says so.

    Attributes
    ----------
    targets : list of float
        Signal efficiency of each working point; NaN for one without a target.
    """

    targets: list[float]

    @property
    def event_bins(self) -> EventBins | None:
        """The bins of the property that the cuts follow, None where there is none."""
        return EventBins.from_cuts(self.cuts())

    def cuts(self) -> pd.DataFrame:
        """Return the cuts as ``cuts.csv`` holds them; empty for a model without."""
        return pd.DataFrame(columns=CUT_COLUMNS)

    @abstractmethod
    def scores(self, table: pd.DataFrame) -> NDArray[np.number]:
        """Return the scores of all events of a table.

        Returns
        -------
        ndarray, shape (n_events, n_columns)
            One column a target, or a single one that serves all of them.
        """

    @abstractmethod
    def save(self, path: Path) -> None:
        """Write the model to a file that the module of its kind can load."""

    @property
    def has_cuts(self) -> bool:
        """Whether events are selected by cuts rather than by a threshold on the score."""
        return False

    def select(
        self, table: pd.DataFrame, scores: NDArray[np.number], thresholds: NDArray[np.floating]
    ) -> NDArray[np.bool_]:
        """Return which events each working point selects: those above the thresholds, without cuts.

        Parameters
        ----------
        table : DataFrame
        scores : ndarray, shape (n_events, n_columns)
            Of these events.
        thresholds : ndarray, shape (n_targets,)
            On the score, for a model without cuts.

        Returns
        -------
        ndarray of bool, shape (n_events, n_targets)
        """
        return np.asarray(scores > thresholds)

    @property
    def score_columns(self) -> list[str]:
        """Names of the columns of scores in ``scores.parquet``."""
        return [score_column(target) for target in (self.targets if self.has_cuts else [float("nan")])]

    def mean_scores(self, events: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the mean score of signal and of background for each column, each of shape (n_columns,)."""
        scores, weights = self.scores(events).astype(float), events["weight"].to_numpy(dtype=float)
        is_signal = (events["label"] == 1).to_numpy()
        signal, background = (
            np.average(scores[of_class], axis=0, weights=weights[of_class])
            for of_class in (is_signal, ~is_signal)
        )
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
            Of the working points on the same events.
        """
        # Imported here: it takes a second.
        from sklearn.metrics import roc_auc_score

        return np.array([roc_auc_score(is_signal, column, sample_weight=weights) for column in scores.T])


def area_through(signal: NDArray[np.floating], background: NDArray[np.floating]) -> float:
    """Return the area under the ROC curve through points, from (0, 0) to (1, 1) in straight lines.

    Parameters
    ----------
    signal, background : ndarray, shape (n_points,)
        Efficiencies, in any order.
    """
    x, y = np.concatenate([[0.0], background, [1.0]]), np.concatenate([[0.0], signal, [1.0]])
    order = np.lexsort((x, y))
    # Over the signal efficiency, in which the points are spaced; the background may fall between two.
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
        The features, in order, that it must have been made for.
    read : callable
        From the content of the file to the model and its features.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is truncated or not such a model, or was made for other features.
    """
    try:
        model, made_for = read(json.loads(path.read_text()))
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such model file: train it first") from None
    except PermissionError:
        raise
    except Exception as error:
        # Damaged files end in many types of error; each means the same to the reader.
        raise ValueError(f"{path}: not a complete model file: delete it and train again") from error
    if list(features) != list(made_for):
        raise ValueError(
            f"{path}: made for the features {', '.join(made_for)}, not {', '.join(features)}: train it again"
        )
    return model
