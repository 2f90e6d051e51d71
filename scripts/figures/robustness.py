"""Signal efficiency of working points when the features are shifted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import FigureSettings
from .style import LINE_COLORS, add_title, new_figure, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs


class Settings(FigureSettings):
    """Shows the analysis of the same name."""

    files = ("robustness",)
    standard = "study"
    standard_caption = "Signal efficiency of working points when every feature is shifted at random."

    plot: Literal["robustness"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the table of the analysis, with the efficiencies relative to those without shift."""
    table = inputs.read("robustness")
    keys = ["network", "target_efficiency", "score_above"]
    unshifted = table[table["max_shift"] == 0].set_index(keys)["signal_efficiency"]
    merged = table.merge(unshifted.rename("unshifted").reset_index(), on=keys, how="left", sort=False)
    relative = merged["signal_efficiency"] / merged["unshifted"]
    return merged.drop(columns="unshifted").assign(relative_signal_efficiency=relative)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the signal efficiency, absolute and relative, against the largest shift."""
    import pandas as pd

    keys = ["network", "target_efficiency", "score_above"]
    with paper_style():
        fig = new_figure(8.4, 3.8)
        left, right = fig.subplots(1, 2)
        groups = table.groupby(keys, sort=False, dropna=False)
        for color, marker, ((network, target, score_above), rows) in zip(
            LINE_COLORS, "os^Dv<>", groups, strict=False
        ):
            label = f"{network}, score > {score_above:.8g}"
            if pd.notna(target):
                label = f"{network}, target {100 * target:g} %, score > {score_above:.8g}"
            style = {"color": color, "marker": marker}
            left.errorbar(
                rows["max_shift"],
                rows["signal_efficiency"],
                rows["signal_efficiency_uncertainty"],
                label=label,
                **style,
            )
            right.plot(rows["max_shift"], rows["relative_signal_efficiency"], **style)
        left.set(ylabel="Signal efficiency", ylim=(0, None))
        right.set(ylabel="Relative to unshifted inputs")
        for ax in (left, right):
            ax.set_xlabel("Largest shift of a feature (scaled)")
            ax.set_xticks(sorted(table["max_shift"].unique()))
        fig.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)
        add_title(fig, study)
    return fig
