"""One way to apply whatever was trained: networks, boxes that a search found, decision trees."""

from __future__ import annotations

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import Tensor

from cabin_core import CutEfficiencies, EventSums, JointNetwork, TrainedNetwork, load_network
from cabin_core.classifiers import cuts_of
from scripts.data.cut_table import CUT_COLUMNS
from scripts.data.event_bins import EventBins
from scripts.data.score_table import score_column
from scripts.data.selection import passes_cut_table, row_targets
from scripts.models import boxes as trained_boxes
from scripts.models.boxes import TrainedBoxes
from scripts.models.network import make_sample

if TYPE_CHECKING:
    from scripts.models.bdt import TrainedTrees

_INCOMPLETE = "not a complete model file: delete it and train again"


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
        return EventBins.of_cuts(self.cuts())

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
        return np.array([roc_auc_score(is_signal, column, sample_weight=weights) for column in scores.T])


class NetworkModel(Model):
    """A network trained by gradient descent."""

    def __init__(self, trained: TrainedNetwork) -> None:
        self.trained = trained
        self.targets = row_targets(trained)

    @property
    def has_cuts(self) -> bool:
        """Whether it is a cut network."""
        return self.trained.settings.has_cuts

    def cuts(self) -> pd.DataFrame:
        """Return the cuts, one row a target and edge, and bin; empty for a network without cuts."""
        net = cuts_of(self.trained.network)
        if net is None:
            return super().cuts()
        scaled = net.cuts().detach()
        physical = self.trained.scaling.unscale(scaled, net.edge_features())
        features = [self.trained.scaling.features[position] for position in net.edge_features()]
        # All targets of the first bin, then those of the next.
        rows = [
            (target, feature, direction, physical[i, edge].item(), scaled[i, edge].item())
            for i, target in enumerate(self.targets * net.n_bins)
            for edge, (feature, direction) in enumerate(zip(features, net.directions(), strict=True))
        ]
        table = pd.DataFrame(rows, columns=CUT_COLUMNS)
        settings = self.trained.settings
        if not settings.event_property:
            return table
        bins = EventBins(settings.event_property, settings.bin_edges)
        parts = np.array_split(np.arange(len(table)), net.n_bins)
        return pd.concat([bins.label(table.iloc[part], at) for at, part in enumerate(parts)])

    def scores(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Return the scores in float64, one column a row of the network.

        Scores of signal crowd so close to 1 that float32 can't tell them apart.
        """
        return score_events(self.trained, table)

    def select(
        self, table: pd.DataFrame, scores: NDArray[np.number], thresholds: NDArray[np.floating]
    ) -> NDArray[np.bool_]:
        """Apply the hard cuts or, where there are none, the thresholds."""
        if self.has_cuts:
            return passes_cut_table(table, self.cuts())
        return super().select(table, scores, thresholds)

    def mean_scores(self, events: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the mean scores as the loss sees them, in the precision of the training.

        Of a joint network these are of its preselection.
        """
        with torch.no_grad():
            sample = make_sample(events, self.trained.scaling, "test", self.trained.settings.dtype)
            net = self.trained.network
            of_rows = EventSums.of_sample(cuts_of(net) or net, sample)
            sums = of_rows.all_bins(self.trained.settings.n_bins)
        return sums.signal_efficiency().numpy(), sums.background_efficiency().numpy()


class BoxModel(Model):
    """Boxes that a search found; their score is 1 inside and 0 outside."""

    def __init__(self, trained: TrainedBoxes) -> None:
        self.trained = trained
        self.targets = list(trained.targets)

    @property
    def has_cuts(self) -> bool:
        """Boxes are cuts."""
        return True

    def cuts(self) -> pd.DataFrame:
        """Return the edges of the boxes, but for those that cut nothing."""
        return self.trained.cuts

    def scores(self, table: pd.DataFrame) -> NDArray[np.int8]:
        """Return 1 for the events inside of the box of a target."""
        return self.trained.select(table).astype(np.int8)

    def select(
        self, table: pd.DataFrame, scores: NDArray[np.number], thresholds: NDArray[np.floating]
    ) -> NDArray[np.bool_]:
        """Return the events inside of the boxes."""
        return np.asarray(scores == 1)

    def roc_areas(
        self,
        scores: NDArray[np.number],
        is_signal: NDArray[np.bool_],
        weights: NDArray[np.floating],
        efficiencies: CutEfficiencies,
    ) -> NDArray[np.float64]:
        """Return the area under the one curve that goes through all boxes, for every column."""
        return np.full(len(self.targets), area_through(efficiencies.signal, efficiencies.background))


class TreeModel(Model):
    """Boosted decision trees."""

    def __init__(self, trained: TrainedTrees) -> None:
        self.trained = trained
        self.targets = list(trained.settings.targets)

    def scores(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Return the probability of being signal, one column."""
        return self.trained.score(table)[:, None]


def score_events(trained: TrainedNetwork, table: pd.DataFrame) -> NDArray[np.float64]:
    """Return the scores of a network in float64, shape (n_events, n_rows); the network stays as it is.

    Those of a joint network are the products of weights and outputs or, where its cuts have a kept fraction
    to hold, the outputs for events that pass the hard cuts and 0 for others.
    """
    values = torch.from_numpy(table[list(trained.scaling.features)].to_numpy(dtype="float64", copy=True))
    with torch.no_grad():
        network = copy.deepcopy(trained.network).double()
        score: Callable[[Tensor], Tensor] = network
        if isinstance(network, JointNetwork) and trained.settings.kept_fraction is not None:
            # What its cuts drop is not there for its classifier to score.
            score = network.hard_scores
        scores: NDArray[np.float64] = score(trained.scaling.scale(values)).numpy()
    return scores


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


def load_model(path: Path, features: Sequence[str]) -> Model:
    """Read what a training or search wrote.

    Parameters
    ----------
    path : Path
        ``model.pt`` of a network, ``model.json`` of a competitor.
    features : sequence of str
        The features, in order, that it must have been made for.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is truncated or not a saved model, or was made for other features.
    """
    if path.suffix == ".pt":
        return NetworkModel(load_network(path, features))
    model: BoxModel | TreeModel
    try:
        content = json.loads(path.read_text())
        model = _of_content(content)
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such model file: train it first") from None
    except PermissionError:
        raise
    except Exception as error:
        # Damaged files end in many types of error; each means the same to the reader.
        raise ValueError(f"{path}: {_INCOMPLETE}") from error
    if list(features) != list(model.trained.features):
        raise ValueError(
            f"{path}: made for the features {', '.join(model.trained.features)}, not {', '.join(features)}: "
            "train it again"
        )
    return model


def _of_content(content: dict[str, Any]) -> BoxModel | TreeModel:
    if content.get("format") == trained_boxes.FORMAT:
        return BoxModel(TrainedBoxes.of_content(content))
    # Imported here: it brings xgboost, which only trees need.
    from scripts.models.bdt import TrainedTrees

    return TreeModel(TrainedTrees.of_content(content))
