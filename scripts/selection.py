"""Which events a trained network selects: by its hard cuts, or by its score where it has none."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core import TrainedNetwork, passes_cuts

#: Above this score an event counts as selected where a network has no cuts.
SCORE_THRESHOLD = 0.5


def row_targets(trained: TrainedNetwork) -> list[float]:
    """Return the target signal efficiency of each row of scores; NaN for a network without targets."""
    return list(trained.settings.targets) or [float("nan")]


def select_events(
    trained: TrainedNetwork, table: pd.DataFrame, cuts: pd.DataFrame, scores: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return which events each row of a network selects.

    Parameters
    ----------
    trained : TrainedNetwork
    table : DataFrame
        Events with the features in physical units.
    cuts : DataFrame
        The cuts of the network, as ``cuts.csv`` holds them; empty where it has none.
    scores : ndarray, shape (n_events, n_rows)

    Returns
    -------
    ndarray of bool, shape (n_events, n_rows)
    """
    features = list(trained.scaling.features)
    if cuts.empty:
        return scores > SCORE_THRESHOLD
    return passes_cuts(
        table[features].to_numpy(dtype=float),
        cuts["cut"].to_numpy().reshape(-1, len(features)),
        list(cuts["direction"][: len(features)]),
    )
