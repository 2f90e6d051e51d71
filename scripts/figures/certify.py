"""Background of cuts over that of the best cuts that exist, against the target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import FigureSettings
from .style import LINE_COLORS, MARKERS, add_title, new_figure, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs


class Settings(FigureSettings):
    """Shows the analysis of the same name."""

    files = ("certify",)
    standard = "study"
    standard_caption = (
        "Background of the cuts of each network over that of the best cuts with the same signal of the "
        "training sample, on the training sample (left) and on the test sample (right). A band reaches to "
        "the bound on the background of any cuts, where that is not closed."
    )

    plot: Literal["certify"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the working points of the analysis that have a ratio."""
    table = inputs.read("certify")
    shown = ["network", "target_efficiency", "cuts", "background", "best_background", "bound", "ratio"]
    shown += ["ratio_to_bound", "gap", "ended", "test_ratio", "test_ratio_uncertainty"]
    return table.loc[table["ratio"].notna(), shown].reset_index(drop=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the ratios of both samples, one line a network."""
    # A bound far below would hide the ratios; without one the band has no end.
    top = 1.0 + 1.5 * max(0.1, table["ratio"].max() - 1.0)
    band = table["ratio_to_bound"].fillna(2.0 * top).clip(upper=2.0 * top)
    with paper_style():
        fig = new_figure(8.4, 3.8)
        training, test = fig.subplots(1, 2)
        colors = [LINE_COLORS[at % len(LINE_COLORS)] for at in range(table["network"].nunique())]
        for at, (network, rows) in enumerate(table.groupby("network", sort=False)):
            rows = rows.sort_values("target_efficiency")
            style = {"color": colors[at], "marker": MARKERS[at % len(MARKERS)]}
            target = rows["target_efficiency"]
            training.plot(target, rows["ratio"], label=network, **style)
            training.fill_between(
                target, rows["ratio"], band[rows.index], color=colors[at], alpha=0.2, linewidth=0
            )
            test.errorbar(target, rows["test_ratio"], rows["test_ratio_uncertainty"], **style)
        training.set_ylim(None, top)
        for ax, sample in ((training, "training"), (test, "test")):
            ax.axhline(1.0, color="gray", linewidth=0.8, zorder=0)
            ax.set_xlabel("Target signal efficiency")
            ax.set_ylabel(f"Background over the best, {sample} sample")
        fig.legend(*training.get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
        add_title(fig, study)
    return fig
