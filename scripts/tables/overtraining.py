"""Working points on the training and on the test sample, and what is left of a gain over simpler cuts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import TableSettings

if TYPE_CHECKING:
    import pandas as pd

    from .inputs import TableInputs


class Settings(TableSettings):
    """Shows the analysis of the same name; all of its networks where none is named."""

    files = ("overtraining",)
    n_networks = range(100)
    standard = "study"
    standard_caption = (
        "Efficiencies on the training and on the test sample, the ratio of the background, by how many "
        "standard deviations it is larger on the test sample, and the gain over the simpler cuts on both."
    )

    table: Literal["overtraining"]


def make_table(inputs: TableInputs[Settings]) -> pd.DataFrame:
    """Return one row for each network and target, with the main columns of the analysis."""
    rows = inputs.read_analysis("overtraining")
    both = ("signal_efficiency", "background_efficiency")
    return rows[
        [
            *("network", "target_efficiency"),
            *(f"{name}_{sample}" for name in both for sample in ("training", "test")),
            *("background_ratio", "background_ratio_uncertainty", "background_deviations"),
            *("gain_training", "gain_test", "survived", "survived_uncertainty", "remark"),
        ]
    ]
