"""Exact background against signal efficiency of cuts and of the best cuts, for Gaussian features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import FigureSettings
from .style import LINE_COLORS, MARKERS, add_title, log_limits, new_figure, paper_style, shared_legend

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs

OPTIMA = {"one_sided": ("Optimum, one-sided", "-"), "two_sided": ("Optimum, two-sided", "--")}
#: Upper end of the lower panel; points above it are drawn as arrows.
HIGHEST_RATIO = 2.0


class Settings(FigureSettings):
    """Exact efficiencies of cuts and of both optima, and the ratio to the one-sided optimum."""

    files = ("optimum", "cuts")
    n_networks = range(1, 8)
    needs = frozenset({"cuts", "one_bin"})
    standard = "networks"
    standard_caption = (
        "Background against signal efficiency of the cuts of {networks}, computed from the distributions, "
        "beside the best one-sided and two-sided cuts; below, the ratio to the one-sided ones."
    )

    plot: Literal["optimum"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``series``, ``signal_efficiency``, ``background_efficiency`` and ``over_one_sided``.

    The series are both optima and the networks. Efficiencies are exact, not those of a sample.

    Raises
    ------
    ValueError
        If a network has no cuts.
    """
    import pandas as pd

    from ..sources.gaussian_optimum import compare_with_optimum

    optimum = inputs.read("optimum")
    parts = [
        pd.DataFrame(
            {
                "series": side,
                "signal_efficiency": optimum["signal_efficiency"],
                "background_efficiency": optimum[side],
                "over_one_sided": optimum[side] / optimum["one_sided"],
            }
        )
        for side in OPTIMA
    ]
    for position, name in enumerate(inputs.networks):
        cuts = inputs.read("cuts", position)
        if cuts.empty:
            raise ValueError(f"network {name} has no cuts to compare: name networks with cuts")
        points = compare_with_optimum(cuts, optimum, inputs.study)
        points = points.dropna(subset="over_one_sided").sort_values("signal_efficiency", kind="stable")
        parts.append(points.assign(series=name)[parts[0].columns])
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw background against signal efficiency, and below it the ratio to the one-sided optimum."""
    with paper_style():
        fig = new_figure(6, 6)
        top, bottom = fig.subplots(2, sharex=True, height_ratios=[2, 1])
        for side, (label, style) in OPTIMA.items():
            rows = table[table["series"] == side]
            for ax, column in ((top, "background_efficiency"), (bottom, "over_one_sided")):
                ax.plot(rows["signal_efficiency"], rows[column], color="black", ls=style, label=label)
        networks = [name for name in table["series"].unique() if name not in OPTIMA]
        for name, color, marker in zip(networks, LINE_COLORS, MARKERS, strict=False):
            rows = table[table["series"] == name]
            for ax, column in ((top, "background_efficiency"), (bottom, "over_one_sided")):
                ax.plot(
                    rows["signal_efficiency"],
                    rows[column],
                    color=color,
                    marker=marker,
                    ls=":",
                    lw=0.8,
                    label=name,
                )
        top.set_yscale("log")
        top.set_ylim(log_limits(table["background_efficiency"].to_numpy(dtype=float)))
        # The range shows differences near the optimum; arrows mark points far above it.
        bottom.set_ylim(0.7, HIGHEST_RATIO)
        for name, color in zip(networks, LINE_COLORS, strict=False):
            beyond = table[(table["series"] == name) & (table["over_one_sided"] > HIGHEST_RATIO)]
            for at in beyond["signal_efficiency"]:
                bottom.annotate(
                    "",
                    (at, HIGHEST_RATIO),
                    (at, 0.92 * HIGHEST_RATIO),
                    arrowprops={"arrowstyle": "->", "color": color},
                )
        top.set_ylabel("Background efficiency")
        bottom.set_ylabel("Over one-sided", loc="center")
        bottom.set_xlabel("Signal efficiency")
        optima = table.loc[table["series"].isin(list(OPTIMA)), "signal_efficiency"]
        bottom.set_xlim(optima.min(), optima.max())
        for ax in (top, bottom):
            ax.grid(alpha=0.3)
        shared_legend(fig, top, columns=3)
        add_title(fig, study)
    return fig
