"""Figure 1: the step function and the logistic functions that stand in for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scripts.figures.inputs import FigureInputs
from scripts.figures.style import LINE_COLORS, paper_style

RANGE = 4.0


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return ``x``, ``step`` and one column ``sigmoid_A`` for each sharpness A."""
    x = np.linspace(-RANGE, RANGE, 801)
    table = pd.DataFrame({"x": x, "step": np.heaviside(x, 0.5)})
    for scale in inputs.options["scales"]:
        table[f"sigmoid_{scale:g}"] = 1 / (1 + np.exp(-scale * x))
    return table


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw the table of :func:`tabulate`."""
    with paper_style():
        fig = Figure(figsize=(5, 3.6), layout="constrained")
        ax = fig.subplots()
        ax.plot(table["x"], table["step"], color="black", ls="--", label="Step function")
        curves = [name for name in table.columns if name.startswith("sigmoid_")]
        for name, color, style in zip(curves, LINE_COLORS, ["-", "-.", ":", "-"] * 2, strict=False):
            scale = name.removeprefix("sigmoid_")
            factor = "" if scale == "1" else scale
            ax.plot(table["x"], table[name], color=color, ls=style, label=rf"$\sigma({factor}x)$")
        ax.set(xlabel="$x$", ylabel="Activation", xlim=(-RANGE, RANGE), ylim=(-0.05, 1.1))
        ax.legend(loc="upper left")
    return fig
