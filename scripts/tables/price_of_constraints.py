"""What rounded, bounded and fixed cuts cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import TableSettings

if TYPE_CHECKING:
    import pandas as pd

    from .inputs import TableInputs


class Settings(TableSettings):
    """Background of working points with and without the constraints of each feature."""

    files = ("price_of_constraints",)
    standard = "study"
    standard_caption = (
        "Background left with the constraints of all features, and without those of one; the price is how "
        "much more of the training background is left, relative to that without."
    )

    table: Literal["price_of_constraints"]


def make_table(inputs: TableInputs[Settings]) -> pd.DataFrame:
    """Return the analysis, without the efficiencies of the signal."""
    table = inputs.read("price_of_constraints")
    return table.drop(columns=[name for name in table if "signal_efficiency" in name])
