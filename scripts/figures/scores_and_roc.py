"""Scores and ROC curve of one classifier side by side (Figures 7, 8 and 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..data.score_table import score_columns
from ..kinds import FigureSettings
from .score_panels import draw_roc, draw_scores, tabulate_roc, tabulate_scores
from .style import add_title, new_figure, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs


class Settings(FigureSettings):
    """Scores and ROC curve of a network with one score for all working points."""

    files = ("scores",)
    takes_folds = True
    n_networks = range(1, 2)
    needs = frozenset({"scores", "one_score"})
    standard = "network"
    standard_caption = (
        "The scores of {networks} on training and test sample, and the ROC curve of the latter."
    )

    plot: Literal["scores_and_roc"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the rows of the score histograms and of the ROC curve; ``part`` distinguishes them.

    Raises
    ------
    ValueError
        If the network has several targets, each with its own score.
    """
    import pandas as pd

    events = inputs.read("scores")
    if len(score_columns(events.columns)) != 1:
        raise ValueError(f"{inputs.networks[0]} has several targets: use the plots `scores` and `roc`")
    return pd.concat(
        [tabulate_scores(events).assign(part="scores"), tabulate_roc(events).assign(part="roc")],
        ignore_index=True,
    )


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the scores on the left, the ROC curve on the right."""
    with paper_style():
        fig = new_figure(8, 3.6)
        left, right = fig.subplots(1, 2)
        draw_scores(left, table[table["part"] == "scores"])
        low, high = left.get_ylim()
        left.set_ylim(low, high * (high / low) ** 0.25)  # room for the legend
        left.legend(loc="upper center", ncols=2)
        draw_roc(right, table[table["part"] == "roc"])
        add_title(fig, study)
    return fig
