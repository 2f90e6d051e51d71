"""The Lovász Z loss of one signal and one background event, for each error (Fig 3 of arXiv:2412.09500)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from cabin_core.lovasz import ERRORS, event_yields, weighted_lovasz_z
from scripts.figures.inputs import FigureInputs
from scripts.figures.style import panel_grid, paper_style

#: Points along each axis.
N_POINTS = 41
#: The hinge error takes the raw output; the others take a probability, and are infinite at 0 or 1.
HINGE_RANGE, PROBABILITY_RANGE = (-2.0, 2.0), (0.005, 0.995)
TITLES = {"hinge": "Hinge", "sigmoid": "Sigmoid", "cross_entropy": "Cross-entropy", "focal": "Focal"}


def landscape(error: str, options: dict[str, Any]) -> pd.DataFrame:
    """Return the loss at each pair of outputs.

    Parameters
    ----------
    error : str
    options : dict
        ``cross_sections`` of signal and background [fb], ``luminosity`` [fb^-1], ``epsilon`` [events].

    Returns
    -------
    DataFrame
        ``error``, ``x`` and ``y`` (output for the signal and for the background event) and ``loss``.
    """
    axis = np.linspace(*(HINGE_RANGE if error == "hinge" else PROBABILITY_RANGE), N_POINTS)
    x, y = (grid.ravel() for grid in np.meshgrid(axis, axis))
    outputs = torch.from_numpy(np.stack([x, y], axis=1))
    logits = outputs if error == "hinge" else torch.logit(outputs)
    is_signal = torch.tensor([True, False])
    weights = event_yields(is_signal, torch.tensor([0, 1]), options["cross_sections"], options["luminosity"])
    loss = weighted_lovasz_z(ERRORS[error](logits, is_signal), is_signal, weights, options["epsilon"])
    return pd.DataFrame({"error": error, "x": x, "y": y, "loss": loss.numpy()})


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return the landscapes of all errors."""
    parts = [landscape(error, inputs.options) for error in inputs.options["errors"]]
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw one panel an error, with lines of equal loss and a star where it is smallest."""
    with paper_style():
        panels = list(dict.fromkeys(table["error"]))
        fig, axes = panel_grid(len(panels), panel_size=(3.0, 2.6))
        for ax, error in zip(axes, panels, strict=True):
            grid = table[table["error"] == error].pivot(index="y", columns="x", values="loss")
            drawn = ax.contourf(grid.columns, grid.index, grid, levels=14, cmap="viridis")
            ax.contour(grid.columns, grid.index, grid, levels=14, colors="white", linewidths=0.4)
            fig.colorbar(drawn, ax=ax, label="Loss")
            # The middle of them, where the loss is 0 in a whole corner.
            of_error = table[table["error"] == error]
            least = of_error.loc[of_error["loss"] == of_error["loss"].min(), ["x", "y"]].mean()
            ax.plot(least["x"], least["y"], marker="*", ms=11, color="white", mec="black", clip_on=False)
            kind = "raw output" if error == "hinge" else "probability"
            ax.set_title(TITLES[error])
            ax.set_xlabel(f"$F$ of signal ({kind})", loc="center", fontsize=9)
            ax.set_ylabel("$F$ of background", loc="center", fontsize=9)
    return fig
