"""Significance against threshold or signal efficiency (Fig 2a and 2b of arXiv:2412.09500)."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from scripts.evaluation.threshold_scan import meets_demands
from scripts.figures.inputs import FigureInputs
from scripts.figures.processes import (
    TRUSTED_EVENTS,
    draw_published,
    network_styles,
    published_points,
    scan_of,
)
from scripts.figures.style import paper_style

LABELS = {"threshold": "Threshold $u$ on the score", "signal_efficiency": "Signal efficiency"}


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return ``kind`` (scan or published), ``name`` of a network, ``x``, ``y`` and ``background_events``."""
    parts = []
    for position, network in enumerate(inputs.networks):
        scan = scan_of(inputs, position)
        # From tight to loose, both axes rise or fall throughout.
        kept = scan[meets_demands(scan, inputs.options["demands"]) & scan["significance"].notna()]
        parts.append(
            pd.DataFrame(
                {
                    "kind": "scan",
                    "name": network,
                    "x": kept[inputs.options["against"]],
                    "y": kept["significance"],
                    "background_events": kept["background_events"],
                }
            )[::-1]
        )
    return pd.concat([*parts, published_points(inputs)], ignore_index=True)


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw a curve a network, dotted where few events are left, and its maximum before that."""
    styles = network_styles(options["networks"])
    with paper_style():
        fig = Figure(figsize=(6, 4.2), layout="constrained")
        ax = fig.subplots()
        for name, rows in table[table["kind"] == "scan"].groupby("name", sort=False):
            style = styles[str(name)]
            trusted = rows["background_events"] >= TRUSTED_EVENTS
            label = str(name)
            if trusted.any():
                best = rows.loc[rows["y"].where(trusted).idxmax()]
                label += f", {best['y']:.2f} at {best['x']:.2f}"
                ax.plot(best["x"], best["y"], marker="*", ms=11, mec="white", mew=0.6, color=style["color"])
            ax.plot(rows["x"], rows["y"].where(trusted), color=style["color"], label=label)
            ax.plot(rows["x"], rows["y"].where(~trusted), color=style["color"], ls=":", lw=1.1)
        draw_published(ax, table, styles)
        ax.set(xlim=(0, 1), xlabel=LABELS[options["against"]], ylabel="Significance $N_s/\\sqrt{N_b}$")
        ax.set_ylim(0, 1.05 * table["y"].max())
        fig.legend(*ax.get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False)
        fig.suptitle(study["title"], fontsize=9, x=0.01, ha="left")
    return fig
