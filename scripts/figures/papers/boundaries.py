"""Events of several processes and boundaries of linear networks (Fig 1 of arXiv:2412.09500)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from annotated_types import Len
from pydantic import Field

from ...kinds import FigureSettings, not_known
from ...settings import Count, Fault, Name
from ..processes import Published, network_styles, process_styles, published_faults, published_points
from ..style import add_title, class_name, drawn_range, label_plane, new_figure, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs


class Settings(FigureSettings):
    """Events of each process in two features, and the lines on which linear networks give 1/2."""

    files = ("features", "model")
    n_networks = range(1, 6)
    needs = frozenset({"boundary"})
    n_features = 2

    plot: Literal["boundaries"]
    drawn_events: Annotated[dict[Name, Count], Len(1)] = Field(
        description="Number of events of each process that are drawn"
    )
    published: Published

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for processes that the study lacks, and for published lines of unknown networks."""
        processes = study.source.class_of_process
        for name in self.drawn_events:
            if name not in processes:
                yield "drawn_events", not_known("process", name, processes)
        yield from published_faults(self.published, self.networks)


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return all points: ``kind`` (class of an event, boundary or published), ``name``, ``x`` and ``y``.

    Raises
    ------
    ValueError
        If the study does not have two features, or lacks a process to draw.
    """
    import pandas as pd

    from ...data.yields import process_names
    from ...evaluation.threshold_scan import linear_boundary

    names = inputs.study.feature_names
    if len(names) != 2:
        raise ValueError(f"boundaries are drawn in two features, the study has {len(names)}")
    events = inputs.read("features")
    test = events[events["split"] == "test"]
    processes = process_names(test)
    parts = []
    for process, n_drawn in inputs.settings.drawn_events.items():
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
    ranges = [drawn_range(feature, events[feature.name]) for feature in inputs.study.features]
    for position, network in enumerate(inputs.networks):
        points = _across(*linear_boundary(inputs.model(position)), ranges)
        parts.append(pd.DataFrame(points, columns=["x", "y"]).assign(kind="boundary", name=network))
    parts.append(published_points(inputs.settings.published))
    return pd.concat(parts, ignore_index=True)


def _across(
    weights: np.ndarray[Any, Any], constant: float, ranges: list[list[float]]
) -> np.ndarray[Any, Any]:
    """Return two points of a boundary, at both ends of the range of the feature with the smaller weight."""
    steep = int(np.argmax(np.abs(weights)))
    along = np.array(ranges[1 - steep], dtype=float)
    points = np.empty((2, 2))
    points[:, 1 - steep] = along
    points[:, steep] = -(constant + weights[1 - steep] * along) / weights[steep]
    return points


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw events as markers, our boundaries as solid lines and published ones as dashed lines."""
    events = table[table["kind"].isin(["signal", "background"])]
    of_process = process_styles(dict(zip(events["name"], events["kind"], strict=True)))
    of_network = network_styles(figure.networks)
    with paper_style():
        fig = new_figure(5.2, 5.2)
        ax = fig.subplots()
        # The signal is drawn last, on top of the background.
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
        label_plane(ax, study)
        fig.legend(*ax.get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False)
        add_title(fig, study)
    return fig
