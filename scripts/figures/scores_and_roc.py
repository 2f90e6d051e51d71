"""Scores and ROC curve of one classifier side by side (Figures 7, 8 and 15)."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from scripts.data.score_table import score_columns
from scripts.figures.inputs import FigureInputs
from scripts.figures.roc import draw_roc, tabulate_roc
from scripts.figures.scores import draw_scores, tabulate_scores
from scripts.figures.style import paper_style


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return the rows of the score histograms and those of the ROC curve, told apart by ``part``.

    Raises
    ------
    ValueError
        If the network has several targets, each with a score of its own.
    """
    events = inputs.read("scores")
    if len(score_columns(events.columns)) != 1:
        raise ValueError(f"{inputs.networks[0]} has several targets: use the plots `scores` and `roc`")
    return pd.concat(
        [tabulate_scores(events).assign(part="scores"), tabulate_roc(events).assign(part="roc")],
        ignore_index=True,
    )


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw the scores on the left, the ROC curve on the right."""
    with paper_style():
        fig = Figure(figsize=(8, 3.6), layout="constrained")
        left, right = fig.subplots(1, 2)
        draw_scores(left, table[table["part"] == "scores"])
        low, high = left.get_ylim()
        left.set_ylim(low, high * (high / low) ** 0.25)  # room for the legend
        left.legend(loc="upper center", ncols=2)
        draw_roc(right, table[table["part"] == "roc"])
        fig.suptitle(study["title"], fontsize=9, x=0.01, ha="left")
    return fig
