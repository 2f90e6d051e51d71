"""Cuts against the target efficiency (Figures 13 and 19)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from ..kinds import FigureSettings
from .style import (
    LINE_COLORS,
    STARS,
    add_title,
    draw_band,
    label_outer_panels,
    panel_grid,
    paper_style,
    points_style,
    shared_legend,
    with_unit,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs

#: Largest number of targets that are drawn with symbols.
MANY_POINTS = 20
#: Idle cuts are hollow and joined by nothing.
IDLE_STYLE: dict[str, Any] = {"ls": "", "markerfacecolor": "white"}


class Settings(FigureSettings):
    """Cuts against the target: a line for several targets, a star for a single working point."""

    files = ("cuts", "metrics")
    takes_folds = True
    n_networks = range(1, 6)
    needs = frozenset({"cuts", "one_bin"})
    standard = "networks"
    standard_caption = (
        "The cuts of {networks} against the target signal efficiency; a star is a network with a single "
        "working point."
    )

    plot: Literal["cuts"]
    scaled: bool = Field(default=False, description="Whether to show scaled units instead of physical ones")


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``network``, ``feature``, ``direction``, ``efficiency``, ``cut`` and ``idle``.

    The efficiency is the target or, without a target, the signal efficiency on the test sample. An idle cut
    is one that no training event fails alone. Of folds the cut is the mean; ``spread`` is its standard
    deviation over the folds.

    Raises
    ------
    ValueError
        If a network has no cuts.
    """
    import pandas as pd

    from ..data.cut_table import IDLE, over_folds

    column = "cut_scaled" if inputs.settings.scaled else "cut"
    parts = []
    for position, name in enumerate(inputs.networks):
        cuts, metrics = inputs.read("cuts", position), inputs.read("metrics", position)
        if cuts.empty:
            raise ValueError(f"network {name} has no cuts to draw: name one_to_one or scan networks")
        cuts = over_folds(cuts)
        shown = {
            "network": name,
            "feature": cuts["feature"],
            "direction": cuts["direction"],
            "efficiency": cuts["target_efficiency"].fillna(metrics["signal_efficiency"].iloc[0]),
            "cut": cuts[column],
            IDLE: cuts[IDLE].astype(bool) if IDLE in cuts else False,
        }
        if f"{column}_spread" in cuts:
            shown["spread"] = cuts[f"{column}_spread"]
        parts.append(pd.DataFrame(shown))
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw one panel for each feature: a line for several targets, a star for a single working point.

    Idle cuts are hollow symbols.
    """
    scaled = figure.scaled
    networks = list(table.groupby("network", sort=False))
    with paper_style():
        fig, axes = panel_grid(len(study.features), sharex=scaled, sharey=scaled)
        for ax, feature in zip(axes, study.features, strict=True):
            rows = table[table["feature"] == feature.name]
            stars = iter(STARS)
            # A network that does not cut on a feature still has its colour and its entry in the legend.
            for color, (network, of_network) in zip(LINE_COLORS, networks, strict=False):
                n_points = of_network["efficiency"].nunique()
                style = points_style(n_points, stars, 7)
                if n_points > MANY_POINTS:
                    style |= {"marker": "", "lw": 0.8}
                cuts = rows[rows["network"] == network]
                # Both edges of a window are lines with the same colour.
                for number, direction in enumerate(cuts["direction"].unique() if len(cuts) else [""]):
                    edge = cuts[cuts["direction"] == direction].sort_values("efficiency", kind="stable")
                    label = "_" if number else network
                    ax.plot(edge["efficiency"], edge["cut"], color=color, label=label, **style)
                    nothing = edge[edge["idle"]]
                    if len(nothing):
                        drawn = style | IDLE_STYLE
                        ax.plot(nothing["efficiency"], nothing["cut"], color=color, label="_", **drawn)
                    if "spread" in edge and n_points > 1:
                        draw_band(ax, edge["efficiency"], edge["cut"], edge["spread"], color)
                    elif "spread" in edge:
                        ax.errorbar(edge["efficiency"], edge["cut"], edge["spread"], color=color, ls="")
            unit = "" if scaled else feature.unit
            # If learned weights have different signs in two networks, there is no common title.
            direction = "/".join(dict.fromkeys(rows["direction"]))
            ax.set_title(f"{feature.label} {direction} cut")
            ax.set_xlim(0, 1)
            ax.set_xlabel("Target signal efficiency", loc="center", fontsize=9)
            ax.set_ylabel(with_unit("Cut (scaled)" if scaled else "Cut", unit), loc="center")
        if scaled:
            label_outer_panels(axes)
        if table["idle"].any():
            axes[0].plot([], [], color="black", marker="o", label="none: cuts nothing", **IDLE_STYLE)
        shared_legend(fig, axes[0], columns=4)
        add_title(fig, study)
    return fig
