"""Cuts against the property that they follow, with the best cuts of a toy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from ..evaluation.property_bins import bin_faults, followed_property
from ..kinds import FigureSettings, not_known
from ..settings import Fault, Fraction, Names
from .style import LINE_COLORS, add_title, label_of, panel_grid, paper_style, shared_legend, with_unit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs

#: Number of points of an interpolated curve.
N_POINTS = 200
OPTIMUM = "optimum"
#: Styles of the cuts of bins, in the order of the networks.
STYLES = ["-", "--", "-.", ":"]


class Settings(FigureSettings):
    """Cuts of bins at one target, with a panel for each feature."""

    files = ("bin_optimum", "cuts")
    n_networks = range(1, 5)
    needs = frozenset({"cuts"})

    plot: Literal["property_cuts"]
    target: Fraction = Field(description="Target signal efficiency of the cuts that are drawn")
    curves: Names = Field(
        default=[],
        description="Names of the networks whose cuts are joined by a smooth curve; the cuts of others "
        "are drawn bin by bin",
    )

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for networks with other bins, and for curves of networks that are not drawn."""
        yield from bin_faults(self.networks, study)
        for name in self.curves:
            if name not in self.networks:
                yield "curves", not_known("network", name, self.networks)


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``series``, ``kind``, ``feature``, ``low``, ``high`` and ``cut`` at the target.

    The series are the optimum and the networks. Rows of the kind ``bin`` are the cuts of bins: the edge in
    the direction of the feature, NaN if there is none. For the networks in the option ``curves`` there are
    also rows of the kind ``curve``, points of the interpolated cuts with ``low`` equal to ``high``.

    Raises
    ------
    ValueError
        If a network has no cuts at the target.
    """
    import pandas as pd

    from ..data.cut_interpolation import interpolate_cuts

    target = inputs.settings.target
    tables = [(OPTIMUM, False, inputs.read("bin_optimum"))]
    for position, name in enumerate(inputs.networks):
        cuts = inputs.read("cuts", position)
        tables.append((name, name in inputs.settings.curves, cuts))
    parts = []
    for series, smooth, cuts in tables:
        bins = cuts[["property_low", "property_high"]].drop_duplicates()
        at = cuts[np.isclose(cuts["target_efficiency"], target)]
        if at.empty:
            raise ValueError(f"{series} has no cuts at the target {target:g}")
        for feature in inputs.study.features:
            rows = at[(at["feature"] == feature.name) & (at["direction"] == feature.direction)]
            table = bins.merge(rows, how="left", on=list(bins))
            drawn = {"low": table["property_low"], "high": table["property_high"], "cut": table["cut"]}
            parts.append(pd.DataFrame(drawn).assign(series=series, kind="bin", feature=feature.name))
            if smooth:
                values = np.linspace(table["property_low"].min(), table["property_high"].max(), N_POINTS)
                curve = {"low": values, "high": values}
                curve["cut"] = interpolate_cuts(
                    cuts, at["target_efficiency"].iloc[0], feature.name, values, feature.direction
                )
                parts.append(pd.DataFrame(curve).assign(series=series, kind="curve", feature=feature.name))
    columns = ["series", "kind", "feature", "low", "high", "cut"]
    return pd.concat(parts, ignore_index=True)[columns]


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw one panel for each feature: steps for the cuts of bins, a line for interpolated cuts."""
    followed = followed_property(study)
    networks = [name for name in table["series"].unique() if name != OPTIMUM]
    with paper_style():
        fig, axes = panel_grid(len(study.features), panel_size=(2.9, 3.0))
        for ax, feature in zip(axes, study.features, strict=True):
            rows = table[table["feature"] == feature.name]
            of_optimum = rows[rows["series"] == OPTIMUM]
            _draw_steps(ax, of_optimum, color="black", lw=2.2, label="Best cuts, computed")
            for name, color, style in zip(networks, LINE_COLORS, STYLES, strict=False):
                of_network = rows[rows["series"] == name]
                curve = of_network[of_network["kind"] == "curve"]
                steps = of_network[of_network["kind"] == "bin"]
                if curve.empty:
                    _draw_steps(ax, steps, color=color, ls=style, lw=1.2, label=name)
                else:
                    centres = (steps["low"] + steps["high"]) / 2
                    ax.plot(centres, steps["cut"], color=color, marker="o", ls="", label=name)
                    ax.plot(curve["low"], curve["cut"], color=color, lw=1.4, label=f"{name}, interpolated")
            ax.set_title(f"{feature.label} {feature.direction} cut")
            ax.set_xlim(rows["low"].min(), rows["high"].max())
            ax.set_xlabel(label_of(followed), loc="center")
            ax.set_ylabel(with_unit(f"Cut, target {figure.target:g}", feature.unit), loc="center")
        shared_legend(fig, axes[0], columns=2)
        add_title(fig, study)
    return fig


def _draw_steps(ax: Axes, bins: pd.DataFrame, **style: Any) -> None:
    edges = np.append(bins["low"], bins["high"].iloc[-1])
    ax.stairs(bins["cut"].to_numpy(dtype=float), edges, baseline=None, **style)
