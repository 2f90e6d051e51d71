"""Cut functions: weights of events, and their averages against the cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ...kinds import FigureSettings
from ..style import COLORS, LABELS, add_title, class_name, fill_histogram, panel_grid, paper_style
from .scanned_study import FUNCTION_COLORS, FUNCTIONS, sample_of_study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs

CUTS = np.linspace(-12.0, 14.0, 261)
BINS = np.linspace(-14.0, 14.0, 57)
MARGINS = np.linspace(-5.0, 5.0, 401)


class Settings(FigureSettings):
    """Events in one feature, and the cut functions for a cut on it."""

    files = ("features",)
    n_features = 1

    plot: Literal["emulations"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the content of each ``panel``.

    Returns
    -------
    DataFrame
        The ``panel`` events has ``low``, ``high`` and ``density`` of the class ``name``; shape has the weight
        ``y`` at a margin ``x`` for the function ``name``; average has the mean weight ``y`` of the events of
        a ``class`` at the cut ``x``.
    """
    import pandas as pd
    import torch

    from cabin_core.cut_functions import CUT_FUNCTIONS

    from ...evaluation.cut_function_scan import scan_line

    sample = sample_of_study(inputs, 1)
    parts = []
    for label in (1, 0):
        values = sample.features[sample.is_signal == bool(label), 0].numpy()
        counts, _ = np.histogram(values, BINS)
        parts.append(
            pd.DataFrame(
                {"low": BINS[:-1], "high": BINS[1:], "density": counts / len(values) / np.diff(BINS)}
            ).assign(panel="events", name=class_name(label))
        )
    for function in FUNCTIONS:
        weights = CUT_FUNCTIONS[function](torch.from_numpy(MARGINS)).numpy()
        parts.append(pd.DataFrame({"panel": "shape", "name": function, "x": MARGINS, "y": weights}))
        scan = scan_line(function, CUTS, sample, ())
        for of_class in ("signal", "background"):
            parts.append(
                pd.DataFrame({"x": CUTS, "y": scan[of_class]}).assign(
                    panel="average", name=function, **{"class": of_class}
                )
            )
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the sample, the functions, and for each function the average weights of both classes."""
    with paper_style():
        fig, axes = panel_grid(2 + len(FUNCTIONS), panel_size=(2.6, 2.3))
        events, shapes, *averages = axes
        for name, bins in table[table["panel"] == "events"].groupby("name", sort=False):
            fill_histogram(events, bins, str(name), LABELS[str(name)])
        events.set(xlabel="$x$", ylabel="Share of events per unit of $x$", ylim=(0, 0.56))
        events.legend(loc="upper left")
        for name, rows in table[table["panel"] == "shape"].groupby("name", sort=False):
            line = "--" if name == "hard" else "-"
            shapes.plot(
                rows["x"], rows["y"], line, color=FUNCTION_COLORS[str(name)], label=FUNCTIONS[str(name)]
            )
        shapes.set(xlabel="$x - c$", ylabel="Weight of an event", ylim=(-1.1, 2.0))
        shapes.legend(loc="upper left", ncols=2, columnspacing=0.8, handlelength=1.4)
        of_functions = table[table["panel"] == "average"].groupby("name", sort=False)
        for ax, (function, both) in zip(averages, of_functions, strict=True):
            for name, rows in both.groupby("class", sort=False):
                line = "-" if name == "signal" else "--"
                ax.plot(rows["x"], rows["y"], line, color=COLORS[str(name)], label=LABELS[str(name)])
            ax.set(xlabel="Cut $c$", ylabel="Average weight", title=FUNCTIONS[str(function)])
            if function == "balanced":
                ax.axhline(0.0, color="grey", lw=0.6)
        averages[0].legend(loc="lower left")
        for ax in axes:
            ax.xaxis.label.set(ha="center", x=0.5)
            ax.yaxis.label.set(ha="center", y=0.5)
        add_title(fig, study)
    return fig
