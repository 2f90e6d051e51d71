"""Background of cuts over that of the best cuts that exist, against the target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ..kinds import FigureSettings
from .style import LINE_COLORS, MARKERS, add_title, new_figure, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs

#: With fewer background events left a ratio says little, and the difference in events stands beside it.
FEW_EVENTS = 50


class Settings(FigureSettings):
    """Shows the analysis of the same name; all of its networks where none is named."""

    files = ("certify",)
    n_networks = range(100)
    standard = "study"
    standard_caption = (
        "Background of the cuts of each network over that of the best cuts found with the same signal of the "
        "training sample, on the training sample (left) and on the test sample (right). A band reaches to "
        "the bound on the background of any cuts, where that is not closed. Hollow where the best cuts leave "
        "fewer than 50 background events, with the number of events more."
    )

    plot: Literal["certify"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the working points of the analysis that have a ratio.

    ``place`` is the target, or the signal efficiency of a network without targets.
    """
    table = inputs.read_analysis("certify")
    table = table.assign(place=table["target_efficiency"].fillna(table["signal_efficiency"]))
    shown = ["network", "target_efficiency", "place", "cuts", "background", "best_background", "bound"]
    shown += ["events_left", "best_events_left", "ratio", "ratio_uncertainty", "ratio_to_bound", "gap"]
    shown += ["ended", "test_ratio", "test_ratio_uncertainty"]
    return table.loc[table["ratio"].notna(), shown].reset_index(drop=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the ratios of both samples, one line a network."""
    # A bound far below would hide the ratios; without one the band has no end.
    top = 1.0 + 1.5 * max(0.1, table["ratio"].max() - 1.0)
    band = table["ratio_to_bound"].fillna(2.0 * top).clip(upper=2.0 * top)
    networks = list(table["network"].drop_duplicates())
    with paper_style():
        fig = new_figure(8.4, 3.6 + 0.2 * (len(networks) // 3))
        training, test = fig.subplots(1, 2)
        for at, network in enumerate(networks):
            rows = table[table["network"] == network].sort_values("place")
            style: dict[str, Any] = {
                "color": LINE_COLORS[at % len(LINE_COLORS)],
                "marker": MARKERS[(at + at // len(LINE_COLORS)) % len(MARKERS)],
            }
            _draw(training, rows, "ratio", style | {"label": network})
            training.fill_between(
                rows["place"], rows["ratio"], band[rows.index], color=style["color"], alpha=0.2, linewidth=0
            )
            _draw(test, rows, "test_ratio", style)
        training.set_ylim(None, top)
        for ax, sample in ((training, "training"), (test, "test")):
            ax.axhline(1.0, color="gray", linewidth=0.8, zorder=0)
            ax.set_xlabel("Target signal efficiency")
            ax.set_ylabel(f"Background over the best, {sample} sample")
        fig.legend(*training.get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
        add_title(fig, study)
    return fig


def _draw(ax: Axes, rows: pd.DataFrame, column: str, style: dict[str, Any]) -> None:
    """Draw a column with its uncertainty; points of few events are hollow, with the difference in events."""
    ax.errorbar(rows["place"], rows[column], rows[f"{column}_uncertainty"], **style)
    few = rows[rows["best_events_left"] < FEW_EVENTS]
    of_few = {"color": style["color"], "marker": style["marker"], "ls": "", "mfc": "white", "zorder": 4}
    ax.plot(few["place"], few[column], **of_few)
    for row in few.itertuples() if column == "ratio" else ():
        more = row.events_left - row.best_events_left
        ax.annotate(f"{more:+d}", (row.place, row.ratio), (5, 3), textcoords="offset points", fontsize=7)
