"""The figure of the proofs: bound on the background of any cuts over that of the best found, against time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..figures.style import MARKERS, label_outer_panels, panel_grid, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

#: Least bound that is drawn, as a fraction of the background.
LEAST = 0.8


def make_figure(progress: pd.DataFrame) -> Figure:
    """Draw a panel for each case, in which the bound of each target rises to the background."""
    import matplotlib as mpl
    from matplotlib.lines import Line2D

    targets = sorted(progress["target"].unique())
    # From dark to light in their order, without the lightest.
    colors = mpl.colormaps["viridis"]([0.85 * at / max(1, len(targets) - 1) for at in range(len(targets))])
    style = {
        target: {"color": color, "marker": MARKERS[at % len(MARKERS)]}
        for at, (target, color) in enumerate(zip(targets, colors, strict=True))
    }
    with paper_style():
        cases = list(progress.groupby("case", sort=False))
        fig, axes = panel_grid(max(1, len(cases)), panel_size=(2.7, 2.5), sharex=True, sharey=True)
        for ax, (name, of_case) in zip(axes, cases, strict=False):
            for target, points in of_case.groupby("target"):
                least = points["background_efficiency"].iloc[-1]
                # No background is its own bound.
                bound, found = (
                    (points[column] / least).fillna(1.0)
                    for column in ("background_bound", "background_efficiency")
                )
                ax.plot(points["seconds"], bound, markevery=[-1], **style[target])
                ax.plot(points["seconds"], found, ls=":", color=style[target]["color"])
            ax.set_title(str(name).replace("_", " "), loc="left")
        for ax in axes:
            ax.set(xscale="log", ylim=(LEAST, 1.0 + 0.1 * (1.0 - LEAST)))
            ax.set_xlabel("Search and proof [s]", loc="center")
            ax.set_ylabel("Bound / background", loc="center")
        label_outer_panels(axes)
        lines = [Line2D([], [], label=f"{target:g}", **style[target]) for target in targets]
        fig.legend(handles=lines, title="Target", loc="outside upper center", ncols=6, frameon=False)
    return fig
