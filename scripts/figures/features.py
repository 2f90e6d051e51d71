"""Distributions of the features (Figures 4 and 6), with cuts where they are given (Figure 9)."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.data.feature_table import fit_scaling
from scripts.figures.inputs import FigureInputs
from scripts.figures.style import (
    LABELS,
    class_name,
    columns_of,
    densities,
    fill_histogram,
    log_limits,
    panel_grid,
    paper_style,
    shared_legend,
    with_unit,
)

#: Dotted for "less than", dashed for "greater than", as in the paper.
CUT_STYLES = {"<": ":", ">": "--"}


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return ``feature``, ``class``, ``low``, ``high``, ``density`` of each bin, in the features' units."""
    return tabulate_histograms(inputs, scaled=False)


def tabulate_histograms(inputs: FigureInputs, *, scaled: bool) -> pd.DataFrame:
    """Return the histograms of all events, of unit area, in physical or scaled units."""
    events = inputs.read("features")
    names = [feature["name"] for feature in inputs.features]
    means, spreads = fit_scaling(events, names)
    parts = []
    for feature, mean, spread in zip(inputs.features, means, spreads, strict=True):
        values = events[feature["name"]].to_numpy(dtype=float)
        limits = np.array(feature.get("range", [values.min(), values.max()]))
        if scaled:
            values, limits = (values - mean) / spread, (limits - mean) / spread
        edges = np.linspace(limits[0], limits[1], inputs.options["bins"] + 1)
        for label, of_class in events.groupby("label", sort=True):
            density, _ = densities(values[of_class.index], of_class["weight"].to_numpy(dtype=float), edges)
            parts.append(
                pd.DataFrame(
                    {
                        "feature": feature["name"],
                        "class": class_name(int(label)),  # type: ignore[call-overload]
                        "low": edges[:-1],
                        "high": edges[1:],
                        "density": density,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw one panel a feature; rows with a ``cut`` become vertical lines."""
    scaled = options.get("scaled", False)
    with paper_style():
        fig, axes = panel_grid(len(study["features"]))
        for ax, feature in zip(axes, study["features"], strict=True):
            rows = table[table["feature"] == feature["name"]]
            for name in ("background", "signal"):
                bins = rows[rows["class"] == name]
                fill_histogram(ax, bins, name, LABELS[name])
            unit = "" if scaled else feature["unit"]
            edges = rows[["low", "high"]]
            if "cut" in table.columns:
                _draw_cuts(ax, rows.dropna(subset=["cut"]), unit)
                edges = rows[["low", "high", "cut"]]  # a loose cut may lie outside of all events
            label = f"{feature['label']} (scaled)" if scaled else feature["label"]
            ax.set_xlabel(with_unit(label, unit), loc="center")
            ax.set_yscale("log")
            ax.set_ylim(*log_limits(rows["density"].to_numpy(dtype=float)))
            ax.set_xlim(edges.min().min(), edges.max().max())
        for ax in axes[:: columns_of(len(axes))]:
            ax.set_ylabel("Events (unit area)", loc="center")
        shared_legend(fig, axes[0])
        fig.suptitle(study["title"], fontsize=9, x=0.01, ha="left")
    return fig


def _draw_cuts(ax: Axes, cuts: pd.DataFrame, unit: str) -> None:
    colors = matplotlib.colormaps["viridis"](np.linspace(0, 0.95, len(cuts)))
    several = len(cuts) > 1
    for color, cut in zip(colors, cuts.sort_values("target_efficiency").itertuples(), strict=True):
        style = CUT_STYLES[cut.direction]
        ax.axvline(cut.cut, color=color if several else "black", ls=style, lw=1.0 if several else 1.4)
        if several:
            # Directions differ from panel to panel: in the legend a line stands for its target only.
            ax.plot([], [], color=color, label=f"Target {100 * cut.target_efficiency:g} %")
    if len(cuts) == 1:
        (only,) = cuts.itertuples()
        ax.set_title(with_unit(f"keeps {only.direction} {only.cut:.2f}", unit), fontsize=8)
