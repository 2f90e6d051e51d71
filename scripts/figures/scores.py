"""Distributions of the scores (Figures 11 and 16): training sample filled, test sample as points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import FigureSettings
from .score_panels import draw_panels, draw_scores, tabulate_scores
from .style import log_limits, paper_style, shared_legend

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs


class Settings(FigureSettings):
    """Scores of both classes in training and test sample, with a panel for each target."""

    files = ("scores",)
    takes_folds = True
    n_networks = range(1, 2)
    needs = frozenset({"scores"})
    standard = "network"
    standard_unless = frozenset({"one_score"})
    standard_caption = "The scores of {networks}, one panel a target efficiency."

    plot: Literal["scores"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``panel``, ``class``, ``split``, ``low``, ``high``, ``density``, ``uncertainty`` of each bin."""
    return tabulate_scores(inputs.read("scores"))


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw one panel for each target."""
    with paper_style():
        fig, axes = draw_panels(table, study, draw_scores)
        axes[0].set_ylim(*log_limits(table["density"].to_numpy(dtype=float)))
        shared_legend(fig, axes[0], columns=2 if len(axes) == 1 else 4)
    return fig
