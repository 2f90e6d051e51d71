"""What cuts that follow a property do in each of its bins, with exact efficiencies of a toy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scripts.figures.inputs import FigureInputs
from scripts.figures.style import LINE_COLORS, MARKERS, paper_style, shared_legend, with_unit
from scripts.sources.property_optimum import compare_bins


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return ``network`` and the columns of :func:`~scripts.sources.property_optimum.compare_bins` at the target.

    Raises
    ------
    ValueError
        If a network has no cuts at the target.
    """
    optimum, events = inputs.read("bin_optimum"), inputs.read("features")
    parts = []
    for position, name in enumerate(inputs.networks):
        table = compare_bins(inputs.read("cuts", position), optimum, inputs.study, events)
        at = table[np.isclose(table["target_efficiency"], inputs.options["target"])]
        if at.empty:
            raise ValueError(f"{name} has no cuts at the target {inputs.options['target']:g}")
        parts.append(at.assign(network=name))
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw the signal efficiency of every bin, and below it the background over that of the best cuts."""
    (followed,) = [one for one in study["properties"] if one["name"] == study["bin_optimum"]["name"]]
    target = options["target"]
    with paper_style():
        fig = Figure(figsize=(6, 5.5), layout="constrained")
        top, bottom = fig.subplots(2, sharex=True, height_ratios=[3, 2])
        networks = list(table.groupby("network", sort=False))
        bins = networks[0][1]
        edges = np.append(bins["property_low"], bins["property_high"].iloc[-1])
        low, high = target - bins["uncertainty"], target + bins["uncertainty"]
        top.stairs(
            high,
            edges,
            baseline=low,
            fill=True,
            color="0.85",
            label=f"Target {target:g}, training statistics",
        )
        top.axhline(target, color="black", lw=0.8)
        for number, (name, rows) in enumerate(networks):
            # Side by side within a bin.
            share = (number + 1) / (len(networks) + 1)
            at = rows["property_low"] + share * (rows["property_high"] - rows["property_low"])
            style = {"color": LINE_COLORS[number], "marker": MARKERS[number], "ls": "", "label": name}
            top.plot(at, rows["signal_efficiency"], **style)
            bottom.plot(at, rows["over_optimum"], **style)
        bottom.axhline(1.0, color="black", lw=0.8)
        top.set_ylabel("Signal efficiency, exact")
        bottom.set_ylabel("Background over best", loc="center")
        bottom.set_xlabel(with_unit(followed["label"], followed["unit"]))
        bottom.set_xlim(edges[0], edges[-1])
        bottom.set_ylim(0, None)
        shared_legend(fig, top, columns=2)
        fig.suptitle(study["title"], fontsize=9, x=0.01, ha="left")
    return fig
