"""The best cuts on each number of features, and the fewest that come near the best on all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import TableSettings

if TYPE_CHECKING:
    import pandas as pd

    from .inputs import TableInputs


class Settings(TableSettings):
    """Shows the analysis ``cut_prices``."""

    files = ("cut_prices",)
    standard = "study"
    standard_caption = (
        "The best cuts on each number of features, their background over that of the best cuts on all "
        "features for the same signal of the training sample, with what is proven of the ratio, and the "
        "ratio on the test sample. The remark names the smallest number that comes near."
    )

    table: Literal["fewest_cuts"]


def make_table(inputs: TableInputs[Settings]) -> pd.DataFrame:
    """Return one row for each target and number of features."""
    table = inputs.read("cut_prices")
    shown = ["target_efficiency", "n_features", "cuts", "background", "ratio", "ratio_low", "ratio_high"]
    shown += ["test_ratio", "test_ratio_uncertainty", "remark"]
    return table.loc[table["part"] != "without", shown].fillna({"remark": "", "cuts": ""})
