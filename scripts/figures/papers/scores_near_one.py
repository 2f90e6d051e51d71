"""Scores close to 1 on a fine scale, with working points of a classifier.

An extra to arXiv:2502.08615, Section 6.1: the thresholds for 40 % and 50 % signal efficiency of the
BCE network differ from 1 by parts in a million.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ...data.score_table import score_columns, target_of
from ...kinds import FigureSettings
from ..score_panels import panel_title
from ..style import (
    LABELS,
    add_title,
    class_name,
    densities,
    fill_histogram,
    log_limits,
    panel_grid,
    paper_style,
    shared_legend,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs

#: Bins of -log10(1 - score), the number of nines of a score; a score of exactly 1 is in the last bin.
EDGES = np.linspace(0.0, 14.0, 57)


class Settings(FigureSettings):
    """Scores of the test sample on a logarithmic scale of 1 - score, with a panel for each network."""

    files = ("scores",)
    n_networks = range(1, 5)
    needs = frozenset({"scores"})

    plot: Literal["scores_near_one"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return histograms of ``-log10(1 - score)`` of the test sample, and the 40 and 50 % points.

    For a network with several targets the scores of the target closest to 40 % are shown.
    """
    import pandas as pd

    parts = []
    for position, network in enumerate(inputs.networks):
        events = inputs.read("scores", position)
        test = events[events["split"] == "test"]
        column = min(score_columns(events.columns), key=lambda name: abs(target_of(name) - 0.4))
        # Clipping keeps the logarithm finite for a score of exactly 1.
        nines = -np.log10(np.clip(1 - test[column], 10.0 ** -EDGES[-1], 1.0))
        for label in (0, 1):
            of_class = (test["label"] == label).to_numpy()
            weights = test["weight"].to_numpy(dtype=float)[of_class]
            density, _ = densities(nines.to_numpy()[of_class], weights, EDGES)
            parts.append(
                pd.DataFrame(
                    {
                        "network": network,
                        "panel": column,
                        "class": class_name(label),
                        "low": EDGES[:-1],
                        "high": EDGES[1:],
                        "density": density,
                    }
                )
            )
            if label == 1:
                points = np.quantile(
                    nines.to_numpy()[of_class], [0.6, 0.5], weights=weights, method="inverted_cdf"
                )
                parts.append(
                    pd.DataFrame(
                        {
                            "network": network,
                            "panel": column,
                            "class": "signal",
                            "signal_efficiency": [0.4, 0.5],
                            "threshold": points,
                        }
                    )
                )
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw one panel for each network."""
    networks = list(dict.fromkeys(table["network"]))
    with paper_style():
        fig, axes = panel_grid(len(networks), panel_size=(3.8, 3.0), sharex=True, sharey=True)
        bins = table.dropna(subset=["density"])
        for ax, network in zip(axes, networks, strict=True):
            rows = table[table["network"] == network]
            for name in ("background", "signal"):
                shown = rows[(rows["class"] == name) & rows["density"].notna()]
                fill_histogram(ax, shown, name, f"{LABELS[name]} (test)")
            for point, style in zip(rows.dropna(subset=["threshold"]).itertuples(), ("--", ":"), strict=True):
                label = f"{100 * point.signal_efficiency:g} % signal efficiency"
                ax.axvline(point.threshold, color="black", ls=style, lw=1, label=label)
            ax.axvline(-np.log10(0.5), color="grey", lw=1, ls="-.", label="Score 0.5")
            title = panel_title(rows["panel"].iloc[0])
            ax.set_title(f"{network}, {title.lower()}" if title else network)
            ax.set_yscale("log")
            ax.set_ylim(*log_limits(bins["density"].to_numpy(dtype=float)))
            ax.set_xlim(EDGES[0], EDGES[-1])
            ax.set_xlabel(r"$-\log_{10}(1 - \mathrm{score})$", loc="center")
            ax.set_ylabel("Events (unit area)", loc="center")
            ax.label_outer()
        shared_legend(fig, axes[0], columns=3)
        add_title(fig, study)
    return fig
