"""Histograms and ROC curves of scores, with a panel for each target."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from cabin_core.roc import roc_curve

from ..data.score_table import score_columns, target_of
from .style import (
    COLORS,
    LABELS,
    LINE_COLORS,
    add_title,
    class_name,
    densities,
    fill_histogram,
    label_outer_panels,
    log_limits,
    panel_grid,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..study import Study

EDGES = np.linspace(0.0, 1.0, 21)
#: Largest number of points of a ROC curve, which would otherwise have one point for each event.
MOST_POINTS = 300


def panel_title(column: str) -> str:
    """Return the title of the panel for a column of scores."""
    target = target_of(column)
    return "" if math.isnan(target) else f"Target {100 * target:g} %"


def tabulate_scores(events: pd.DataFrame) -> pd.DataFrame:
    """Return histograms of a table of scores, normalised to unit area."""
    import pandas as pd

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


def tabulate_roc(events: pd.DataFrame) -> pd.DataFrame:
    """Return the ROC curves of a table of scores, and the area under each curve from all its points."""
    import pandas as pd

    test = events[events["split"] == "test"]
    parts = []
    for column in score_columns(events.columns):
        false_positive, true_positive = roc_curve(
            (test["label"] == 1).to_numpy(), test[column].to_numpy(), test["weight"].to_numpy(dtype=float)
        )
        shown = np.unique(np.linspace(0, len(true_positive) - 1, MOST_POINTS).round().astype(int))
        parts.append(
            pd.DataFrame(
                {
                    "panel": column,
                    "false_positive_rate": false_positive[shown],
                    "true_positive_rate": true_positive[shown],
                    "auc": np.trapezoid(true_positive, false_positive),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def draw_panels(
    table: pd.DataFrame, study: Study, draw: Callable[[Axes, pd.DataFrame], None]
) -> tuple[Figure, list[Axes]]:
    """Draw the rows of each ``panel`` into its own axes, with common ranges and the target above."""
    panels = list(dict.fromkeys(table["panel"]))
    fig, axes = panel_grid(len(panels), sharex=True, sharey=True)
    for ax, panel in zip(axes, panels, strict=True):
        draw(ax, table[table["panel"] == panel])
        # For a given height matplotlib does not look for labels in its way, and here there are none.
        ax.set_title(panel_title(panel), y=1.0)
    label_outer_panels(axes)
    add_title(fig, study)
    return fig, axes


def draw_scores(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw the score histograms of one network into an axes."""
    for name in ("background", "signal"):
        train = rows[(rows["class"] == name) & (rows["split"] == "train")]
        test = rows[(rows["class"] == name) & (rows["split"] == "test")]
        if len(train):  # with folds all events are of the test
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
