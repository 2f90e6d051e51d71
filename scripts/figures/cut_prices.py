"""The price of each cut, and what is left by the best cuts on few features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ..kinds import FigureSettings
from .style import LINE_COLORS, MARKERS, add_title, new_figure, paper_style, shared_legend

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs

#: Ratios are drawn on a log axis where the largest is above this.
LINEAR_TO = 4.0


class Settings(FigureSettings):
    """Shows the analysis of the same name."""

    files = ("cut_prices",)
    standard = "study"
    standard_caption = (
        "Background of the best cuts without a feature over that of the best cuts on all of them, at the "
        "same signal (left), and of the best cuts on each number of features (right): on the training sample "
        "(filled) and on the test sample (open, with its uncertainty). A band is what is proven of a ratio, "
        "where that is not closed."
    )

    plot: Literal["cut_prices"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the ratios of both samples for each feature left out and each number of features."""
    table = inputs.read("cut_prices")
    shown = ["target_efficiency", "part", "feature", "n_features", "ratio", "ratio_low", "ratio_high"]
    shown += ["proven", "test_ratio", "test_ratio_uncertainty"]
    return table.loc[np.isfinite(table["ratio"]), shown].reset_index(drop=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the price of each feature, dearest first, and the ratio against the number of features."""
    without = table[table["part"] == "without"]
    prices = without.groupby("feature")["ratio"].mean().sort_values(kind="stable")
    targets = sorted(table["target_efficiency"].unique())
    with paper_style():
        fig = new_figure(9.0, max(3.8, 1.2 + 0.4 * len(prices)))
        left, right = fig.subplots(1, 2)
        for position, target in enumerate(targets):
            style = {
                "color": LINE_COLORS[position % len(LINE_COLORS)],
                "marker": MARKERS[position % len(MARKERS)],
            }
            shift = 0.6 * ((position + 0.5) / len(targets) - 0.5)
            rows = without[without["target_efficiency"] == target]
            # The smallest target stands highest, as in the legend.
            place = prices.index.get_indexer(rows["feature"]) - shift
            left.hlines(place, *_proven(rows), color=style["color"], lw=5, alpha=0.25)
            left.plot(rows["ratio"], place, ls="", label=f"Target {target:g}", **style)
            left.errorbar(
                rows["test_ratio"],
                place,
                xerr=rows["test_ratio_uncertainty"],
                ls="",
                lw=1.0,
                mfc="none",
                **style,
            )
            rows = table[(table["target_efficiency"] == target) & (table["part"] != "without")]
            rows = rows.sort_values("n_features")
            right.fill_between(rows["n_features"], *_proven(rows), color=style["color"], alpha=0.2, lw=0)
            right.plot(rows["n_features"], rows["ratio"], **style)
            right.errorbar(
                rows["n_features"] + 0.3 * shift,
                rows["test_ratio"],
                rows["test_ratio_uncertainty"],
                ls="",
                lw=1.0,
                mfc="none",
                **style,
            )
        labels = {feature.name: feature.label for feature in study.features}
        left.set_yticks(range(len(prices)), [labels.get(name, name) for name in prices.index])
        left.tick_params(axis="y", which="minor", left=False, right=False)
        left.set_xlabel("Background without the feature / with all")
        right.set_xlabel("Number of features with cuts")
        right.set_ylabel("Background / with all features")
        right.set_xticks(sorted(table.loc[table["part"] != "without", "n_features"].unique()))
        right.tick_params(axis="x", which="minor", bottom=False, top=False)
        for ax, axis, rows in ((left, "x", without), (right, "y", table[table["part"] != "without"])):
            _scale(ax, axis, rows["ratio"].max())
        shared_legend(fig, left)
        add_title(fig, study)
    return fig


def _proven(rows: pd.DataFrame) -> list[pd.Series]:
    """Return the lowest and the highest ratio that is possible, the ratio where nothing is proven."""
    return [rows[name].fillna(rows["ratio"]) for name in ("ratio_low", "ratio_high")]


def _scale(ax: Axes, axis: str, largest: float) -> None:
    """Draw the line of equal backgrounds, on a log axis if ratios are large."""
    draw_line = ax.axvline if axis == "x" else ax.axhline
    draw_line(1.0, color="gray", lw=0.8, zorder=0)
    if largest > LINEAR_TO:
        ax.set(**{f"{axis}scale": "log"})
    ax.grid(alpha=0.3, axis="both")
