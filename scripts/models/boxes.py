"""Boxes that a search found, one a target, and the file that keeps them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scripts.data.cut_table import CUT_COLUMNS, PROPERTY_COLUMNS
from scripts.data.event_bins import EventBins
from scripts.data.selection import passes_cut_table

FORMAT = "boxes 1"


@dataclass(frozen=True)
class TrainedBoxes:
    """Boxes with all that is needed to apply them.

    Parameters
    ----------
    features : sequence of str
        Of the study.
    targets : sequence of float
    cuts : DataFrame
        Columns of ``cuts.csv``, those of bins included. A target without a row cuts nothing.
    """

    features: tuple[str, ...]
    targets: tuple[float, ...]
    cuts: pd.DataFrame

    @classmethod
    def of_edges(
        cls,
        edges: Sequence[Sequence[tuple[str, str, float]]],
        targets: Sequence[float],
        features: Sequence[str],
        scaling: tuple[NDArray[np.float64], NDArray[np.float64]],
    ) -> TrainedBoxes:
        """Return boxes.

        Parameters
        ----------
        edges : sequence of sequences
            Of each target: feature, direction and cut in physical units. Infinite edges are left out.
        targets : sequence of float
        features : sequence of str
        scaling : tuple of ndarray, each of shape (n_features,)
            Mean and spread of the features.
        """
        means, spreads = (dict(zip(features, values, strict=True)) for values in scaling)
        rows = [
            (target, feature, direction, float(cut), float((cut - means[feature]) / spreads[feature]))
            for target, of_target in zip(targets, edges, strict=True)
            for feature, direction, cut in of_target
            if np.isfinite(cut)
        ]
        return cls(tuple(features), tuple(targets), pd.DataFrame(rows, columns=CUT_COLUMNS))

    @classmethod
    def of_bins(cls, boxes: Sequence[TrainedBoxes], bins: EventBins) -> TrainedBoxes:
        """Return the boxes of all bins of a property together, from those of each bin."""
        features, targets = boxes[0].features, boxes[0].targets
        # The table tells the bins: one where nothing is cut keeps a row that says so.
        nothing = pd.DataFrame([(targets[0], features[0], ">", -np.inf, -np.inf)], columns=CUT_COLUMNS)
        tables = [nothing if of_bin.cuts.empty else of_bin.cuts for of_bin in boxes]
        labelled = [bins.label(table, position) for position, table in enumerate(tables)]
        return cls(features, targets, pd.concat(labelled, ignore_index=True))

    def select(self, table: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which events are in the box of each target, shape (n_events, n_targets)."""
        return passes_cut_table(table, self.cuts, self.targets)

    def save(self, path: Path) -> None:
        """Write a JSON file."""
        content = {
            "format": FORMAT,
            "features": list(self.features),
            "targets": list(self.targets),
            "cuts": self.cuts.to_dict("records"),
        }
        path.write_text(json.dumps(content, indent=1) + "\n")

    @classmethod
    def of_content(cls, content: dict[str, Any]) -> TrainedBoxes:
        """Return the boxes that the content of such a file describes."""
        binned = bool(content["cuts"]) and "property" in content["cuts"][0]
        columns = CUT_COLUMNS + (PROPERTY_COLUMNS if binned else [])
        cuts = pd.DataFrame(content["cuts"], columns=columns)
        return cls(tuple(content["features"]), tuple(content["targets"]), cuts)
