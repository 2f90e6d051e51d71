"""Loss against epoch (Figures 10 and 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ..data.folds import FOLD
from ..kinds import FigureSettings
from ..losses.terms import TERMS
from .style import LINE_COLORS, add_title, draw_band, log_limits, new_figure, paper_style, shared_legend

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs

#: Ending of the columns of standard deviations over the folds.
SPREAD = "_spread"
#: Label, color and line style of the columns of a history, in the order of drawing.
CURVES = {
    "train_total": ("Total, training", "black", "-"),
    "test_total": ("Total, test", "#c91f16", (0, (4, 2))),
    "train_efficiency": ("Signal efficiency", LINE_COLORS[0], "-"),
    "train_background": ("Background efficiency", LINE_COLORS[1], "-."),
    "train_cut_size": ("Cut size", LINE_COLORS[2], ":"),
    "train_bce": ("BCE", LINE_COLORS[3], "--"),
    "train_smoothness": ("Smoothness", LINE_COLORS[6], (0, (5, 1, 1, 1, 1, 1))),
    "train_bin_smoothness": ("Smoothness from bin to bin", LINE_COLORS[5], (0, (3, 1, 1, 1))),
    "train_log_background": ("Logarithm of the background", LINE_COLORS[1], "-."),
    "train_constraint": ("Constraint", LINE_COLORS[0], "-"),
    "train_significance": ("Minus the significance", LINE_COLORS[4], "--"),
}


class Settings(FigureSettings):
    """The total loss of both samples, and the terms of the training loss."""

    files = ("history",)
    takes_folds = True
    n_networks = range(1, 2)
    needs = frozenset({"history"})
    standard = "network"
    standard_caption = "The loss of {networks} against the epoch, and the terms that it is made of."

    plot: Literal["history"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``epoch`` and the curves that are not zero everywhere.

    Of folds they are means, and behind them are their standard deviations over the folds, ``..._spread``.
    """
    import pandas as pd

    history = inputs.read("history")
    further = [f"train_{name}" for name in TERMS if f"train_{name}" not in CURVES]
    drawn = [name for name in [*CURVES, *further] if name in history and (history[name] != 0).any()]
    if FOLD not in history:
        return history[["epoch", *drawn]]
    of_epochs = history.groupby("epoch")[drawn]
    return pd.concat([of_epochs.mean(), of_epochs.std().add_suffix(SPREAD)], axis=1).reset_index()


def _further_curve(name: str, position: int) -> tuple[str, str, str]:
    """Return label, color and line style of a term that is not listed above."""
    label = name.removeprefix("train_").replace("_", " ").capitalize()
    return label, LINE_COLORS[position % len(LINE_COLORS)], ":"


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the total of both samples and the terms of the training loss; bands are the spread over folds."""
    with paper_style():
        fig = new_figure(6, 4)
        ax = fig.subplots()
        terms = [name for name in table.columns if name != "epoch" and not name.endswith(SPREAD)]
        # With a single term its curve would cover that of the total.
        drawn = terms if len(terms) > 3 else [name for name in terms if name.endswith("total")]
        for name in drawn:
            label, color, style = CURVES.get(name) or _further_curve(name, terms.index(name))
            # The loss of the test sample can be missing in most epochs; a line connects the others.
            known = table[["epoch", name]].dropna()
            ax.plot(known["epoch"], known[name], color=color, ls=style, label=label)
            if f"{name}{SPREAD}" in table:
                draw_band(ax, table["epoch"], table[name], table[f"{name}{SPREAD}"], color)
        # The values of the first epochs can be decades away from all later ones and may leave the frame.
        values = table[drawn].to_numpy(dtype=float)
        later = values[table["epoch"] >= table["epoch"].max() / 20]
        values, later = values[~np.isnan(values)], later[~np.isnan(later)]
        if (later < 0).any():
            margin = 0.05 * float(np.ptp(later))
            ax.set_ylim(later.min() - margin, later.max() + margin)
        else:
            ax.set_yscale("log")
            ax.set_ylim(log_limits(later)[0], log_limits(values)[1])
        ax.set_xlim(0, max(table["epoch"].max(), 1))
        ax.set(xlabel="Epoch", ylabel="Loss")
        shared_legend(fig, ax, columns=3)
        add_title(fig, study)
    return fig
