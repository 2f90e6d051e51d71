"""ROC curves of the test sample (Figures 12 and 17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import FigureSettings
from .score_panels import draw_panels, draw_roc, tabulate_roc
from .style import paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs


class Settings(FigureSettings):
    """True against false positive rate, with a panel for each target."""

    files = ("scores",)
    takes_folds = True
    n_networks = range(1, 2)
    needs = frozenset({"scores"})
    standard = "network"
    standard_unless = frozenset({"one_score"})
    standard_caption = "The ROC curves of {networks} on the test sample, one panel a target efficiency."

    plot: Literal["roc"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``panel``, ``false_positive_rate``, ``true_positive_rate`` and ``auc``."""
    return tabulate_roc(inputs.read("scores"))


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw one panel for each target."""
    with paper_style():
        fig, _ = draw_panels(table, study, draw_roc)
    return fig
