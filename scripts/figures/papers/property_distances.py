"""Distance of cuts from the best ones for many samples, by sample and by bin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ...evaluation.property_bins import followed_property
from ...kinds import FigureSettings
from ..style import LINE_COLORS, MARKERS, add_title, label_of, new_figure, paper_style, shared_legend

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs


class Settings(FigureSettings):
    """Shows the analysis `repeats`."""

    files = ("repeats",)

    plot: Literal["property_distances"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``network``, ``seed``, ``low``, ``high`` and ``distance``, the root mean square.

    Rows with a seed are means over all bins and targets of a sample, rows with the edges of a bin are means
    over all samples and targets.
    """
    import pandas as pd

    repeats = inputs.read("repeats").assign(distance=lambda rows: rows["distance"] ** 2)
    parts = []
    for key in (["seed"], ["property_low", "property_high"]):
        parts.append(repeats.groupby(["network", *key], sort=False, as_index=False)["distance"].mean())
    table = pd.concat(parts, ignore_index=True)
    table = table.rename(columns={"property_low": "low", "property_high": "high"})
    table["distance"] = np.sqrt(table["distance"])
    return table[["network", "seed", "low", "high", "distance"]]


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the distance for each sample and for each bin."""
    followed = followed_property(study)
    with paper_style():
        fig = new_figure(7.5, 3.6)
        left, right = fig.subplots(1, 2, sharey=True)
        for number, (name, rows) in enumerate(table.groupby("network", sort=False)):
            style = {"color": LINE_COLORS[number], "marker": MARKERS[number], "ls": ""}
            of_seeds, of_bins = rows.dropna(subset="seed"), rows.dropna(subset="low")
            left.plot(of_seeds["seed"], of_seeds["distance"], label=name, **style)
            left.axhline(of_seeds["distance"].mean(), color=style["color"], lw=0.8)
            edges = np.append(of_bins["low"], of_bins["high"].iloc[-1])
            right.stairs(of_bins["distance"], edges, baseline=None, color=style["color"], lw=1.4)
        left.set_xlabel("Seed of the sample", loc="center")
        left.set_ylabel("Distance to the best cuts [signal widths]", loc="center")
        left.set_ylim(0, None)
        left.locator_params(axis="x", integer=True)
        right.set_xlabel(label_of(followed), loc="center")
        right.set_xlim(edges[0], edges[-1])
        shared_legend(fig, left, columns=3)
        add_title(fig, study)
    return fig
