"""The significance of a search against signal efficiency: working points and the one that training picks."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from scripts.figures.inputs import FigureInputs
from scripts.figures.style import LINE_COLORS, STARS, paper_style, points_style
from scripts.searches import known, tabulate_search


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return ``network`` and the columns of :func:`~scripts.searches.tabulate_search`."""
    features = inputs.read("features")
    parts = []
    for position, name in enumerate(inputs.networks):
        cuts, metrics, scores = (inputs.read(kind, position) for kind in ("cuts", "metrics", "scores"))
        points = tabulate_search(inputs.study, features, cuts, metrics, scores)
        points.insert(0, "network", name)
        parts.append(points.sort_values("signal_efficiency", kind="stable"))
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw significance against signal efficiency, and the background yield below it.

    Efficiencies are exact where they are known, those of the test sample otherwise.
    """
    search = study["search"]
    with paper_style():
        fig = Figure(figsize=(6, 5.5), layout="constrained")
        top, bottom = fig.subplots(2, sharex=True, height_ratios=[2, 1])
        stars = iter(STARS)
        for color, (network, points) in zip(LINE_COLORS, table.groupby("network", sort=False), strict=False):
            style = points_style(len(points), stars, 10)
            efficiency = points["signal_efficiency"]
            # An exact background has no uncertainty of counting.
            uncertainty = points["background_uncertainty"].where(points["exact_background"].isna(), 0.0)
            top.plot(efficiency, known(points, "significance"), color=color, label=network, **style)
            bottom.errorbar(efficiency, known(points, "background"), uncertainty, color=color, **style)
        bottom.set_yscale("log")
        top.set_ylabel(r"Expected significance [$\sigma$]")
        bottom.set_ylabel("Background [events]", loc="center")
        bottom.set_xlabel("Signal efficiency")
        top.set_xlim(0, 1)
        top.set_ylim(0, None)
        about = (
            f"{search['luminosity']:g} fb$^{{-1}}$, background known to "
            f"{100 * search['relative_uncertainty']:g} %"
        )
        if table["exact_significance"].notna().any():
            about += "; exact efficiencies of cuts"
        top.set_title(about, fontsize=9, loc="right")
        fig.suptitle(study["title"], fontsize=9, x=0.01, ha="left")
        top.legend(loc="best")
    return fig
