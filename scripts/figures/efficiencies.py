"""Efficiencies against the target (Figures 14 and 20)."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from scripts.figures.inputs import FigureInputs
from scripts.figures.style import COLORS, LABELS, paper_style


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return the efficiencies of the test sample by increasing target, hard cuts and mean scores.

    Raises
    ------
    ValueError
        If the network has no targets.
    """
    metrics = inputs.read("metrics")
    if metrics["target_efficiency"].isna().any():
        raise ValueError(f"network {inputs.networks[0]} has no targets: name a scan network")
    columns = [name for name in metrics if "efficiency" in name]
    return metrics[columns].sort_values("target_efficiency", ignore_index=True)


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw signal and background efficiency, of the hard cuts and as the loss sees them."""
    target = table["target_efficiency"]
    with paper_style():
        fig = Figure(figsize=(5, 4.2), layout="constrained")
        ax = fig.subplots()
        ax.plot([0, 1], [0, 1], color="grey", ls=":", lw=1, label="Target met")
        for name, marker in (("signal", "o"), ("background", "s")):
            ax.errorbar(
                target,
                table[f"{name}_efficiency"],
                table[f"{name}_efficiency_uncertainty"],
                fmt=marker,
                color=COLORS[name],
                label=f"{LABELS[name]}, hard cuts",
            )
            ax.plot(
                target,
                table[f"loss_{name}_efficiency"],
                color=COLORS[name],
                ls="--" if name == "signal" else "-.",
                label=f"{LABELS[name]}, in the loss",
            )
        ax.grid(alpha=0.4)
        ax.set(xlim=(0, 1), ylim=(-0.02, 1.02), xlabel="Target signal efficiency", ylabel="Efficiency")
        ax.legend(loc="upper left")
        fig.suptitle(study["title"], fontsize=9, x=0.01, ha="left")
    return fig
