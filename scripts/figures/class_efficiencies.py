"""Efficiency of each process against the threshold on the score (Fig 2c of arXiv:2412.09500)."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from scripts.data.yields import process_names
from scripts.evaluation.threshold_scan import EFFICIENCY
from scripts.figures.inputs import FigureInputs
from scripts.figures.processes import draw_published, process_styles, published_points, scan_of
from scripts.figures.style import class_name, paper_style


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return ``kind`` (class of the process, or published), ``name`` of the process, ``x`` and ``y``."""
    scan, events = scan_of(inputs), inputs.read("features")
    labels = dict(zip(process_names(events), events["label"], strict=True))
    parts = [
        pd.DataFrame(
            {
                "kind": class_name(label),
                "name": name,
                "x": scan["threshold"],
                "y": scan[f"{EFFICIENCY}{name}"],
            }
        )
        for name, label in labels.items()
    ]
    return pd.concat([*parts, published_points(inputs)], ignore_index=True)


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw one curve a process."""
    curves = table[table["kind"] != "published"]
    styles = process_styles(dict(zip(curves["name"], curves["kind"], strict=True)))
    with paper_style():
        fig = Figure(figsize=(6, 4.2), layout="constrained")
        ax = fig.subplots()
        for name, rows in curves.groupby("name", sort=False):
            style = styles[str(name)]
            ax.plot(rows["x"], rows["y"], color=style["color"], ls=style["ls"], label=name)
        draw_published(ax, table, styles)
        ax.set(xlim=(0, 1), ylim=(0, 1.05), xlabel="Threshold $u$ on the score", ylabel="Efficiency")
        fig.legend(*ax.get_legend_handles_labels(), loc="outside upper right", ncols=4, frameon=False)
        ax.set_title(options["networks"][0])
        fig.suptitle(study["title"], fontsize=9, x=0.01, ha="left")
    return fig
