"""Two features of both classes as contours, with the cuts of networks as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..kinds import FigureSettings
from .style import (
    COLORS,
    LABELS,
    LINE_COLORS,
    add_title,
    class_name,
    drawn_range,
    label_plane,
    new_figure,
    paper_style,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs

#: Number of bins along each feature, and heights of the contours relative to the highest density.
N_BINS = 80
LEVELS = [0.1, 0.3, 0.5, 0.7, 0.9]


class Settings(FigureSettings):
    """Two features of both classes as contours, with the cuts of networks as lines."""

    files = ("features", "cuts")
    takes_folds = True
    n_networks = range(1, 6)
    needs = frozenset({"cuts", "one_bin"})
    n_features = 2

    plot: Literal["cuts_on_plane"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the bins of both classes and the cuts.

    Returns
    -------
    DataFrame
        Rows of the ``kind`` signal or background: smoothed density of training events at the centre ``x``,
        ``y`` of a bin. Rows of the kind cut: cut of the network ``name`` on ``feature``, in ``x`` or ``y``;
        of folds the mean, and its standard deviation over them, ``spread``.

    Raises
    ------
    ValueError
        If the study does not have two features.
    """
    import pandas as pd

    from ..data.cut_table import over_folds
    from ..data.feature_table import in_training

    names = inputs.study.feature_names
    if len(names) != 2:
        raise ValueError(f"contours are drawn in two features, the study has {len(names)}")
    events = inputs.read("features")
    events = events[in_training(events)]
    edges = [
        np.linspace(low, high, N_BINS + 1)
        for low, high in (drawn_range(feature, events[feature.name]) for feature in inputs.study.features)
    ]
    middles = [(axis[1:] + axis[:-1]) / 2 for axis in edges]
    x, y = (grid.ravel() for grid in np.meshgrid(*middles, indexing="ij"))
    parts = []
    for label, of_class in events.groupby("label"):
        density = _smooth_density(of_class[names].to_numpy(dtype=float), edges)
        parts.append(
            pd.DataFrame({"x": x, "y": y, "density": density.ravel()}).assign(kind=class_name(int(label)))
        )
    for position, network in enumerate(inputs.networks):
        for _, row in over_folds(inputs.read("cuts", position)).iterrows():
            axis = "x" if row["feature"] == names[0] else "y"
            shown = {"kind": "cut", "name": network, "feature": row["feature"], axis: row["cut"]}
            if "cut_spread" in row:
                shown["spread"] = row["cut_spread"]
            parts.append(pd.DataFrame([shown]))
    return pd.concat(parts, ignore_index=True)


def _smooth_density(values: NDArray[np.float64], edges: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return a histogram smoothed by Scott's width as density estimate, shape (n_bins, n_bins)."""
    from scipy.ndimage import gaussian_filter

    density, _, _ = np.histogram2d(values[:, 0], values[:, 1], bins=edges, density=True)
    steps = np.array([axis[1] - axis[0] for axis in edges])
    widths = values.std(axis=0) * len(values) ** (-1 / 6) / steps
    smooth: NDArray[np.float64] = gaussian_filter(density, widths)
    return smooth


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw contours of equal density for each class, and two lines for each network."""
    from matplotlib.lines import Line2D

    with paper_style():
        fig = new_figure(5.2, 5.4)
        ax = fig.subplots()
        handles = []
        for kind in ("background", "signal"):
            grid = table[table["kind"] == kind].pivot(index="y", columns="x", values="density")
            levels = np.array(LEVELS) * grid.to_numpy().max()
            style = "solid" if kind == "signal" else "dashed"
            ax.contour(
                grid.columns,
                grid.index,
                grid,
                levels=levels,
                colors=COLORS[kind],
                linestyles=style,
                linewidths=1.0,
            )
            handles.append(Line2D([], [], color=COLORS[kind], ls=style, lw=1.0, label=LABELS[kind]))
        of_networks = table[table["kind"] == "cut"].groupby("name", sort=False)
        colors = ["black", *LINE_COLORS[1:]]
        for number, (color, (name, rows)) in enumerate(zip(colors, of_networks, strict=False)):
            line: dict[str, Any] = {"color": color, "lw": 1.8, "ls": ["-", "--", "-.", ":"][number % 4]}
            for axis, draw, draw_span in (("x", ax.axvline, ax.axvspan), ("y", ax.axhline, ax.axhspan)):
                for row in rows.dropna(subset=[axis]).to_dict("records"):
                    at, spread = row[axis], row.get("spread", float("nan"))
                    draw(at, **line)
                    if not np.isnan(spread):
                        draw_span(at - spread, at + spread, color=color, alpha=0.2, lw=0)
            handles.append(Line2D([], [], label=str(name), **line))
        label_plane(ax, study, ranges=False)
        fig.legend(handles=handles, loc="outside upper right", ncols=2, frameon=False)
        add_title(fig, study)
    return fig
