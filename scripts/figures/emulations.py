"""What can stand for the step of a cut: weights of events, and their averages against the cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from cabin_core.cut_functions import CUT_FUNCTIONS
from scripts.evaluation.cut_function_scan import scan_line
from scripts.figures.inputs import FigureInputs
from scripts.figures.scanned_study import sample_of_study
from scripts.figures.style import (
    COLORS,
    LABELS,
    LINE_COLORS,
    class_name,
    fill_histogram,
    panel_grid,
    paper_style,
)

#: Drawn, in this order; heaviside differs from hard for an event exactly on the cut only.
FUNCTIONS = {"erf": "Error function", "sigmoid": "Sigmoid", "balanced": "Balanced", "hard": "Hard cut"}
FUNCTION_COLORS = dict(zip(FUNCTIONS, LINE_COLORS, strict=False))
CUTS = np.linspace(-12.0, 14.0, 261)
BINS = np.linspace(-14.0, 14.0, 57)
MARGINS = np.linspace(-5.0, 5.0, 401)


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return what is drawn in each ``panel``.

    Returns
    -------
    DataFrame
        ``panel``: events (``low``, ``high``, ``density`` of a ``name``d class), shape (the weight ``y`` of a
        margin ``x`` by the function ``name``) or average (the mean weight ``y`` of the events of a ``class``
        at the cut ``x``).
    """
    sample = sample_of_study(inputs, 1)
    parts = []
    for label in (1, 0):
        values = sample.features[sample.is_signal == bool(label), 0].numpy()
        counts, _ = np.histogram(values, BINS)
        parts.append(
            pd.DataFrame(
                {"low": BINS[:-1], "high": BINS[1:], "density": counts / len(values) / np.diff(BINS)}
            ).assign(panel="events", name=class_name(label))
        )
    for function in FUNCTIONS:
        weights = CUT_FUNCTIONS[function](torch.from_numpy(MARGINS)).numpy()
        parts.append(pd.DataFrame({"panel": "shape", "name": function, "x": MARGINS, "y": weights}))
        scan = scan_line(function, CUTS, sample, ())
        for of_class in ("signal", "background"):
            parts.append(
                pd.DataFrame({"x": CUTS, "y": scan[of_class]}).assign(
                    panel="average", name=function, **{"class": of_class}
                )
            )
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw the sample, the functions, and for each function the average weights of both classes."""
    with paper_style():
        fig, axes = panel_grid(2 + len(FUNCTIONS), panel_size=(2.6, 2.3))
        events, shapes, *averages = axes
        for name, bins in table[table["panel"] == "events"].groupby("name", sort=False):
            fill_histogram(events, bins, str(name), LABELS[str(name)])
        events.set(xlabel="$x$", ylabel="Share of events per unit of $x$", ylim=(0, 0.56))
        events.legend(loc="upper left")
        for name, rows in table[table["panel"] == "shape"].groupby("name", sort=False):
            line = "--" if name == "hard" else "-"
            shapes.plot(
                rows["x"], rows["y"], line, color=FUNCTION_COLORS[str(name)], label=FUNCTIONS[str(name)]
            )
        shapes.set(xlabel="$x - c$", ylabel="Weight of an event", ylim=(-1.1, 2.0))
        shapes.legend(loc="upper left", ncols=2, columnspacing=0.8, handlelength=1.4)
        of_functions = table[table["panel"] == "average"].groupby("name", sort=False)
        for ax, (function, both) in zip(averages, of_functions, strict=True):
            for name, rows in both.groupby("class", sort=False):
                line = "-" if name == "signal" else "--"
                ax.plot(rows["x"], rows["y"], line, color=COLORS[str(name)], label=LABELS[str(name)])
            ax.set(xlabel="Cut $c$", ylabel="Average weight", title=FUNCTIONS[str(function)])
            if function == "balanced":
                ax.axhline(0.0, color="grey", lw=0.6)
        averages[0].legend(loc="lower left")
        for ax in axes:
            ax.xaxis.label.set(ha="center", x=0.5)
            ax.yaxis.label.set(ha="center", y=0.5)
        fig.suptitle(study["title"], fontsize=9, x=0.01, ha="left")
    return fig
