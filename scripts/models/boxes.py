"""Boxes, one for each target, which kCuts or a grid scan finds, also in bins of a property."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.cut_table import CUT_COLUMNS, PROPERTY_COLUMNS, passes_cut_table
from ..data.event_bins import EventBins
from ..data.feature_table import fit_scaling
from .base import Model, TrainingTask, area_through, bins_of, read_json_model

if TYPE_CHECKING:
    from cabin_core import CutEfficiencies

    from ..kinds import ModelSettings

FORMAT = "boxes 1"

#: For each target: feature, direction and cut of all edges, infinite for edges that cut nothing.
Edges = Sequence[Sequence[tuple[str, str, float]]]


class BoxModel(Model):
    """Boxes as a model; the score is 1 inside a box and 0 outside.

    Parameters
    ----------
    features : sequence of str
        Features of the study.
    targets : sequence of float
    cuts : DataFrame
        Has the columns of ``cuts.csv``, with those of bins. A target without a row cuts nothing.
    """

    at_least = True

    def __init__(self, features: Sequence[str], targets: Sequence[float], cuts: pd.DataFrame) -> None:
        self.features, self.targets, self._cuts = list(features), list(targets), cuts

    @classmethod
    def from_edges(
        cls,
        edges: Edges,
        targets: Sequence[float],
        features: Sequence[str],
        scaling: tuple[NDArray[np.float64], NDArray[np.float64]],
    ) -> BoxModel:
        """Make the model from the edges of the boxes.

        Parameters
        ----------
        edges : sequence of sequences
            For each target: feature, direction and cut in physical units. Infinite edges are left out.
        targets : sequence of float
        features : sequence of str
        scaling : tuple of ndarray, each of shape (n_features,)
            Origin and unit of the features.
        """
        means, spreads = (dict(zip(features, values, strict=True)) for values in scaling)
        rows = [
            (target, feature, direction, float(cut), float((cut - means[feature]) / spreads[feature]))
            for target, of_target in zip(targets, edges, strict=True)
            for feature, direction, cut in of_target
            if np.isfinite(cut)
        ]
        return cls(features, targets, pd.DataFrame(rows, columns=CUT_COLUMNS))

    @classmethod
    def from_bins(cls, boxes: Sequence[BoxModel], bins: EventBins) -> BoxModel:
        """Make one model from the models of all bins of a property."""
        features, targets = boxes[0].features, boxes[0].targets
        # The bins are known only from the table, so a bin without cuts keeps a row without a cut.
        nothing = pd.DataFrame([(targets[0], features[0], ">", -np.inf, -np.inf)], columns=CUT_COLUMNS)
        tables = [nothing if of_bin.cuts().empty else of_bin.cuts() for of_bin in boxes]
        labelled = [bins.label(table, position) for position, table in enumerate(tables)]
        return cls(features, targets, pd.concat(labelled, ignore_index=True))

    @classmethod
    def load(cls, path: Path, features: Sequence[str]) -> BoxModel:
        """Read boxes from their file; errors are those of :func:`scripts.models.load_model`."""
        return read_json_model(path, features, cls._from_content)

    @classmethod
    def _from_content(cls, content: dict[str, Any]) -> tuple[BoxModel, list[str]]:
        if content["format"] != FORMAT:
            raise ValueError(f"no boxes: {content['format']}")
        binned = bool(content["cuts"]) and "property" in content["cuts"][0]
        columns = CUT_COLUMNS + (PROPERTY_COLUMNS if binned else [])
        model = cls(content["features"], content["targets"], pd.DataFrame(content["cuts"], columns=columns))
        return model, model.features

    def save(self, path: Path) -> None:
        """Write a JSON file."""
        content = {
            "format": FORMAT,
            "features": self.features,
            "targets": self.targets,
            "cuts": self._cuts.to_dict("records"),
        }
        path.write_text(json.dumps(content, indent=1) + "\n")

    @property
    def has_cuts(self) -> bool:
        """Whether events are selected by cuts: always true for boxes."""
        return True

    @property
    def area_of_points(self) -> bool:
        """Whether the area is that of the working points: always true for boxes."""
        return True

    def cuts(self) -> pd.DataFrame:
        """Return the edges of the boxes, without those that cut nothing."""
        return self._cuts

    def scores(self, table: pd.DataFrame) -> NDArray[np.int8]:
        """Return 1 for events inside the box of a target, else 0."""
        return passes_cut_table(table, self._cuts, self.targets).astype(np.int8)

    def select(
        self, table: pd.DataFrame, scores: NDArray[np.number], thresholds: NDArray[np.floating]
    ) -> NDArray[np.bool_]:
        """Return which events are inside the boxes."""
        return np.asarray(scores == 1)

    def roc_areas(
        self,
        scores: NDArray[np.number],
        is_signal: NDArray[np.bool_],
        weights: NDArray[np.floating],
        efficiencies: CutEfficiencies,
    ) -> NDArray[np.float64]:
        """Return, for every column, the area under the one curve through all boxes."""
        return np.full(len(self.targets), area_through(efficiencies.signal, efficiencies.background))


def find_boxes(
    settings: ModelSettings,
    task: TrainingTask,
    find: Callable[[pd.DataFrame, str], tuple[Edges, pd.DataFrame]],
) -> tuple[BoxModel, pd.DataFrame]:
    """Find boxes on the training sample, separately in each bin of a property if there is one.

    Parameters
    ----------
    settings : ModelSettings
        Settings of the model.
    task : TrainingTask
    find : callable
        Function of training events and a name for the progress lines, which returns the edges for each
        target and a history.

    Returns
    -------
    tuple of BoxModel and DataFrame
        The history has the columns of the bin, if there are bins.
    """
    scaling = fit_scaling(task.events, task.features, task.scaling)
    training = task.sample("train")

    def find_one(sample: pd.DataFrame, name: str) -> tuple[BoxModel, pd.DataFrame]:
        edges, rows = find(sample, name)
        return BoxModel.from_edges(edges, settings.working_points, task.features, scaling), rows

    bins = bins_of(settings)
    if bins is None:
        return find_one(training, task.name)
    found = [
        find_one(sample, f"{task.name}, {bins.name} {low:g} to {high:g}")
        for (low, high), sample in zip(bins.bounds, bins.split(training), strict=True)
    ]
    rows = [bins.label(rows, position) for position, (_, rows) in enumerate(found)]
    return BoxModel.from_bins([boxes for boxes, _ in found], bins), pd.concat(rows, ignore_index=True)
