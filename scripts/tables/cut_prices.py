"""The price of each cut: the background of the best cuts with and without each feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import TableSettings

if TYPE_CHECKING:
    import pandas as pd

    from .inputs import TableInputs


class Settings(TableSettings):
    """Shows the analysis of the same name, features in the order of their price."""

    files = ("cut_prices",)
    standard = "study"
    standard_caption = (
        "Background of the best cuts with all features and of the best ones without a feature, the others "
        "found anew for the same signal of the training sample, with what is proven of their ratio, and the "
        "ratio on the test sample. The feature whose cut is worth most comes first."
    )

    table: Literal["cut_prices"]


def make_table(inputs: TableInputs[Settings]) -> pd.DataFrame:
    """Return one row for each target and feature; backgrounds are sums of weights of training events."""
    table = inputs.read("cut_prices")
    with_all = table[table["part"] == "all"].set_index("target_efficiency")["background"]
    rows = table[table["part"] == "without"]
    rows = rows.assign(with_all=rows["target_efficiency"].map(with_all)).rename(
        columns={"background": "without"}
    )
    shown = ["target_efficiency", "feature", "with_all", "without", "ratio", "ratio_low", "ratio_high"]
    shown += ["test_ratio", "test_ratio_uncertainty", "test_signal_ratio", "remark"]
    return rows[shown].fillna({"remark": ""})
