"""Exact efficiencies in each bin of a property that cuts follow, for a toy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from ..evaluation.property_bins import bin_faults, followed_property
from ..kinds import FigureSettings
from ..settings import Fault, Fraction
from .style import LINE_COLORS, MARKERS, add_title, label_of, new_figure, paper_style, shared_legend

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs


class Settings(FigureSettings):
    """Exact efficiencies in every bin, at one target."""

    files = ("features", "bin_optimum", "cuts")
    n_networks = range(1, 5)
    needs = frozenset({"cuts"})

    plot: Literal["property_efficiencies"]
    target: Fraction = Field(description="Target signal efficiency of the cuts that are drawn")

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for each network with other bins."""
        yield from bin_faults(self.networks, study)


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``network`` and the columns of :func:`~scripts.sources.property_optimum.compare_bins`.

    Raises
    ------
    ValueError
        If a network has no cuts at the target.
    """
    import pandas as pd

    from ..sources.property_optimum import compare_bins

    optimum, events = inputs.read("bin_optimum"), inputs.read("features")
    parts = []
    for position, name in enumerate(inputs.networks):
        table = compare_bins(inputs.read("cuts", position), optimum, inputs.study, events)
        at = table[np.isclose(table["target_efficiency"], inputs.settings.target)]
        if at.empty:
            raise ValueError(f"{name} has no cuts at the target {inputs.settings.target:g}")
        parts.append(at.assign(network=name))
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the signal efficiency of every bin, and below it the background relative to the best cuts."""
    followed = followed_property(study)
    target = figure.target
    with paper_style():
        fig = new_figure(6, 5.5)
        top, bottom = fig.subplots(2, sharex=True, height_ratios=[3, 2])
        networks = list(table.groupby("network", sort=False))
        bins = networks[0][1]
        edges = np.append(bins["property_low"], bins["property_high"].iloc[-1])
        low, high = target - bins["uncertainty"], target + bins["uncertainty"]
        top.stairs(
            high,
            edges,
            baseline=low,
            fill=True,
            color="0.85",
            label=f"Target {target:g}, training statistics",
        )
        top.axhline(target, color="black", lw=0.8)
        for number, (name, rows) in enumerate(networks):
            # Networks are drawn side by side within a bin.
            share = (number + 1) / (len(networks) + 1)
            at = rows["property_low"] + share * (rows["property_high"] - rows["property_low"])
            style = {"color": LINE_COLORS[number], "marker": MARKERS[number], "ls": "", "label": name}
            top.plot(at, rows["signal_efficiency"], **style)
            bottom.plot(at, rows["over_optimum"], **style)
        bottom.axhline(1.0, color="black", lw=0.8)
        top.set_ylabel("Signal efficiency, exact")
        bottom.set_ylabel("Background over best", loc="center")
        bottom.set_xlabel(label_of(followed))
        bottom.set_xlim(edges[0], edges[-1])
        bottom.set_ylim(0, None)
        shared_legend(fig, top, columns=2)
        add_title(fig, study)
    return fig
