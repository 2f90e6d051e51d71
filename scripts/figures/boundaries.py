"""Events of several processes and boundaries of linear networks (Fig 1 of arXiv:2412.09500)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scripts.data.yields import process_names
from scripts.evaluation.threshold_scan import linear_boundary
from scripts.figures.inputs import FigureInputs
from scripts.figures.processes import network_styles, process_styles, published_points
from scripts.figures.style import class_name, paper_style, with_unit


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return all points: ``kind`` (class of an event, boundary or published), ``name``, ``x`` and ``y``.

    Raises
    ------
    ValueError
        If the study has not two features, or a process to draw is not in it.
    """
    names = [feature["name"] for feature in inputs.features]
    if len(names) != 2:
        raise ValueError(f"boundaries are drawn in two features, the study has {len(names)}")
    events = inputs.read("features")
    test = events[events["split"] == "test"]
    processes = process_names(test)
    parts = []
    for process, n_drawn in inputs.options["drawn_events"].items():
        shown = test[processes == process].head(n_drawn)
        if shown.empty:
            raise ValueError(f"no process {process} to draw: the study has {', '.join(processes.unique())}")
        parts.append(
            pd.DataFrame(
                {
                    "kind": class_name(int(shown["label"].iloc[0])),
                    "name": process,
                    "x": shown[names[0]],
                    "y": shown[names[1]],
                }
            )
        )
    ranges = [
        feature.get("range", [events[name].min(), events[name].max()])
        for feature, name in zip(inputs.features, names, strict=True)
    ]
    for position, network in enumerate(inputs.networks):
        points = _across(*linear_boundary(inputs.model(position)), ranges)
        parts.append(pd.DataFrame(points, columns=["x", "y"]).assign(kind="boundary", name=network))
    parts.append(published_points(inputs))
    return pd.concat(parts, ignore_index=True)


def _across(
    weights: np.ndarray[Any, Any], constant: float, ranges: list[list[float]]
) -> np.ndarray[Any, Any]:
    """Return the two points where a boundary crosses the edges of the steeper feature, shape (2, 2)."""
    steep = int(np.argmax(np.abs(weights)))
    along = np.array(ranges[1 - steep], dtype=float)
    points = np.empty((2, 2))
    points[:, 1 - steep] = along
    points[:, steep] = -(constant + weights[1 - steep] * along) / weights[steep]
    return points


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw events as markers, our boundaries as full lines and the published ones dashed."""
    events = table[table["kind"].isin(["signal", "background"])]
    of_process = process_styles(dict(zip(events["name"], events["kind"], strict=True)))
    of_network = network_styles(options["networks"])
    with paper_style():
        fig = Figure(figsize=(5.2, 5.2), layout="constrained")
        ax = fig.subplots()
        # The signal last, on top of the crowd.
        for name, rows in sorted(events.groupby("name", sort=False), key=lambda group: -len(group[1])):
            style = of_process[str(name)]
            ax.plot(
                rows["x"],
                rows["y"],
                ls="",
                marker=style["marker"],
                ms=5 if style["marker"] == "x" else 2.5,
                mew=1.4 if style["marker"] == "x" else 0.4,
                alpha=1.0 if style["marker"] == "x" else 0.5,
                color=style["color"],
                label=f"{name}, {len(rows)} events drawn",
            )
        for kind, line in (("boundary", "-"), ("published", "--")):
            for name, rows in table[table["kind"] == kind].groupby("name", sort=False):
                color = {"color": "black"} if name not in of_network else {"color": of_network[name]["color"]}
                label = str(name) if kind == "boundary" else f"{name}, published"
                ax.plot(rows["x"], rows["y"], ls=line, lw=2.2, label=label, zorder=5, **color)
        for axis, feature in zip("xy", study["features"], strict=True):
            ax.set(**{f"{axis}label": with_unit(feature["label"], feature["unit"])})
            if "range" in feature:
                ax.set(**{f"{axis}lim": feature["range"]})
        fig.legend(*ax.get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False)
        fig.suptitle(study["title"], fontsize=9, x=0.01, ha="left")
    return fig
