"""Background on the test sample over that on the training sample, and what is left of a gain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ..kinds import FigureSettings
from .style import add_title, new_figure, paper_style, shared_legend
from .target_axis import TargetAxis, network_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs

#: Limits of both panels; points beyond them are drawn as arrows.
RATIOS, SHARES = (0.5, 2.5), (-0.5, 1.7)
#: Of the points of one target, see :class:`TargetAxis`.
SPREAD = 0.7


class Settings(FigureSettings):
    """Shows the analysis of the same name; all of its networks where none is named."""

    files = ("overtraining",)
    n_networks = range(100)
    standard = "study"
    standard_caption = (
        "Background efficiency on the test sample over that on the training sample; below, of a gain over "
        "simpler cuts on the training sample, the share that is left on the test sample."
    )

    plot: Literal["overtraining"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the ratio and the share of each network and target."""
    return inputs.read_analysis("overtraining")[
        [
            *("network", "target_efficiency", "background_ratio", "background_ratio_uncertainty", "simpler"),
            *("survived", "survived_uncertainty"),
        ]
    ]


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the ratio against the target and, where there is a gain, the share of it that is left."""
    axis = TargetAxis(table, SPREAD)
    has_share = bool(table["survived"].notna().any())
    with paper_style():
        fig = new_figure(6.5, 5.6 if has_share else 3.8)
        axes = fig.subplots(1 + has_share, 1, sharex=True, squeeze=False)[:, 0]
        _draw(axes[0], table, axis, "background_ratio", RATIOS)
        axes[0].set_ylabel("Background, test / training", loc="center")
        if has_share:
            _draw(axes[1], table, axis, "survived", SHARES)
            axes[1].axhline(0.0, color="grey", lw=0.6)
            axes[1].set_ylabel("Share left", loc="center")
            simpler = table["simpler"].dropna().iloc[0]
            axes[1].set_title(f"Of the gain over {simpler} on the training sample", loc="left", fontsize=9)
        axis.label(axes[-1], most_level=15)
        for ax in axes:
            ax.tick_params(axis="x", which="minor", bottom=False, top=False)
        shared_legend(fig, axes[0], columns=3)
        add_title(fig, study)
    return fig


def _draw(ax: Axes, table: pd.DataFrame, axis: TargetAxis, column: str, limits: tuple[float, float]) -> None:
    """Draw a column with its uncertainty, networks side by side, and arrows for points beyond the limits."""
    low, high = limits
    for number, name in enumerate(axis.networks):
        rows = table[table["network"] == name]
        place = axis.places(rows, number)
        values = rows[column].to_numpy(dtype=float)
        style = network_style(number) | {"ls": ""}
        inside = (values >= low) & (values <= high)
        ax.errorbar(
            place[inside],
            values[inside],
            rows[f"{column}_uncertainty"].to_numpy(dtype=float)[inside],
            lw=1.0,
            label=name,
            **style,
        )
        for beyond, end, arrow in (
            (values > high, high, "$\\uparrow$"),
            (values < low, low, "$\\downarrow$"),
        ):
            at = np.full(int(beyond.sum()), end + (0.08 if end == low else -0.08) * (high - low))
            ax.plot(place[beyond], at, **(style | {"marker": arrow, "ms": 8}))
    ax.axhline(1.0, color="black", lw=0.8, ls="--")
    ax.set_ylim(low, high)
    ax.grid(alpha=0.3, axis="y")
