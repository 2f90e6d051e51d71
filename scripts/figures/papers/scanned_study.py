"""Events of Watts' toys for scans of cuts, and the styles of the cut functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..style import LINE_COLORS

if TYPE_CHECKING:
    from cabin_core import EventSample

    from ..inputs import FigureInputs

#: Cut functions in the order of drawing; heaviside differs from hard only for an event exactly on the cut.
FUNCTIONS = {"erf": "Error function", "sigmoid": "Sigmoid", "balanced": "Balanced", "hard": "Hard cut"}
FUNCTION_COLORS = dict(zip(FUNCTIONS, LINE_COLORS, strict=False))
#: Titles of losses.
TITLES = {"significance": "$S/B^{1/2}$", "cross_entropy": "Cross-entropy", "squares": "Sum of squares"}


def sample_of_study(inputs: FigureInputs, dimensions: int) -> EventSample:
    """Return the training events of a study in float64, with unscaled features.

    Parameters
    ----------
    inputs : FigureInputs
    dimensions : int
        Number of features that the figure shows.

    Raises
    ------
    ValueError
        If the study has another number of features, or a feature with the direction ``<``.
    """
    import torch

    from cabin_core import EventSample

    study = inputs.study
    if len(study.features) != dimensions or any(direction != ">" for direction in study.directions):
        shown = ", ".join(f"{feature.name} {feature.direction}" for feature in study.features)
        raise ValueError(f"{dimensions} features with cuts > are scanned here, the study has {shown}")
    events = inputs.read("features")
    events = events[events["split"] == "train"]
    return EventSample.from_arrays(
        events[study.feature_names].to_numpy(dtype=np.float64, copy=True),
        events["label"].to_numpy(copy=True),
        events["weight"].to_numpy(dtype=np.float64, copy=True),
        dtype=torch.float64,
    )
