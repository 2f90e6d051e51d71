"""The table of cuts, ``cuts.csv``: one row a target and edge of a selection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

CUT_COLUMNS = ["target_efficiency", "feature", "direction", "cut", "cut_scaled"]
#: More columns where cuts follow a property of the event: its name and the edges of the bin.
PROPERTY_COLUMNS = ["property", "property_low", "property_high"]


def edges_by_target(
    cuts: pd.DataFrame, targets: Sequence[float] | None = None
) -> list[tuple[float, pd.DataFrame]]:
    """Return the edges of each target.

    Parameters
    ----------
    cuts : DataFrame
        With the column ``target_efficiency``, NaN for a network without targets.
    targets : sequence of float, optional
        In the order wanted; those of the table, by their first row, where absent.

    Returns
    -------
    list of tuple
        Target and its rows; none where nothing is cut.
    """
    of_row = cuts["target_efficiency"]
    wanted = of_row.unique() if targets is None else targets
    return [
        (float(target), cuts[of_row.isna() if np.isnan(target) else of_row == target]) for target in wanted
    ]
