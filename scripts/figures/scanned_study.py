"""The events that a scan of cuts is made of."""

from __future__ import annotations

import numpy as np
import torch

from cabin_core import EventSample
from scripts.figures.inputs import FigureInputs


def sample_of_study(inputs: FigureInputs, dimensions: int) -> EventSample:
    """Return the training events of a study in float64, features as they are.

    Parameters
    ----------
    inputs : FigureInputs
    dimensions : int
        Features that the figure shows.

    Raises
    ------
    ValueError
        If the study has another number of features, or one is cut from above.
    """
    features = inputs.features
    if len(features) != dimensions or any(feature["direction"] != ">" for feature in features):
        shown = ", ".join(f"{feature['name']} {feature['direction']}" for feature in features)
        raise ValueError(f"{dimensions} features with cuts > are scanned here, the study has {shown}")
    events = inputs.read("features")
    events = events[events["split"] == "train"]
    columns = [feature["name"] for feature in features]
    return EventSample.from_arrays(
        events[columns].to_numpy(dtype=np.float64, copy=True),
        events["label"].to_numpy(copy=True),
        events["weight"].to_numpy(dtype=np.float64, copy=True),
        dtype=torch.float64,
    )
