"""The style of all figures: mplhep's style at the size of a printed page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from cabin_core.feature_spread import far_values

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..columns import Column, Feature
    from ..study import Study

#: Room for an entry of a legend, and for a title beside it [inch].
ENTRY_WIDTH, TITLE_WIDTH = 1.4, 2.2
#: Distinct in grey and for colour-blind readers; signal is red and background blue as in the paper.
COLORS = {"signal": "#c91f16", "background": "#3f72b5"}
LABELS = {"signal": "Signal", "background": "Background"}
HATCHES = {"signal": "////", "background": ""}
#: Colors of networks, in the order of drawing.
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
STARS = ["*", "P", "X", "D", "v", "o", "s"]
LINE_COLORS = ["#3f90da", "#e76300", "#717581", "#832db6", "#b9ac70", "#94a4a2", "#a96b59"]

SIZES: dict[str, Any] = {
    "font.size": 11,
    "axes.labelsize": 11,
    "axes.titlesize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.title_fontsize": 9,
    "axes.linewidth": 0.8,
    "lines.linewidth": 1.4,
    "lines.markersize": 4,
    "xtick.major.size": 5,
    "xtick.minor.size": 2.5,
    "ytick.major.size": 5,
    "ytick.minor.size": 2.5,
    "xtick.major.pad": 4,
    "xtick.minor.pad": 4,
    "xtick.major.width": 0.8,
    "ytick.major.width": 0.8,
    "xtick.minor.width": 0.6,
    "ytick.minor.width": 0.6,
    "hatch.linewidth": 0.4,
    # No creation date and no random ids, so that files are reproducible.
    "svg.hashsalt": "cabin",
    "pdf.fonttype": 42,
}


def style_sheets() -> list[dict[str, Any]]:
    """Return the styles for :func:`matplotlib.style.context`."""
    import mplhep

    return [mplhep.style.ROOT, SIZES]


@contextmanager
def paper_style() -> Iterator[None]:
    """Apply the style inside a ``with`` block; afterwards matplotlib's settings are restored.

    Fonts and ticks are determined when a figure is drawn, so save it inside the block too.
    """
    import matplotlib.style

    with matplotlib.style.context(style_sheets()):
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size [inch], which pyplot does not know."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def add_title(fig: Figure, study: Study) -> None:
    """Write the title of the study above a figure."""
    fig.suptitle(study.title, fontsize=9, x=0.01, ha="left")


def columns_of(n_panels: int) -> int:
    """Return the number of columns for two rows of panels, or for one row of up to three panels."""
    return n_panels if n_panels <= 3 else -(-n_panels // 2)


def panel_grid(
    n_panels: int, *, panel_size: tuple[float, float] = (2.4, 2.1), **subplots: Any
) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels in two rows, or in one row for up to three panels.

    Parameters
    ----------
    n_panels : int
    panel_size : tuple of float
        Width and height of a panel [inch].
    **subplots
        Passed on to :meth:`matplotlib.figure.Figure.subplots`.

    Returns
    -------
    tuple of Figure and list of Axes
        One axes for each panel; a remaining place in the grid stays empty.
    """
    n_columns = columns_of(n_panels)
    n_rows = -(-n_panels // n_columns)
    # A single panel is drawn larger.
    scale = 1.9 if n_panels == 1 else 1.0
    fig = new_figure(scale * panel_size[0] * n_columns, scale * panel_size[1] * n_rows + 0.5)
    axes = fig.subplots(n_rows, n_columns, squeeze=False, **subplots).ravel()
    for ax in axes[n_panels:]:
        ax.remove()
    return fig, list(axes[:n_panels])


def label_outer_panels(axes: list[Axes]) -> None:
    """Keep only the labels at the left and below the lowest panel of each column."""
    n_columns = columns_of(len(axes))
    for position, ax in enumerate(axes):
        label = ax.get_xlabel()
        ax.label_outer()
        if position + n_columns >= len(axes):
            ax.set_xlabel(label, loc="center")
            ax.tick_params(axis="x", labelbottom=True)


def shared_legend(fig: Figure, ax: Axes, *, columns: int = 6) -> None:
    """Put one legend for all panels above them, with the entries of ``ax``, in lines that fit."""
    handles, labels = ax.get_legend_handles_labels()
    columns, width = min(columns, len(labels)), fig.get_figwidth()
    if columns * ENTRY_WIDTH > width:
        columns = max(2, int((width - TITLE_WIDTH) / ENTRY_WIDTH))
    fig.legend(handles, labels, loc="outside upper right", ncols=columns, frameon=False)


def draw_band(
    ax: Axes, x: pd.Series, middle: pd.Series, spread: pd.Series, color: str | tuple[float, ...]
) -> None:
    """Draw a band of one standard deviation, over the folds for example, around a curve."""
    known = spread.notna()
    low, high = middle[known] - spread[known], middle[known] + spread[known]
    ax.fill_between(x[known], low, high, color=color, alpha=0.2, lw=0)


def points_style(n_points: int, stars: Iterator[str], star_size: float) -> dict[str, Any]:
    """Return the style of a line with dots for several working points, of a star for a single one."""
    if n_points > 1:
        return {"marker": "o", "ls": "-"}
    return {"marker": next(stars), "ls": "", "ms": star_size, "mec": "black", "mew": 0.5}


def with_unit(label: str, unit: str) -> str:
    """Return an axis label, with the unit in brackets if there is one."""
    return f"{label} [{unit}]" if unit else label


def label_of(column: Column) -> str:
    """Return the axis label of a feature or property."""
    return with_unit(column.label, column.unit)


def drawn_range(feature: Feature, values: pd.Series | np.ndarray[Any, Any]) -> list[float]:
    """Return the drawn range of a feature; else that of all values that are not absurdly far out."""
    if feature.range:
        return feature.range
    columns = np.asarray(values, dtype=float)[:, None]
    near = np.delete(columns, far_values(columns)[0])
    return [near.min(), near.max()]


def label_plane(ax: Axes, study: Study, *, ranges: bool = True) -> None:
    """Label both axes of a plane of two features, and set their ranges if the study gives them."""
    for axis, feature in zip("xy", study.features, strict=True):
        ax.set(**{f"{axis}label": label_of(feature)})
        if ranges and feature.range:
            ax.set(**{f"{axis}lim": feature.range})


def class_name(label: int) -> str:
    """Return ``signal`` for 1 and ``background`` for 0."""
    return "signal" if label == 1 else "background"


def densities(
    values: np.ndarray[Any, Any], weights: np.ndarray[Any, Any], edges: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return a histogram of unit area over ``edges`` and its statistical uncertainty.

    The normalisation includes events outside the edges.
    """
    norm = weights.sum() * np.diff(edges)
    sums, _ = np.histogram(values, bins=edges, weights=weights)
    squares, _ = np.histogram(values, bins=edges, weights=weights**2)
    return sums / norm, np.sqrt(squares) / norm


def log_limits(values: np.ndarray[Any, Any], *, headroom: float = 3.0) -> tuple[float, float]:
    """Return limits of a log axis that contain all positive values."""
    positive = values[values > 0]
    if not len(positive):
        return 0.1, 1.0
    return 0.5 * float(positive.min()), headroom * float(positive.max())


def fill_histogram(ax: Axes, bins: pd.DataFrame, name: str, label: str) -> None:
    """Draw a filled histogram of one class, from rows with ``low``, ``high`` and ``density``."""
    import mplhep

    mplhep.histplot(
        bins["density"].to_numpy(),
        np.append(bins["low"], bins["high"].iloc[-1]),
        ax=ax,
        histtype="fill",
        facecolor=COLORS[name],
        edgecolor=COLORS[name],
        alpha=0.5,
        hatch=HATCHES[name],
        label=label,
    )
