"""Background of cuts and of the best cuts that exist, at equal signal of the training sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import TableSettings

if TYPE_CHECKING:
    import pandas as pd

    from .inputs import TableInputs


class Settings(TableSettings):
    """Shows the analysis of the same name; all of its networks where none is named."""

    files = ("certify",)
    n_networks = range(100)
    standard = "study"
    standard_caption = (
        "Background of the cuts of each network over that of the best cuts found with the same signal of the "
        "training sample, with the bound on any cuts, and the same ratio on the test sample."
    )

    table: Literal["certify"]


def make_table(inputs: TableInputs[Settings]) -> pd.DataFrame:
    """Return one row for each network and target; backgrounds are sums of weights of training events."""
    table = inputs.read_analysis("certify")
    shown = ["network", "target_efficiency", "cuts", "background", "best_background", "bound", "ratio"]
    shown += ["ratio_uncertainty", "ratio_to_bound", "ended", "events_left", "best_events_left"]
    shown += ["test_ratio", "test_ratio_uncertainty"]
    shown += ["difference", "test_difference", "test_difference_uncertainty"]
    return table[shown]
