"""Background of cuts over that of the best cuts that exist, against the target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ..kinds import FigureSettings
from .style import add_title, new_figure, paper_style, shared_legend
from .target_axis import TargetAxis, network_style

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from ..study import Study
    from .inputs import FigureInputs

#: With fewer background events left a ratio says little, and the difference in events stands beside it.
FEW_EVENTS = 50
#: Largest ratio on a linear axis.
LOGARITHMIC = 3.0
#: Of the points of one target, see :class:`TargetAxis`.
SPREAD = 0.6


class Settings(FigureSettings):
    """Shows the analysis of the same name; all of its networks where none is named."""

    files = ("certify",)
    n_networks = range(100)
    standard = "study"
    standard_caption = (
        "Background of the cuts of each network over that of the best cuts found with the same signal of the "
        "training sample, on the training sample (left) and on the test sample (right). A band reaches to "
        "the bound on the background of any cuts, where that is not closed; negative weights have none. "
        "Hollow where the best cuts leave fewer than 50 background events, with the number of events more; "
        "none where they leave none."
    )

    plot: Literal["certify"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the working points of the analysis that have a ratio."""
    table = inputs.read_analysis("certify")
    shown = ["network", "target_efficiency", "signal_efficiency", "cuts", "background", "best_background"]
    shown += ["bound", "events_left", "best_events_left", "ratio", "ratio_uncertainty", "ratio_to_bound"]
    shown += ["gap", "ended", "test_ratio", "test_ratio_uncertainty"]
    # Where neither leaves an event there is nothing to compare.
    has_ratio = table["ratio"].notna() & (table["best_events_left"] > 0)
    # Beside a row without events numbers of events are read as floats.
    whole = {"events_left": int, "best_events_left": int}
    return table.loc[has_ratio, shown].astype(whole).reset_index(drop=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the ratios of both samples, one line a network; targets are at even distances."""
    from matplotlib.ticker import LogLocator

    axis = TargetAxis(table, SPREAD)
    largest = table[["ratio", "test_ratio"]].max().max()
    # A bound far below would hide the ratios; over one of zero the band has no end, without one no height.
    top = 1.0 + 1.3 * max(0.1, largest - 1.0)
    band = table["ratio_to_bound"].fillna(2.0 * top).clip(upper=2.0 * top)
    band = band.where(table["bound"].notna(), table["ratio"])
    with paper_style():
        fig = new_figure(8.4, 3.6 + 0.2 * (len(axis.networks) // 3))
        axes = fig.subplots(1, 2, sharey=True)
        for number, network in enumerate(axis.networks):
            rows = table[table["network"] == network].sort_values("target_efficiency")
            place, style = axis.places(rows, number), network_style(number)
            _draw(axes[0], place, rows, "ratio", style | {"label": network})
            axes[0].fill_between(
                place, rows["ratio"], band[rows.index], color=style["color"], alpha=0.12, linewidth=0
            )
            _draw(axes[1], place, rows, "test_ratio", style)
            _label_few(axes[0], place, rows)
        if largest > LOGARITHMIC:
            axes[0].set_yscale("log")
            axes[0].yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axes[0].yaxis.set_major_formatter("{x:g}")
            axes[0].yaxis.set_minor_formatter("")
        for ax in axes:
            ax.axhline(1.0, color="gray", linewidth=0.8, zorder=0)
        axes[0].set_ylim(None, top)
        for ax, sample in zip(axes, ("training", "test"), strict=True):
            axis.label(ax, most_level=10)
            ax.tick_params(axis="x", which="minor", bottom=False, top=False)
            ax.set_title(f"{sample.capitalize()} sample", loc="right")
        axes[0].set_ylabel("Background over the best found")
        shared_legend(fig, axes[0], columns=3)
        add_title(fig, study)
    return fig


def _draw(
    ax: Axes, place: NDArray[np.float64], rows: pd.DataFrame, column: str, style: dict[str, Any]
) -> None:
    """Draw a column with its uncertainty; points of few events are hollow."""
    ax.errorbar(place, rows[column], rows[f"{column}_uncertainty"], **style)
    few = (rows["best_events_left"] < FEW_EVENTS).to_numpy()
    of_few = {"color": style["color"], "marker": style["marker"], "ls": "", "mfc": "white", "zorder": 4}
    ax.plot(place[few], rows.loc[few, column], **of_few)


def _label_few(ax: Axes, place: NDArray[np.float64], rows: pd.DataFrame) -> None:
    """Write the difference in events beside points of few."""
    for at, row in zip(place, rows.itertuples(), strict=True):
        more = row.events_left - row.best_events_left
        if row.best_events_left < FEW_EVENTS and more:
            where: dict[str, Any] = {
                "textcoords": "offset points",
                "ha": "center",
                "rotation": 90,
                "fontsize": 6,
            }
            ax.annotate(f"{more:+d}", (at, row.ratio), (5, 4), **where)
