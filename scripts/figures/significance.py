"""Significance against threshold or signal efficiency (Fig 2a and 2b of arXiv:2412.09500)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ..kinds import FigureSettings
from ..settings import Fault
from .processes import (
    TRUSTED_EVENTS,
    Demands,
    Published,
    draw_published,
    network_styles,
    published_faults,
    published_points,
    scan_of,
)
from .style import add_title, new_figure, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs

LABELS = {"threshold": "Threshold $u$ on the score", "signal_efficiency": "Signal efficiency"}


class Settings(FigureSettings):
    """Signal over the root of the background against the threshold, for networks with one score."""

    files = ("features", "scores")
    takes_folds = True
    n_networks = range(1, 6)
    needs = frozenset({"one_score"})
    needs_yields = True

    plot: Literal["significance"]
    against: Literal["threshold", "signal_efficiency"] = Field(
        default="signal_efficiency", description="Quantity on the horizontal axis"
    )
    demands: Demands = Field(default=Demands(), description="Least that a threshold must leave")
    published: Published

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for published points of an unknown network."""
        yield from published_faults(self.published, self.networks)


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``kind`` (scan or published), ``name`` of a network, ``x``, ``y`` and ``background_events``."""
    import pandas as pd

    from ..evaluation.threshold_scan import meets_demands

    parts = []
    for position, network in enumerate(inputs.networks):
        scan = scan_of(inputs, position)
        # From tight to loose thresholds, x always rises or always falls.
        kept = scan[meets_demands(scan, inputs.settings.demands.given) & scan["significance"].notna()]
        parts.append(
            pd.DataFrame(
                {
                    "kind": "scan",
                    "name": network,
                    "x": kept[inputs.settings.against],
                    "y": kept["significance"],
                    "background_events": kept["background_events"],
                }
            )[::-1]
        )
    return pd.concat([*parts, published_points(inputs.settings.published)], ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw a curve for each network, dotted where few events are left, and the maximum of the rest."""
    styles = network_styles(figure.networks)
    with paper_style():
        fig = new_figure(6, 4.2)
        ax = fig.subplots()
        for name, rows in table[table["kind"] == "scan"].groupby("name", sort=False):
            style = styles[str(name)]
            trusted = rows["background_events"] >= TRUSTED_EVENTS
            label = str(name)
            if trusted.any():
                best = rows.loc[rows["y"].where(trusted).idxmax()]
                label += f", {best['y']:.2f} at {best['x']:.2f}"
                ax.plot(best["x"], best["y"], marker="*", ms=11, mec="white", mew=0.6, color=style["color"])
            ax.plot(rows["x"], rows["y"].where(trusted), color=style["color"], label=label)
            ax.plot(rows["x"], rows["y"].where(~trusted), color=style["color"], ls=":", lw=1.1)
        draw_published(ax, table, styles)
        ax.set(xlim=(0, 1), xlabel=LABELS[figure.against], ylabel="Significance $N_s/\\sqrt{N_b}$")
        ax.set_ylim(0, 1.05 * table["y"].max())
        fig.legend(*ax.get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False)
        add_title(fig, study)
    return fig
