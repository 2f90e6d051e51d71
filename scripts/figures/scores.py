"""Distributions of the scores (Figures 7, 8, 11 and 16): training sample filled, test sample as points."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.data.score_table import score_columns, target_of
from scripts.figures.inputs import FigureInputs
from scripts.figures.style import (
    COLORS,
    LABELS,
    class_name,
    densities,
    fill_histogram,
    label_outer_panels,
    log_limits,
    panel_grid,
    paper_style,
    shared_legend,
)

EDGES = np.linspace(0.0, 1.0, 21)


def panel_title(column: str) -> str:
    """Return the heading of a column of scores."""
    target = target_of(column)
    return "" if math.isnan(target) else f"Target {100 * target:g} %"


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return ``panel``, ``class``, ``split``, ``low``, ``high``, ``density``, ``uncertainty`` of each bin."""
    return tabulate_scores(inputs.read("scores"))


def tabulate_scores(events: pd.DataFrame) -> pd.DataFrame:
    """Return the histograms of unit area of a table of scores."""
    parts = []
    for column in score_columns(events.columns):
        for (split, label), rows in events.groupby(["split", "label"], sort=True):
            density, uncertainty = densities(
                rows[column].to_numpy(), rows["weight"].to_numpy(dtype=float), EDGES
            )
            parts.append(
                pd.DataFrame(
                    {
                        "panel": column,
                        "class": class_name(label),
                        "split": split,
                        "low": EDGES[:-1],
                        "high": EDGES[1:],
                        "density": density,
                        "uncertainty": uncertainty,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw one panel a target."""
    with paper_style():
        fig, axes = draw_panels(table, study, draw_scores)
        axes[0].set_ylim(*log_limits(table["density"].to_numpy(dtype=float)))
        shared_legend(fig, axes[0], columns=2 if len(axes) == 1 else 4)
    return fig


def draw_panels(
    table: pd.DataFrame, study: dict[str, Any], draw: Callable[[Axes, pd.DataFrame], None]
) -> tuple[Figure, list[Axes]]:
    """Draw the rows of each ``panel`` into an axes of its own, with common ranges and the target above."""
    panels = list(dict.fromkeys(table["panel"]))
    fig, axes = panel_grid(len(panels), sharex=True, sharey=True)
    for ax, panel in zip(axes, panels, strict=True):
        draw(ax, table[table["panel"] == panel])
        ax.set_title(panel_title(panel))
    label_outer_panels(axes)
    fig.suptitle(study["title"], fontsize=9, x=0.01, ha="left")
    return fig, axes


def draw_scores(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw the score histograms of one network into an axes."""
    for name in ("background", "signal"):
        train = rows[(rows["class"] == name) & (rows["split"] == "train")]
        test = rows[(rows["class"] == name) & (rows["split"] == "test")]
        fill_histogram(ax, train, name, f"{LABELS[name]} (training)")
        filled = test[test["density"] > 0]
        ax.errorbar(
            (filled["low"] + filled["high"]) / 2,
            filled["density"],
            filled["uncertainty"],
            fmt="o" if name == "signal" else "s",
            ms=3,
            lw=0.8,
            color=COLORS[name],
            label=f"{LABELS[name]} (test)",
        )
    ax.set_yscale("log")
    ax.set_ylim(*log_limits(rows["density"].to_numpy(dtype=float)))
    ax.set_xlim(0, 1)
    ax.set_xlabel("Score", loc="center")
    ax.set_ylabel("Events (unit area)", loc="center")
