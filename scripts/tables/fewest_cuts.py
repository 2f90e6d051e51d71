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
    from ..data.cut_table import edge_text

    units = {feature.name: feature.unit for feature in inputs.study.features}

    def shown(expression: str) -> str:
        cuts = (cut.split() for cut in expression.split(" & ") if cut)
        return ", ".join(
            f"{name} {edge_text(direction, float(cut), units[name])}" for name, direction, cut in cuts
        )

    table = inputs.read("cut_prices")
    rows = table[table["part"] != "without"].fillna({"remark": "", "cuts": ""})
    columns = ["target_efficiency", "n_features", "cuts", "background", "ratio", "ratio_low", "ratio_high"]
    columns += ["test_ratio", "test_ratio_uncertainty", "test_signal_ratio", "remark"]
    return rows.assign(cuts=rows["cuts"].map(shown))[columns]
