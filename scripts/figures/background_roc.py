"""Signal against background efficiency, in events or by cross-section (Fig 4 of arXiv:2412.09500)."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from scripts.figures.inputs import FigureInputs
from scripts.figures.processes import draw_published, network_styles, published_points, scan_of
from scripts.figures.style import paper_style

LABELS = {
    "generated": "Background efficiency, all events alike",
    "expected": "Background efficiency, by cross-section",
}
#: Where the axis begins: below it the test sample has few events.
LEAST_BACKGROUND = 1e-3


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return ``kind`` (scan or published), ``name`` of the network, ``x`` (background) and ``y`` (signal)."""
    parts = []
    for position, network in enumerate(inputs.networks):
        scan = scan_of(inputs, position)
        parts.append(
            pd.DataFrame(
                {
                    "kind": "scan",
                    "name": network,
                    "x": scan[f"background_efficiency_{inputs.options['background']}"],
                    "y": scan["signal_efficiency"],
                }
            )
        )
    return pd.concat([*parts, published_points(inputs)], ignore_index=True)


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw one curve a network."""
    styles = network_styles(options["networks"])
    with paper_style():
        fig = Figure(figsize=(6, 4.2), layout="constrained")
        ax = fig.subplots()
        for name, rows in table[table["kind"] == "scan"].groupby("name", sort=False):
            shown = rows[rows["x"] > 0]
            ax.plot(shown["x"], shown["y"], color=styles[str(name)]["color"], label=name)
        draw_published(ax, table, styles)
        ax.set_xscale("log")
        ax.set(xlim=(LEAST_BACKGROUND, 1), ylim=(0, 1.05))
        ax.set(xlabel=LABELS[options["background"]], ylabel="Signal efficiency")
        ax.legend(loc="lower right")
        fig.suptitle(study["title"], fontsize=9, x=0.01, ha="left")
    return fig
