"""Trainings on the Lovász Z loss with several epsilons, and the history of one that learns nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from ...kinds import FigureSettings
from ..processes import TRUSTED_EVENTS, Demands, scan_of
from ..style import LINE_COLORS, add_title, panel_grid, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs

#: Closer than this to the loss of a constant output 0, or above it, a network has learned nothing.
COLLAPSED_SHARE = 0.999
SHARE = "Loss over that of $F = 0$"
PANELS = {
    "share": SHARE,
    "weight_norm": "Length of the weights $|w|$",
    "significance": "Largest significance",
    "signal_efficiency": "Signal efficiency there",
}


class Settings(FigureSettings):
    """Linear networks that are trained on the Z loss with several values of epsilon."""

    files = ("features", "model", "history", "scores")
    n_networks = range(2, 16)
    needs = frozenset({"boundary", "lovasz_z"})
    needs_yields = True

    plot: Literal["collapse"]
    demands: Demands = Field(default=Demands(), description="Least that a threshold must leave")


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return one row for each trained network, then the epochs of that with the smallest epsilon.

    Returns
    -------
    DataFrame
        ``network``; ``epsilon`` [events]; ``epoch``, NaN for the trained network; ``share``, the loss divided
        by that of a constant output 0; ``spread`` of the outputs; and for the trained network
        ``weight_norm``, the largest ``significance``, and ``signal_efficiency`` and ``background_events`` at
        its threshold.

    Raises
    ------
    ValueError
        If a network was not trained on this loss.
    """
    import pandas as pd

    from ...evaluation.threshold_scan import best_threshold, linear_boundary

    expected_signal = None
    rows, histories = [], []
    for position, network in enumerate(inputs.networks):
        trained, history = inputs.model(position), inputs.read("history", position)
        if "train_share" not in history:
            raise ValueError(f"network {network} was not trained on the loss lovasz_z")
        scan = scan_of(inputs, position)
        best = best_threshold(scan, inputs.settings.demands.given)
        expected_signal = best["signal_yield"] / best["signal_efficiency"]
        weights, _ = linear_boundary(trained)
        epsilon = trained.training["loss"]["lovasz_z"].get("epsilon", expected_signal)
        rows.append(
            {
                "network": network,
                "epsilon": epsilon,
                "share": history["train_share"].iloc[-1],
                "spread": history["train_spread"].iloc[-1],
                "weight_norm": float(np.linalg.norm(weights)),
                "significance": best["significance"],
                "signal_efficiency": best["signal_efficiency"],
                "background_events": best["background_events"],
            }
        )
        histories.append(
            pd.DataFrame(
                {
                    "network": network,
                    "epsilon": epsilon,
                    "epoch": history["epoch"],
                    "share": history["train_share"],
                    "spread": history["train_spread"],
                }
            )
        )
    ends = pd.DataFrame(rows).sort_values("epsilon", ignore_index=True)
    smallest = next(part for part in histories if part["network"].iloc[0] == ends["network"].iloc[0])
    return pd.concat([ends, smallest], ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw four quantities against epsilon, and two against the epoch at the smallest epsilon."""
    ends, epochs = table[table["epoch"].isna()], table[table["epoch"].notna()]
    with paper_style():
        fig, axes = panel_grid(6, panel_size=(2.7, 2.4))
        share, norm, share_epochs, significance, efficiency, spread_epochs = axes
        for ax, column in zip((share, norm, significance, efficiency), PANELS, strict=True):
            _draw_against_epsilon(ax, ends, column)
        epsilon = f"$\\epsilon$ = {epochs['epsilon'].iloc[0]:g}"
        for ax, column, label in (
            (share_epochs, "share", SHARE),
            (spread_epochs, "spread", "Spread of the outputs $F$"),
        ):
            ax.plot(epochs["epoch"], epochs[column], color=LINE_COLORS[1], label=epsilon)
            ax.set_ylabel(label, loc="center", fontsize=9)
            ax.set_xlabel("Epoch", loc="center")
            ax.legend(loc="upper right")
        spread_epochs.set_yscale("log")
        for ax in (share, share_epochs):
            ax.axhline(1.0, color="grey", ls="--", lw=0.8)
        efficiency.legend(loc="lower right")
        add_title(fig, study)
    return fig


def _draw_against_epsilon(ax: Axes, ends: pd.DataFrame, column: str) -> None:
    collapsed = ends["share"] >= COLLAPSED_SHARE
    few = ~collapsed & (ends["background_events"] < TRUSTED_EVENTS)
    ax.plot(ends["epsilon"], ends[column].where(~collapsed), color=LINE_COLORS[0], lw=0.8)
    for rows, face, label in (
        (ends[~collapsed & ~few], LINE_COLORS[0], "trained"),
        (ends[few], LINE_COLORS[4], f"under {TRUSTED_EVENTS} events"),
        (ends[collapsed], "white", "collapsed"),
    ):
        if len(rows):
            ax.plot(rows["epsilon"], rows[column], "o", color=LINE_COLORS[0], mfc=face, label=label)
    ax.set_xscale("log")
    # Leave room for the points of collapsed networks at 0.
    ax.set_ylim(-0.05 * ends[column].max(), 1.1 * ends[column].max())
    ax.set_xlabel("$\\epsilon$ [events]", loc="center")
    ax.set_ylabel(PANELS[column], loc="center", fontsize=9)
