"""The cuts of several networks against the epoch, one panel a feature."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from scripts.figures.descent import PREFIX, cut_columns
from scripts.figures.inputs import FigureInputs
from scripts.figures.processes import draw_published, network_styles
from scripts.figures.style import panel_grid, paper_style, shared_legend, with_unit

#: Epochs drawn of each network.
N_POINTS = 400


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return ``name`` of the network, ``feature``, epoch ``x``, cut ``y`` and ``kind``: ours or published.

    Raises
    ------
    ValueError
        If a history has no cuts.
    """
    names = [feature["name"] for feature in inputs.features]
    parts = []
    for position, network in enumerate(inputs.networks):
        history = inputs.read("history", position)
        columns = cut_columns(history, network)
        drawn = history.iloc[:: max(1, len(history) // N_POINTS)]
        for column in columns:
            parts.append(
                pd.DataFrame({"x": drawn["epoch"], "y": drawn[column]}).assign(
                    name=network, feature=column.removeprefix(PREFIX), kind="ours"
                )
            )
    for network, cuts in inputs.options["published_cuts"].items():
        epochs = len(inputs.read("history", inputs.networks.index(network)))
        parts.append(
            pd.DataFrame({"x": epochs, "y": cuts, "feature": names}).assign(name=network, kind="published")
        )
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw our cuts as lines, and the published ones where a training ends as open markers."""
    styles = network_styles(options["networks"])
    with paper_style():
        fig, axes = panel_grid(len(study["features"]), panel_size=(3.6, 3.0))
        for ax, feature in zip(axes, study["features"], strict=True):
            of_feature = table[table["feature"] == feature["name"]]
            for name, rows in of_feature[of_feature["kind"] == "ours"].groupby("name", sort=False):
                ax.plot(rows["x"], rows["y"], color=styles[str(name)]["color"], label=str(name))
            draw_published(ax, of_feature, styles)
            ax.set_xlabel("Epoch", loc="center")
            ax.set_ylabel(with_unit(f"Cut on {feature['label']}", feature["unit"]), loc="center")
        shared_legend(fig, axes[0], columns=3)
        fig.suptitle(study["title"], fontsize=9, x=0.01, ha="left")
    return fig
