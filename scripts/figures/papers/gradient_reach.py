"""Gradient of a cut against its position, and contributions of events by their distance from the cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ...kinds import FigureSettings
from ..style import add_title, new_figure, paper_style
from .scanned_study import FUNCTION_COLORS, FUNCTIONS, sample_of_study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs

CUTS = np.linspace(-20.0, 22.0, 211)
WINDOWS = np.linspace(0.05, 6.0, 120)
#: Position of the cut in the notebook's study of the events around it.
CUT = 0.0
#: The hard cut has no gradient.
DRAWN = ("erf", "sigmoid", "balanced")


class Settings(FigureSettings):
    """Gradients of one cut."""

    files = ("features",)
    n_features = 1

    plot: Literal["gradient_reach"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the ``function`` and, by ``panel``, the ``gradient`` against the cut or the window, ``x``.

    Returns
    -------
    DataFrame
        Panel cut: gradient of S / sqrt(B). Panel window: share of the gradient of the sum of squares, for a
        cut at 0, from events within the window.
    """
    import pandas as pd

    from ...evaluation.cut_function_scan import event_gradients, scan_losses

    sample = sample_of_study(inputs, 1)
    distance = (sample.features[:, 0] - CUT).abs().numpy()
    parts = []
    for function in DRAWN:
        scan = scan_losses(function, CUTS[:, None], sample, ("significance",))
        parts.append(
            pd.DataFrame({"panel": "cut", "x": CUTS, "gradient": scan["significance_gradient"]}).assign(
                function=function
            )
        )
        each = event_gradients(function, CUT, sample)
        within = [each[distance <= window].sum() / each.sum() for window in WINDOWS]
        parts.append(
            pd.DataFrame({"panel": "window", "x": WINDOWS, "gradient": within}).assign(function=function)
        )
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the size of the gradient against the cut, and the share from events in a window."""
    with paper_style():
        fig = new_figure(7.4, 3.2)
        against_cut, against_window = fig.subplots(1, 2)
        for function, rows in table.groupby("function", sort=False):
            style = {"color": FUNCTION_COLORS[str(function)], "label": FUNCTIONS[str(function)]}
            at, near = rows[rows["panel"] == "cut"], rows[rows["panel"] == "window"]
            against_cut.plot(at["x"], at["gradient"].abs(), **style)
            if function != "balanced":
                against_window.plot(near["x"], near["gradient"], **style)
        against_cut.set_yscale("log")
        against_cut.set_ylim(1e-12, 1e6)
        against_cut.set_xlabel("Cut $c$", loc="center")
        against_cut.set_ylabel("Size of the gradient of $S/B^{1/2}$", loc="center")
        against_window.set_ylim(0, 1.15)
        against_window.axhline(1.0, color="grey", lw=0.6)
        against_window.set_xlabel("Largest distance of events from the cut at 0", loc="center")
        against_window.set_ylabel("Share of the gradient of the squares", loc="center")
        against_cut.legend(loc="upper left")
        add_title(fig, study)
    return fig
