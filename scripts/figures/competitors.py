"""Comparison of methods: ROC, background at each target, roughness of the cuts, time of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..kinds import FigureSettings
from .score_panels import tabulate_roc
from .style import LINE_COLORS, MARKERS, add_title, new_figure, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs

SIGNAL_RANGE = (0.02, 0.9995)
SIGNAL_TICKS = [0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999]
LINES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (3, 1)), (0, (1, 1))]


class Settings(FigureSettings):
    """Comparison of several networks at the targets of the first one."""

    files = ("features", "scores", "metrics", "cuts", "timing")
    takes_folds = True
    n_networks = range(2, 8)
    needs = frozenset({"one_bin"})
    first_sets_targets = True
    standard = "networks"
    standard_caption = (
        "The methods {networks} side by side on the test sample: working points of cuts and ROC curves of "
        "scores, background efficiency at each target, roughness of the cuts from target to target, time of "
        "training."
    )

    plot: Literal["competitors"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the rows of :func:`~scripts.evaluation.comparison.compare_networks` and the ROC, by ``part``.

    The ROC of a network with cuts consists of all its working points, that of another network is the curve of
    its score. Rows of the ROC also have the number of background events of the test sample,
    ``background_events``.
    """
    import pandas as pd

    from ..evaluation.comparison import compare_networks

    positions = range(len(inputs.networks))
    compared = compare_networks(
        inputs.networks,
        inputs.read("features"),
        *([inputs.read(kind, position) for position in positions] for kind in ("metrics", "cuts", "timing")),
        scaling=inputs.study.scaling,
    )
    curves = []
    for position, name in enumerate(inputs.networks):
        has_cuts = compared.loc[compared["network"] == name, "has_cuts"].iloc[0]
        metrics, scores = inputs.read("metrics", position), inputs.read("scores", position)
        curve = (
            metrics.sort_values("signal_efficiency", kind="stable")
            if has_cuts
            else tabulate_roc(scores).rename(
                columns={
                    "true_positive_rate": "signal_efficiency",
                    "false_positive_rate": "background_efficiency",
                }
            )
        )
        n_background = int(((scores["split"] == "test") & (scores["label"] == 0)).sum())
        curves.append(
            curve[["signal_efficiency", "background_efficiency"]].assign(
                network=name, has_cuts=has_cuts, background_events=n_background
            )
        )
    rows = [compared.assign(part="targets"), *(curve.assign(part="roc") for curve in curves)]
    return pd.concat(rows, ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw four panels; selections without background events in the test sample are at the lower end."""
    from matplotlib.lines import Line2D

    names = list(table["network"].drop_duplicates())
    at_targets = table[table["part"] == "targets"]
    has_cuts = at_targets.drop_duplicates("network").set_index("network")["has_cuts"]
    styles: dict[str, dict[str, Any]] = {
        name: {"color": color, "marker": marker, "ls": "" if has_cuts[name] else line}
        for name, color, marker, line in zip(names, LINE_COLORS, MARKERS, LINES, strict=False)
    }
    with paper_style():
        fig = new_figure(8.4, 6.4)
        axes = fig.subplots(2, 2, height_ratios=[2.2, 1])
        floor = 0.5 / table["background_events"].max()
        _draw_roc(axes[0, 0], table[table["part"] == "roc"], styles, floor)
        _draw_targets(axes[0, 1], at_targets, styles, floor)
        of_network = at_targets.drop_duplicates("network").set_index("network").loc[names]
        _draw_bars(axes[1, 0], of_network["roughness"], styles, "Roughness of the cuts (Eq 7)")
        _draw_bars(axes[1, 1], of_network["training_seconds"], styles, "Training time [s of a processor]")
        axes[1, 1].tick_params(axis="y", labelleft=False)
        handles = [Line2D([], [], label=name, **style) for name, style in styles.items()]
        fig.legend(handles=handles, loc="outside upper right", ncols=4, frameon=False)
        add_title(fig, study)
    return fig


def _draw_roc(ax: Axes, rows: pd.DataFrame, styles: dict[str, dict[str, Any]], floor: float) -> None:
    """Draw working points of cuts as markers, curves of scores as lines."""
    # The ends of a curve, where nothing or everything passes, are not drawn.
    inside = rows[(rows["signal_efficiency"] > 0) & (rows["signal_efficiency"] < 1)]
    for name, style in styles.items():
        curve = inside[inside["network"] == name]
        marker = style["marker"] if curve["has_cuts"].all() else ""
        ax.plot(
            curve["signal_efficiency"],
            curve["background_efficiency"].clip(lower=floor),
            ms=2.5 if len(curve) > 20 else 4.5,
            **(style | {"marker": marker}),
        )
    # Leave room for both ends, where the methods differ and where an analysis would select.
    ax.set_xscale("logit")
    ax.set_xlim(*SIGNAL_RANGE)
    ax.set_xticks(SIGNAL_TICKS, [f"{tick:g}" for tick in SIGNAL_TICKS])
    ax.minorticks_off()
    _log_background(ax, inside["background_efficiency"], floor)
    ax.set_xlabel("Signal efficiency")


def _draw_targets(ax: Axes, rows: pd.DataFrame, styles: dict[str, dict[str, Any]], floor: float) -> None:
    targets = np.sort(rows["target_efficiency"].unique())
    # Targets at even distances, because those near 1 are close to each other and matter most.
    places = dict(zip(targets, range(len(targets)), strict=True))
    step = 0.7 / len(styles)
    for number, (name, style) in enumerate(styles.items()):
        of_network = rows[rows["network"] == name]
        place = of_network["target_efficiency"].map(places) + step * (number - (len(styles) - 1) / 2)
        efficiency = of_network["background_efficiency"]
        ax.errorbar(
            place,
            efficiency.clip(lower=floor),
            of_network["background_efficiency_uncertainty"].where(efficiency > 0),
            **(style | {"ls": ""}),
        )
    _log_background(ax, rows["background_efficiency"], floor)
    ax.set_xticks(range(len(targets)), [f"{target:g}" for target in targets])
    ax.minorticks_off()
    ax.set_xlim(-0.6, len(targets) - 0.4)
    ax.set_xlabel("Target signal efficiency")


def _log_background(ax: Axes, efficiencies: pd.Series, floor: float) -> None:
    ax.set_yscale("log")
    has_none = bool((efficiencies == 0).any())
    ax.set_ylim(floor / 4 if has_none else efficiencies.min() / 2, 1.5)
    ax.set_ylabel("Background efficiency")
    ax.grid(alpha=0.4)
    if has_none:
        ax.text(0.02, 0.02, "lowest points: no event left", transform=ax.transAxes, fontsize=8)


def _draw_bars(ax: Axes, values: pd.Series, styles: dict[str, dict[str, Any]], label: str) -> None:
    """Draw one bar for each network, on a log scale; a text replaces the bar if the value is unknown."""
    places = np.arange(len(values))[::-1]
    known = values[values > 0]
    low, high = (0.3 * known.min(), 8 * known.max()) if len(known) else (0.1, 1.0)
    colors = [styles[name]["color"] for name in values.index]
    ax.barh(places, values.clip(lower=low), color=colors, height=0.7)
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    ax.set_ylim(-0.6, len(values) - 0.4)
    for place, value in zip(places, values, strict=True):
        text = f" {value:.2g}" if np.isfinite(value) else " no cuts"
        ax.text(value if value > 0 else low, place, text, va="center", fontsize=8)
    ax.set_yticks(places, values.index)
    ax.tick_params(axis="y", length=0)
    ax.minorticks_off()
    ax.set_xlabel(label)
