"""Distributions of the features (Figures 4 and 6)."""

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
    """Distributions of both classes, with a panel for each feature; data as points, if there is any."""

    files = ("features",)
    takes_folds = True
    standard = "study"
    standard_caption = "The features of both classes, each with an area of 1."

    plot: Literal["features"]
    bins: Count = Field(default=50, description="Number of bins of each histogram")


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``feature``, ``class``, ``low``, ``high``, ``density`` of each bin, in the features' units.

    Where there is data also ``uncertainty`` of its densities.
    """
    return tabulate_histograms(
        inputs.read("features"), inputs.study, inputs.settings.bins, scaled=False, data=inputs.read_data()
    )


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw one panel for each feature."""
    return draw_histograms(table, study, scaled=False)
