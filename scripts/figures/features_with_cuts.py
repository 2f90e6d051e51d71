"""Distributions of the features with the learned cuts (Figure 9), for one or many targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ..kinds import FigureSettings
from ..settings import Count
from .feature_histograms import draw_histograms, tabulate_histograms

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs


class Settings(FigureSettings):
    """Distributions of both classes, data as points if there is any, and the cuts of a network as lines."""

    files = ("features", "cuts")
    takes_folds = True
    n_networks = range(1, 2)
    needs = frozenset({"cuts", "one_bin"})
    standard = "network"
    # The lines of the hundred targets of kCuts could not be distinguished.
    standard_needs = frozenset({"loss"})
    standard_caption = (
        "The features of both classes with the cuts of {networks}: dashed lines keep what is greater, dotted "
        "lines what is less; cuts that cut nothing are left out."
    )

    plot: Literal["features_with_cuts"]
    bins: Count = Field(default=50, description="Number of bins of each histogram")
    scaled: bool = Field(default=False, description="Whether to show scaled units instead of physical ones")


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the histograms, then a row for each cut: ``direction``, ``cut`` and ``target_efficiency``.

    Idle cuts, which no training event fails alone, are left out. Of folds the cut is the mean; ``spread`` is
    its standard deviation over the folds.

    Raises
    ------
    ValueError
        If the network has no cuts.
    """
    import pandas as pd

    from ..data.cut_table import IDLE, over_folds

    scaled = inputs.settings.scaled
    cuts = inputs.read("cuts")
    if cuts.empty:
        raise ValueError(
            f"network {inputs.networks[0]} has no cuts to draw: name a one_to_one or scan network"
        )
    cuts, column = over_folds(cuts), "cut_scaled" if scaled else "cut"
    histograms = tabulate_histograms(
        inputs.read("features"), inputs.study, inputs.settings.bins, scaled=scaled, data=inputs.read_data()
    )
    if IDLE in cuts:
        cuts = cuts[~cuts[IDLE].astype(bool)]
    shown = pd.DataFrame(
        {
            "feature": cuts["feature"],
            "direction": cuts["direction"],
            "cut": cuts[column],
            "target_efficiency": cuts["target_efficiency"],
        }
    )
    if "target_of" in cuts and (cuts["target_of"] != "signal").any():
        shown[["target", "target_of"]] = cuts[["target", "target_of"]]
    if f"{column}_spread" in cuts:
        shown["spread"] = cuts[f"{column}_spread"]
    return pd.concat([histograms, shown], ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw one panel for each feature, with cuts as vertical lines."""
    return draw_histograms(table, study, scaled=figure.scaled)
