"""Scores of joint networks for both classes, with a panel for each network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ...data.score_table import score_columns
from ...kinds import FigureSettings
from ..style import LABELS, add_title, class_name, densities, fill_histogram, panel_grid, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs

EDGES = np.linspace(0.0, 1.0, 51)


class Settings(FigureSettings):
    """Scores of joint networks, with a panel for each network."""

    files = ("scores",)
    n_networks = range(1, 7)
    needs = frozenset({"classifier"})

    plot: Literal["joint_scores"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return histograms of the test sample: ``network``, ``class``, ``low``, ``high`` and ``density``.

    A network without a sigmoid has outputs outside of [0, 1]. They are shown after a sigmoid, as in the loss;
    ``squashed`` is then true.
    """
    import pandas as pd

    parts = []
    for position, network in enumerate(inputs.networks):
        scores = inputs.read("scores", position)
        scores = scores[scores["split"] == "test"]
        (column,) = score_columns(scores.columns)
        values = scores[column].to_numpy(dtype=float)
        squashed = bool((values < 0).any() or (values > 1).any())
        if squashed:
            values = 0.5 * (1 + np.tanh(values / 2))
        for label in (1, 0):
            of_class = (scores["label"] == label).to_numpy()
            density, _ = densities(values[of_class], scores["weight"].to_numpy()[of_class], EDGES)
            parts.append(
                pd.DataFrame({"low": EDGES[:-1], "high": EDGES[1:], "density": density}).assign(
                    network=network, squashed=squashed, **{"class": class_name(label)}
                )
            )
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw a panel for each network, with a logarithmic axis."""
    with paper_style():
        fig, axes = panel_grid(len(figure.networks), panel_size=(2.9, 2.5))
        for ax, (network, rows) in zip(axes, table.groupby("network", sort=False), strict=True):
            for name, bins in rows.groupby("class", sort=False):
                fill_histogram(ax, bins, str(name), LABELS[str(name)])
            ax.set_yscale("log")
            ax.set_ylim(1e-3, 1e3)
            ax.set_xlim(0, 1)
            ax.set_title(str(network))
            shown = "Sigmoid of the output" if rows["squashed"].iloc[0] else "Output $P$"
            ax.set_xlabel(shown, loc="center")
            ax.set_ylabel("Share of events per unit", loc="center")
        axes[0].legend(loc="upper center", ncols=2)
        add_title(fig, study)
    return fig
