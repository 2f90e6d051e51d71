"""The loss and the cuts of one network against the epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ...kinds import FigureSettings
from ..cut_history import PREFIX, cut_columns
from ..style import LINE_COLORS, add_title, panel_grid, paper_style, with_unit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs

MOST_DOTS = 100


class Settings(FigureSettings):
    """One network that records its cuts."""

    files = ("history",)
    n_networks = range(1, 2)
    needs = frozenset({"cut_history"})

    plot: Literal["descent"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``epoch``, ``loss`` of the training sample and the cut on each feature, ``cut_FEATURE``.

    Raises
    ------
    ValueError
        If the history has no cuts.
    """
    history = inputs.read("history")
    columns = cut_columns(history, inputs.networks[0])
    return history[["epoch", "train_total", *columns]].rename(columns={"train_total": "loss"})


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the loss at the left, the cuts at the right."""
    features = {feature.name: feature for feature in study.features}
    with paper_style():
        fig, (loss, cuts) = panel_grid(2, panel_size=(3.4, 2.6))
        # Epochs are drawn as dots if they are few enough to be distinguished.
        style: dict[str, Any] = {"marker": "o" if len(table) <= MOST_DOTS else "", "ms": 3}
        loss.plot(table["epoch"], table["loss"], color=LINE_COLORS[0], **style)
        loss.set_ylabel("Loss", loc="center")
        for color, column in zip(LINE_COLORS, cut_columns(table, figure.networks[0]), strict=False):
            feature = features[column.removeprefix(PREFIX)]
            label = with_unit(f"Cut on {feature.label}", feature.unit)
            cuts.plot(table["epoch"], table[column], color=color, label=label, **style)
        cuts.set_ylabel(label if len(features) == 1 else "Cut", loc="center")
        if len(features) > 1:
            cuts.legend()
        for ax in (loss, cuts):
            ax.set_xlabel("Epoch", loc="center")
            ax.ticklabel_format(axis="y", useOffset=False)
        add_title(fig, study)
    return fig
