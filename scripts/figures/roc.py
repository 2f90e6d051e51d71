"""ROC curves of the test sample (Figures 7, 8, 12 and 17)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import auc, roc_curve

from scripts.data.score_table import score_columns
from scripts.figures.inputs import FigureInputs
from scripts.figures.scores import draw_panels
from scripts.figures.style import LINE_COLORS, paper_style

#: A curve has one point an event; more points than this cannot be seen.
MOST_POINTS = 300


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return ``panel``, ``false_positive_rate``, ``true_positive_rate`` and ``auc``."""
    return tabulate_roc(inputs.read("scores"))


def tabulate_roc(events: pd.DataFrame) -> pd.DataFrame:
    """Return the ROC curves of a table of scores, and the area under each with all its points."""
    test = events[events["split"] == "test"]
    parts = []
    for column in score_columns(events.columns):
        false_positive, true_positive, _ = roc_curve(
            test["label"], test[column], sample_weight=test["weight"]
        )
        shown = np.unique(np.linspace(0, len(true_positive) - 1, MOST_POINTS).round().astype(int))
        parts.append(
            pd.DataFrame(
                {
                    "panel": column,
                    "false_positive_rate": false_positive[shown],
                    "true_positive_rate": true_positive[shown],
                    "auc": auc(false_positive, true_positive),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw one panel a target."""
    with paper_style():
        fig, _ = draw_panels(table, study, draw_roc)
    return fig


def draw_roc(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw one ROC curve into an axes."""
    ax.plot(
        rows["false_positive_rate"],
        rows["true_positive_rate"],
        color=LINE_COLORS[1],
        label=f"AUC = {rows['auc'].iloc[0]:.3f}",
    )
    ax.plot([0, 1], [0, 1], color="grey", ls="--", lw=0.8)
    ax.set(xlim=(0, 1), ylim=(0, 1.02))
    ax.set_xlabel("False positive rate", loc="center")
    ax.set_ylabel("True positive rate", loc="center")
    ax.legend(loc="lower right")
