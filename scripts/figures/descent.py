"""The loss and the cuts of one network against the epoch."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from scripts.figures.inputs import FigureInputs
from scripts.figures.style import LINE_COLORS, panel_grid, paper_style, with_unit

PREFIX = "cut_"
MOST_DOTS = 100


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return ``epoch``, ``loss`` of the training sample and the cut on each feature, ``cut_FEATURE``.

    Raises
    ------
    ValueError
        If the history has no cuts.
    """
    history = inputs.read("history")
    columns = cut_columns(history, inputs.networks[0])
    return history[["epoch", "train_total", *columns]].rename(columns={"train_total": "loss"})


def cut_columns(history: pd.DataFrame, network: str) -> list[str]:
    """Return the columns of a history that hold cuts.

    Raises
    ------
    ValueError
        If there are none.
    """
    columns = [name for name in history if name.startswith(PREFIX)]
    if not columns:
        raise ValueError(f"the history of {network} has no cuts: its entry needs record_cuts: true")
    return columns


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw the loss at the left, the cuts at the right."""
    features = {feature["name"]: feature for feature in study["features"]}
    with paper_style():
        fig, (loss, cuts) = panel_grid(2, panel_size=(3.4, 2.6))
        # Each epoch is a dot while they can be told apart.
        style: dict[str, Any] = {"marker": "o" if len(table) <= MOST_DOTS else "", "ms": 3}
        loss.plot(table["epoch"], table["loss"], color=LINE_COLORS[0], **style)
        loss.set_ylabel("Loss", loc="center")
        for color, column in zip(LINE_COLORS, cut_columns(table, options["networks"][0]), strict=False):
            feature = features[column.removeprefix(PREFIX)]
            label = with_unit(f"Cut on {feature['label']}", feature["unit"])
            cuts.plot(table["epoch"], table[column], color=color, label=label, **style)
        cuts.set_ylabel(label if len(features) == 1 else "Cut", loc="center")
        if len(features) > 1:
            cuts.legend()
        for ax in (loss, cuts):
            ax.set_xlabel("Epoch", loc="center")
            ax.ticklabel_format(axis="y", useOffset=False)
        fig.suptitle(study["title"], fontsize=9, x=0.01, ha="left")
    return fig
