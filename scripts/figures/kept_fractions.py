"""Quality of cuts and a network behind them against the kept fraction of the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import FigureSettings
from .style import LINE_COLORS, MARKERS, add_title, new_figure, paper_style, shared_legend

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs

#: Axis label of each panel.
PANELS = {
    "kept_signal": "Signal efficiency of the cuts",
    "auc": "AUC of cuts and network",
    "cross_entropy": "Cross-entropy of cuts and network",
    "significance": "Significance",
}


class Settings(FigureSettings):
    """Shows the analysis of the same name."""

    files = ("kept_fractions",)
    standard = "study"
    standard_caption = (
        "Cuts as a preselection in front of a network, against the fraction of the background that they "
        "keep: trained together, cuts first and the network then, and a network alone that keeps events by "
        "its own score; mean and spread of the seeds."
    )

    plot: Literal["kept_fractions"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``mean`` and ``spread`` over the seeds of each ``strategy``, ``fraction`` and ``quantity``."""
    scan = inputs.read("kept_fractions").dropna(axis="columns", how="all")
    rows = scan.melt(["strategy", "seed", "fraction"], [name for name in PANELS if name in scan], "quantity")
    grouped = rows.groupby(["strategy", "fraction", "quantity"], sort=False)["value"]
    # A single seed has no spread.
    return grouped.agg(
        mean="mean", spread=lambda values: values.std() if len(values) > 1 else 0.0
    ).reset_index()


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw each quantity against the kept fraction, with the spread of the seeds as bars."""
    quantities = [name for name in PANELS if name in set(table["quantity"])]
    n_rows = (len(quantities) + 1) // 2
    with paper_style():
        fig = new_figure(7.5, 2.8 * n_rows)
        panels = iter(fig.subplots(n_rows, 2, sharex=True, squeeze=False).flat)
        for quantity in quantities:
            panel = next(panels)
            rows = table[table["quantity"] == quantity]
            strategies = list(rows.groupby("strategy", sort=False))
            for number, (strategy, points) in enumerate(strategies):
                # Strategies are drawn side by side, so that their bars do not overlap.
                shift = 1.06 ** (number - (len(strategies) - 1) / 2)
                panel.errorbar(
                    points["fraction"] * shift,
                    points["mean"],
                    points["spread"],
                    color=LINE_COLORS[number],
                    marker=MARKERS[number],
                    ms=4,
                    lw=1.0,
                    capsize=2,
                    label=strategy.capitalize(),
                )
            panel.set_xscale("log")
            panel.set_ylabel(PANELS[quantity], loc="center")
        for panel in panels:
            panel.set_visible(False)
        for panel in fig.axes[len(quantities) - 2 : len(quantities)]:
            panel.tick_params(labelbottom=True)
            panel.set_xlabel("Fraction of the background kept by the cuts", loc="center")
        shared_legend(fig, fig.axes[0], columns=3)
        add_title(fig, study)
    return fig
