"""Losses of one cut, and their gradients, for each cut function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ...kinds import FigureSettings
from ..style import add_title, panel_grid, paper_style
from .scanned_study import FUNCTION_COLORS, FUNCTIONS, TITLES, sample_of_study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs

CUTS = np.linspace(-4.0, 10.0, 281)
#: Its weights can be negative, so its losses cannot be compared and are not drawn.
NOT_DRAWN = ("balanced",)
#: Range of the cut in which losses are drawn.
UNITS = {"significance": 1.0, "cross_entropy": 1e4, "squares": 1e3}


class Settings(FigureSettings):
    """Losses against one cut, and below them their gradients."""

    files = ("features",)
    n_features = 1

    plot: Literal["emulated_losses"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``function``, ``cut``, each loss and its gradient, as ``LOSS_gradient``."""
    import pandas as pd

    from ...evaluation.cut_function_scan import scan_line

    sample = sample_of_study(inputs, 1)
    parts = [
        scan_line(function, CUTS, sample).assign(function=function)
        for function in FUNCTIONS
        if function not in NOT_DRAWN
    ]
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw one column for each loss: the loss with a dot at its minimum, and below it the gradient."""
    with paper_style():
        fig, axes = panel_grid(2 * len(TITLES), panel_size=(2.6, 2.2), sharex=True)
        for column, loss in enumerate(TITLES):
            value_ax, gradient_ax = axes[column], axes[column + len(TITLES)]
            unit = UNITS[loss]
            for name, rows in table.groupby("function", sort=False):
                style: dict[str, Any] = {
                    "color": FUNCTION_COLORS[str(name)],
                    "ls": "--" if name == "hard" else "-",
                }
                value_ax.plot(rows["cut"], rows[loss] / unit, label=FUNCTIONS[str(name)], **style)
                best = rows[loss].idxmax() if loss == "significance" else rows[loss].idxmin()
                value_ax.plot(rows["cut"][best], rows[loss][best] / unit, "o", color=style["color"], ms=5)
                gradient_ax.plot(rows["cut"], rows[f"{loss}_gradient"] / unit, **style)
            scale = "" if unit == 1 else f" [$10^{{{np.log10(unit):.0f}}}$]"
            value_ax.set_title(TITLES[loss])
            value_ax.set_ylabel(f"Value{scale}", loc="center")
            gradient_ax.set_ylabel(f"Gradient by the cut{scale}", loc="center")
            gradient_ax.set_xlabel("Cut $c$", loc="center")
            gradient_ax.axhline(0.0, color="grey", lw=0.6)
            value_ax.set_xlim(CUTS[0], CUTS[-1])
        handles, labels = axes[0].get_legend_handles_labels()
        fig.legend(handles, labels, loc="outside upper right", ncols=3, frameon=False)
        add_title(fig, study)
    return fig
