"""Losses as a function of two cuts, as contours for each cut function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ...kinds import FigureSettings
from ..style import add_title, panel_grid, paper_style
from .scanned_study import FUNCTIONS, TITLES, sample_of_study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs

#: Number of points along each axis.
AXIS = np.linspace(-5.0, 5.0, 31)
DRAWN = ("erf", "sigmoid")
MARKERS: dict[str, dict[str, Any]] = {"value": {"marker": "*", "ms": 11}, "sum": {"marker": "X", "ms": 7}}


class Settings(FigureSettings):
    """Losses as a function of two cuts."""

    files = ("features",)
    n_features = 2

    plot: Literal["cut_surfaces"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``function``, ``loss``, the cuts ``x`` and ``y``, and two values.

    Returns
    -------
    DataFrame
        ``value`` is the loss for the product of both cuts' weights; ``sum`` is the sum of the losses of each
        cut alone, which the notebook draws.
    """
    import pandas as pd

    from ...evaluation.cut_function_scan import scan_surface

    sample = sample_of_study(inputs, 2)
    return pd.concat([scan_surface(function, AXIS, sample) for function in DRAWN], ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw filled contours of the product, with stars at the minima: functions in rows, losses in columns."""
    with paper_style():
        fig, axes = panel_grid(len(DRAWN) * len(TITLES), panel_size=(2.7, 2.3), sharex=True, sharey=True)
        panels = [(function, loss) for function in DRAWN for loss in TITLES]
        for ax, (function, loss) in zip(axes, panels, strict=True):
            rows = table[(table["function"] == function) & (table["loss"] == loss)]
            grid = rows.pivot(index="y", columns="x", values="value")
            drawn = ax.contourf(grid.columns, grid.index, grid, levels=14, cmap="viridis")
            ax.contour(grid.columns, grid.index, grid, levels=14, colors="white", linewidths=0.4)
            fig.colorbar(drawn, ax=ax)
            for column, style in MARKERS.items():
                best = rows[column].idxmax() if loss == "significance" else rows[column].idxmin()
                label = "best, both cuts" if column == "value" else "best, each cut alone"
                ax.plot(
                    rows["x"][best], rows["y"][best], color="white", mec="black", ls="", label=label, **style
                )
            ax.set_title(f"{TITLES[loss]}, {FUNCTIONS[function].lower()}")
        for ax in axes[len(TITLES) :]:
            ax.set_xlabel("Cut on $x_{1}$", loc="center")
        for ax in axes[:: len(TITLES)]:
            ax.set_ylabel("Cut on $x_{2}$", loc="center")
        handles, labels = axes[0].get_legend_handles_labels()
        add_title(fig, study)
        fig.legend(handles, labels, loc="outside upper right", ncols=2, frameon=False)
    return fig
