"""Styles and options of processes, networks and published points in figures of a counting experiment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ..kinds import not_known
from ..settings import Fault, Name, NotNegative, Pair, Settings, Share
from .style import COLORS, LINE_COLORS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from .inputs import FigureInputs

#: A significance with fewer background events in the sample is mostly a fluctuation, and is drawn dotted.
TRUSTED_EVENTS = 100

_BACKGROUNDS = [LINE_COLORS[1], COLORS["background"], LINE_COLORS[4]]
_SIGNALS = [COLORS["signal"], "#7a0f0a", "#e58e88"]
#: Colors of networks, which differ from those of processes.
_NETWORKS = ["black", LINE_COLORS[3], LINE_COLORS[6], LINE_COLORS[2], LINE_COLORS[5]]
_LINES = ["-", (0, (5, 2)), (0, (1, 1.2)), (0, (6, 2, 1, 2))]

Published = Annotated[
    dict[Name, list[Pair]],
    Field(default={}, description="Points of a published figure by network or process, drawn beside ours"),
]


class Demands(Settings):
    """Smallest values that a threshold must leave to be drawn."""

    signal_efficiency: Share | None = Field(default=None, description="Smallest signal efficiency")
    signal_yield: NotNegative | None = Field(
        default=None, description="Smallest signal yield [expected events]"
    )
    background_yield: NotNegative | None = Field(
        default=None, description="Smallest background yield [expected events]"
    )
    background_events: NotNegative | None = Field(
        default=None, description="Smallest number of background events in the test sample"
    )

    @property
    def given(self) -> dict[str, float]:
        """The values that are set, by name."""
        return self.model_dump(exclude_none=True)


def published_faults(published: Collection[str], known: Collection[str]) -> Iterator[Fault]:
    """Yield a fault for published points of a network or process that is not drawn."""
    for name in published:
        if name not in known:
            yield "published", not_known("name", name, known)


def process_styles(classes: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return color, line style and marker of each process; they do not depend on the given order."""
    styles = {}
    for name, kind in classes.items():
        position = sorted(other for other in classes if classes[other] == kind).index(name)
        colors = _SIGNALS if kind == "signal" else _BACKGROUNDS
        styles[name] = {
            "color": colors[position % len(colors)],
            "ls": _LINES[(position + (kind != "signal")) % len(_LINES)],
            "marker": "x" if kind == "signal" else "os^Dv"[position % 5],
        }
    return styles


def network_styles(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return color and marker of each network, in the order given."""
    return {
        name: {"color": _NETWORKS[position % len(_NETWORKS)], "marker": "so^Dv"[position % 5]}
        for position, name in enumerate(dict.fromkeys(names))
    }


def scan_of(inputs: FigureInputs, position: int = 0) -> pd.DataFrame:
    """Return the scan over thresholds on the score of a network, on the test sample."""
    from ..evaluation.threshold_scan import scan_network

    experiment = inputs.study.counting_experiment
    assert experiment is not None
    return scan_network(inputs.read("features"), inputs.read("scores", position), experiment)


def published_points(published: dict[str, list[list[float]]]) -> pd.DataFrame:
    """Return published points: ``name`` (a network or process), ``x``, ``y`` and the ``kind`` published."""
    import pandas as pd

    return pd.DataFrame(
        [(name, *point) for name, points in published.items() for point in points],
        columns=["name", "x", "y"],
    ).assign(kind="published")


def draw_published(ax: Axes, table: pd.DataFrame, styles: dict[str, dict[str, Any]]) -> None:
    """Draw the rows of the kind ``published`` as open markers in our colors, with one legend entry."""
    published = table[table["kind"] == "published"]
    for number, (name, points) in enumerate(published.groupby("name", sort=False)):
        style = styles[str(name)]
        ax.plot(
            points["x"],
            points["y"],
            ls="",
            marker=style["marker"],
            mfc="white",
            color=style["color"],
            label="_published" if number else "Published",
        )
