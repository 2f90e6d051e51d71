"""The directions of the cuts, and how far each feature separates the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import TableSettings

if TYPE_CHECKING:
    import pandas as pd

    from .inputs import TableInputs


class Settings(TableSettings):
    """Directions with one row for each feature, and remarks on those that seem wrong or useless."""

    files = ("directions",)
    takes_folds = True
    standard = "study"
    standard_caption = (
        "The directions of the cuts, given or found in the training events. The AUC is of the feature alone. "
        "The gain is the share of the background that the cut removes beside the other cuts, at equal signal "
        "efficiencies."
    )

    table: Literal["directions"]


def make_table(inputs: TableInputs[Settings]) -> pd.DataFrame:
    """Return direction, AUC, gain and remark of each feature."""
    table = inputs.read("directions")
    shown = ["feature", "given", "direction", "auc", "auc_uncertainty", "gain", "gain_uncertainty", "remark"]
    return table[shown].fillna({"remark": ""})
