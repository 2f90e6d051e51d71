"""The Lovász Z loss of one signal and one background event as a function of both outputs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from cabin_core.lovasz import ERRORS, event_yields, weighted_lovasz_z

#: Number of points along each axis.
N_POINTS = 41
#: The hinge error uses the raw output; the others use a probability and can be infinite at 0 or 1.
HINGE_RANGE, PROBABILITY_RANGE = (-2.0, 2.0), (0.005, 0.995)


def landscape(error: str, cross_sections: list[float], luminosity: float, epsilon: float) -> pd.DataFrame:
    """Return the loss at each pair of outputs.

    Parameters
    ----------
    error : str
        A key of :data:`cabin_core.lovasz.ERRORS`.
    cross_sections : list of float
        Cross-sections of the signal event and of the background event [fb].
    luminosity : float
        [fb^-1]
    epsilon : float
        [events]

    Returns
    -------
    DataFrame
        ``error``, ``x`` and ``y`` (output for the signal and for the background event) and ``loss``.
    """
    axis = np.linspace(*(HINGE_RANGE if error == "hinge" else PROBABILITY_RANGE), N_POINTS)
    x, y = (grid.ravel() for grid in np.meshgrid(axis, axis))
    outputs = torch.from_numpy(np.stack([x, y], axis=1))
    logits = outputs if error == "hinge" else torch.logit(outputs)
    is_signal = torch.tensor([True, False])
    weights = event_yields(is_signal, torch.tensor([0, 1]), cross_sections, luminosity)
    loss = weighted_lovasz_z(ERRORS[error](logits, is_signal), is_signal, weights, epsilon)
    return pd.DataFrame({"error": error, "x": x, "y": y, "loss": loss.numpy()})
