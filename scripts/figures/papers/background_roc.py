"""Signal against background efficiency, in events or by cross-section (Fig 4 of arXiv:2412.09500)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ...kinds import FigureSettings
from ...settings import Fault
from ..processes import Published, draw_published, network_styles, published_faults, published_points, scan_of
from ..style import add_title, new_figure, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs

LABELS = {
    "generated": "Background efficiency, all events alike",
    "expected": "Background efficiency, by cross-section",
}
#: Lower end of the axis; below it the test sample has few events.
LEAST_BACKGROUND = 1e-3


class Settings(FigureSettings):
    """Signal against background efficiency: one curve for each network with one score."""

    files = ("features", "scores")
    n_networks = range(1, 6)
    needs = frozenset({"one_score"})
    needs_yields = True

    plot: Literal["background_roc"]
    background: Literal["generated", "expected"] = Field(
        description="Whether all background events count the same (`generated`) or by the cross-section "
        "of their process (`expected`)"
    )
    published: Published

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for published points of an unknown network."""
        yield from published_faults(self.published, self.networks)


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``kind`` (scan or published), ``name`` of the network, ``x`` (background) and ``y`` (signal)."""
    import pandas as pd

    parts = []
    for position, network in enumerate(inputs.networks):
        scan = scan_of(inputs, position)
        parts.append(
            pd.DataFrame(
                {
                    "kind": "scan",
                    "name": network,
                    "x": scan[f"background_efficiency_{inputs.settings.background}"],
                    "y": scan["signal_efficiency"],
                }
            )
        )
    return pd.concat([*parts, published_points(inputs.settings.published)], ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw one curve a network."""
    styles = network_styles(figure.networks)
    with paper_style():
        fig = new_figure(6, 4.2)
        ax = fig.subplots()
        for name, rows in table[table["kind"] == "scan"].groupby("name", sort=False):
            shown = rows[rows["x"] > 0]
            ax.plot(shown["x"], shown["y"], color=styles[str(name)]["color"], label=name)
        draw_published(ax, table, styles)
        ax.set_xscale("log")
        ax.set(xlim=(LEAST_BACKGROUND, 1), ylim=(0, 1.05))
        ax.set(xlabel=LABELS[figure.background], ylabel="Signal efficiency")
        ax.legend(loc="lower right")
        add_title(fig, study)
    return fig
