"""The figure of the proofs: background of the best cuts found, and the bound on any, against time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..figures.style import MARKERS, panel_grid, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Least bound that is drawn, as a fraction of the background.
LEAST = 0.8


def make_figure(progress: pd.DataFrame) -> Figure:
    """Draw a panel for each case, in which the bounds of all targets rise to the background."""
    with paper_style():
        cases = list(progress.groupby("case", sort=False))
        fig, axes = panel_grid(max(1, len(cases)), panel_size=(3.2, 3.0))
        for ax, (name, of_case) in zip(axes, cases, strict=False):
            _draw_case(ax, of_case)
            ax.set_title(str(name).replace("_", " "), loc="left")
    return fig


def _draw_case(ax: Axes, of_case: pd.DataFrame) -> None:
    import matplotlib as mpl

    targets = sorted(of_case["target"].unique())
    # In their order from dark to light, without the lightest.
    colors = mpl.colormaps["viridis"]([0.85 * at / max(1, len(targets) - 1) for at in range(len(targets))])
    for at, (target, points) in enumerate(of_case.groupby("target")):
        least = points["background_efficiency"].iloc[-1]
        style = {"color": colors[at], "markevery": [-1]}
        ax.plot(
            points["seconds"],
            points["background_bound"] / least,
            marker=MARKERS[at % len(MARKERS)],
            label=f"{target:g}",
            **style,
        )
        ax.plot(points["seconds"], points["background_efficiency"] / least, ls=":", color=colors[at])
    ax.set(xscale="log", ylim=(LEAST, 1.0 + 0.1 * (1.0 - LEAST)))
    ax.set_xlabel("Search and proof [s]", loc="center")
    ax.set_ylabel("Bound over background", loc="center")
    ax.legend(title="Target", loc="lower right", ncols=1 if len(targets) <= 5 else 2)
