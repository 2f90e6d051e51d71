"""Efficiency of each process against the threshold on the score (Fig 2c of arXiv:2412.09500)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from ...kinds import FigureSettings
from ...settings import Fault
from ..processes import (
    Published,
    draw_published,
    process_styles,
    published_faults,
    published_points,
    scan_of,
)
from ..style import add_title, class_name, new_figure, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs


class Settings(FigureSettings):
    """Efficiency against threshold: one curve for each process, for a network with one score."""

    files = ("features", "scores")
    n_networks = range(1, 2)
    needs = frozenset({"one_score"})
    needs_yields = True

    plot: Literal["class_efficiencies"]
    published: Published

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for published points of processes that the study lacks."""
        yield from published_faults(self.published, study.source.class_of_process)


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``kind`` (class of the process, or published), ``name`` of the process, ``x`` and ``y``."""
    import pandas as pd

    from ...data.yields import process_names
    from ...evaluation.threshold_scan import EFFICIENCY

    scan, events = scan_of(inputs), inputs.read("features")
    labels = dict(zip(process_names(events), events["label"], strict=True))
    parts = [
        pd.DataFrame(
            {
                "kind": class_name(label),
                "name": name,
                "x": scan["threshold"],
                "y": scan[f"{EFFICIENCY}{name}"],
            }
        )
        for name, label in labels.items()
    ]
    return pd.concat([*parts, published_points(inputs.settings.published)], ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw one curve for each process."""
    curves = table[table["kind"] != "published"]
    styles = process_styles(dict(zip(curves["name"], curves["kind"], strict=True)))
    with paper_style():
        fig = new_figure(6, 4.2)
        ax = fig.subplots()
        for name, rows in curves.groupby("name", sort=False):
            style = styles[str(name)]
            ax.plot(rows["x"], rows["y"], color=style["color"], ls=style["ls"], label=name)
        draw_published(ax, table, styles)
        ax.set(xlim=(0, 1), ylim=(0, 1.05), xlabel="Threshold $u$ on the score", ylabel="Efficiency")
        fig.legend(*ax.get_legend_handles_labels(), loc="outside upper right", ncols=4, frameon=False)
        ax.set_title(figure.networks[0])
        add_title(fig, study)
    return fig
