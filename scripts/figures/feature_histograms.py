"""Histograms of the features, with cuts as lines if there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .style import (
    LABELS,
    add_title,
    class_name,
    columns_of,
    densities,
    drawn_range,
    fill_histogram,
    log_limits,
    panel_grid,
    paper_style,
    shared_legend,
    with_unit,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..study import Study

#: Dotted for "less than", dashed for "greater than", as in the paper.
CUT_STYLES = {"<": ":", ">": "--"}


def tabulate_histograms(
    events: pd.DataFrame, study: Study, bins: int, *, scaled: bool, data: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return histograms of all events, normalised to unit area.

    Parameters
    ----------
    events : DataFrame
        The feature table of the study.
    study : Study
    bins : int
        Number of bins for each feature.
    scaled : bool
        Whether to use scaled units instead of the units of the features.
    data : DataFrame, optional
        Events of data, in the bins of the others.

    Returns
    -------
    DataFrame
        ``feature``, ``class``, ``low``, ``high`` and ``density`` of each bin; of data also ``uncertainty``.
    """
    import pandas as pd

    from ..data.feature_table import fit_scaling

    means, spreads = fit_scaling(events, study.feature_names, study.scaling)
    parts = []
    for feature, mean, spread in zip(study.features, means, spreads, strict=True):
        values = events[feature.name].to_numpy(dtype=float)
        limits = np.array(drawn_range(feature, values))
        if scaled:
            values, limits = (values - mean) / spread, (limits - mean) / spread
        edges = np.linspace(limits[0], limits[1], bins + 1)
        for label, of_class in events.groupby("label", sort=True):
            density, _ = densities(values[of_class.index], of_class["weight"].to_numpy(dtype=float), edges)
            name = class_name(int(label))  # type: ignore[call-overload]
            shown = {"feature": feature.name, "class": name, "low": edges[:-1], "high": edges[1:]}
            parts.append(pd.DataFrame(shown | {"density": density}))
        if data is not None and len(data):
            values = data[feature.name].to_numpy(dtype=float)
            values = (values - mean) / spread if scaled else values
            density, error = densities(values, data["weight"].to_numpy(dtype=float), edges)
            parts.append(pd.DataFrame(shown | {"class": "data", "density": density, "uncertainty": error}))
    return pd.concat(parts, ignore_index=True)


def draw_histograms(table: pd.DataFrame, study: Study, *, scaled: bool) -> Figure:
    """Draw one panel for each feature; rows with a ``cut`` are drawn as vertical lines."""
    with paper_style():
        fig, axes = panel_grid(len(study.features))
        colors = _colors_of_targets(table)
        for ax, feature in zip(axes, study.features, strict=True):
            rows = table[table["feature"] == feature.name]
            for name in ("background", "signal"):
                bins = rows[rows["class"] == name]
                fill_histogram(ax, bins, name, LABELS[name])
            _draw_data(ax, rows[(rows["class"] == "data") & (rows["density"] > 0)])
            unit = "" if scaled else feature.unit
            edges = rows[["low", "high"]]
            if "cut" in table.columns:
                _draw_cuts(ax, rows.dropna(subset=["cut"]), unit, colors)
                edges = rows[["low", "high", "cut"]]  # a loose cut can lie outside the range of all events
            label = f"{feature.label} (scaled)" if scaled else feature.label
            ax.set_xlabel(with_unit(label, unit), loc="center")
            ax.set_yscale("log")
            ax.set_ylim(*log_limits(rows["density"].to_numpy(dtype=float)))
            ax.set_xlim(edges.min().min(), edges.max().max())
        for ax in axes[:: columns_of(len(axes))]:
            ax.set_ylabel("Events (unit area)", loc="center")
        # Idle cuts are missing in some panels, so that none may have all targets. Directions differ between
        # panels: a line in the legend shows only the target.
        for target, color in colors.items() if len(colors) > 1 else ():
            axes[0].plot([], [], color=color, label=_target_text(table, target))
        # With data and cuts the entries are too many for one line.
        shared_legend(fig, axes[0], columns=3 if (table["class"] == "data").any() else 6)
        add_title(fig, study)
    return fig


def _draw_data(ax: Axes, bins: pd.DataFrame) -> None:
    if len(bins):
        middles = (bins["low"] + bins["high"]) / 2
        ax.errorbar(
            middles,
            bins["density"],
            bins["uncertainty"],
            fmt="o",
            ms=2.0,
            lw=0.7,
            color="black",
            label="Data",
        )


def _colors_of_targets(table: pd.DataFrame) -> dict[float, Any]:
    """Return the color of each target with a cut, the same in all panels; black for a single one."""
    import matplotlib

    if "cut" not in table:
        return {}
    targets = np.unique(table.loc[table["cut"].notna(), "target_efficiency"].to_numpy(dtype=float))
    if len(targets) <= 1:
        return dict.fromkeys(targets.tolist(), "black")
    colors = matplotlib.colormaps["viridis"](np.linspace(0, 0.95, len(targets)))
    return dict(zip(targets.tolist(), colors, strict=True))


def _target_text(table: pd.DataFrame, efficiency: float) -> str:
    if "target_of" not in table:
        return f"Target {100 * efficiency:g} %"
    row = table[table["target_efficiency"] == efficiency].iloc[0]
    asked = f"{row['target']:g}" if row["target_of"] == "rate" else f"{100 * row['target']:g} %"
    return f"Target {asked} ({row['target_of']})"


def _draw_cuts(ax: Axes, cuts: pd.DataFrame, unit: str, colors: dict[float, Any]) -> None:
    several = len(colors) > 1
    for cut in cuts.sort_values("target_efficiency").itertuples():
        color, style = colors.get(cut.target_efficiency, "black"), CUT_STYLES[cut.direction]
        ax.axvline(cut.cut, color=color, ls=style, lw=1.0 if several else 1.4)
        if not np.isnan(spread := getattr(cut, "spread", float("nan"))):  # over the folds
            ax.axvspan(cut.cut - spread, cut.cut + spread, color=color, alpha=0.2, lw=0)
    if len(cuts) == 1:
        (only,) = cuts.itertuples()
        ax.set_title(with_unit(f"keeps {only.direction} {only.cut:.2f}", unit), fontsize=8)
