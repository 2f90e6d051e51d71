"""The figure of the benchmarks: time and memory against size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ..figures.style import LINE_COLORS, MARKERS, new_figure, paper_style
from .pages import NAMES

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Resolution of the png [dots per inch].
DPI = 150
COLORS = dict(zip(NAMES, LINE_COLORS, strict=False))
SIGNS = dict(zip(NAMES, MARKERS, strict=False))
LABELS = {
    "events": "Training events",
    "features": "Features",
    "targets": "Target efficiencies",
    "seconds": "Time of an epoch [s]",
    "peak_memory": "Peak memory [GB]",
}


def save(drawn: Figure, pdf: Path, png: Path) -> None:
    """Save a figure in both formats."""
    with paper_style():
        drawn.savefig(pdf, metadata={"CreationDate": None})
        drawn.savefig(png, dpi=DPI)


def points(epochs: pd.DataFrame, memory: pd.DataFrame) -> pd.DataFrame:
    """Return what is drawn.

    Returns
    -------
    DataFrame
        ``panel`` (what varies, and what is drawn), ``contender``, ``threads``, ``x``, ``y`` [s or GB], and
        ``low`` and ``high`` of its spread.
    """
    base = epochs.iloc[0]
    axes = ("events", "features", "targets")
    parts = []
    for axis in axes:
        same = epochs["bce"] & (
            epochs[[a for a in axes if a != axis]] == base[[a for a in axes if a != axis]]
        ).all(axis=1)
        at = epochs[same & ((epochs["threads"] == 1) | (axis == "events"))].dropna(subset="seconds")
        parts.append(
            pd.DataFrame(
                {"panel": f"{axis}/seconds", "contender": at["contender"], "threads": at["threads"]}
                | {"x": at[axis], "y": at["seconds"], "low": at["seconds_low"], "high": at["seconds_high"]}
            )
        )
    known = memory.dropna(subset="peak_memory")
    gigabytes = known["peak_memory"] / 1e9
    parts.append(
        pd.DataFrame(
            {"panel": "events/peak_memory", "contender": known["contender"], "threads": 1}
            | {"x": known["events"], "y": gigabytes, "low": gigabytes, "high": gigabytes}
        )
    )
    return pd.concat(parts).sort_values(["panel", "contender", "threads", "x"], ignore_index=True)


def make_figure(table: pd.DataFrame) -> Figure:
    """Draw a panel for each size that varies, and one for the memory."""
    with paper_style():
        fig = new_figure(6.4, 5.4)
        panels = ("events/seconds", "events/peak_memory", "features/seconds", "targets/seconds")
        all_axes = list(fig.subplots(2, 2).ravel())
        for ax, panel in zip(all_axes, panels, strict=True):
            x, y = panel.split("/")
            for (contender, threads), line in table[table["panel"] == panel].groupby(
                ["contender", "threads"]
            ):
                _draw(ax, line, str(contender), int(threads))
            ax.set(xscale="log", yscale="log")
            ax.set_xlabel(LABELS[x], loc="center")
            ax.set_ylabel(LABELS[y], loc="center")
        handles, labels = all_axes[0].get_legend_handles_labels()
        fig.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
    return fig


def _draw(ax: Axes, line: pd.DataFrame, contender: str, threads: int) -> None:
    ax.errorbar(
        line["x"],
        line["y"],
        yerr=[line["y"] - line["low"], line["high"] - line["y"]],
        color=COLORS[contender],
        marker=SIGNS[contender],
        ls="-" if threads == 1 else "--",
        mfc=COLORS[contender] if threads == 1 else "white",
        label=NAMES[contender] + ("" if threads == 1 else f", {threads} threads"),
    )
