"""Figure 1: the step function and logistic functions that approximate it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from annotated_types import Len
from pydantic import Field

from ...kinds import FigureSettings
from ...settings import Positive
from ..style import LINE_COLORS, new_figure, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs

RANGE = 4.0


class Settings(FigureSettings):
    """The step function and logistic functions; no events are needed."""

    plot: Literal["activation"]
    scales: Annotated[list[Positive], Len(1, 7)] = Field(
        description="Sharpness of each logistic function that is drawn"
    )


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``x``, ``step`` and one column ``sigmoid_A`` for each sharpness A."""
    import pandas as pd

    x = np.linspace(-RANGE, RANGE, 801)
    table = pd.DataFrame({"x": x, "step": np.heaviside(x, 0.5)})
    for scale in inputs.settings.scales:
        table[f"sigmoid_{scale:g}"] = 1 / (1 + np.exp(-scale * x))
    return table


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the table of :func:`tabulate`."""
    with paper_style():
        fig = new_figure(5, 3.6)
        ax = fig.subplots()
        ax.plot(table["x"], table["step"], color="black", ls="--", label="Step function")
        curves = [name for name in table.columns if name.startswith("sigmoid_")]
        for name, color, style in zip(curves, LINE_COLORS, ["-", "-.", ":", "-"] * 2, strict=False):
            scale = name.removeprefix("sigmoid_")
            factor = "" if scale == "1" else scale
            ax.plot(table["x"], table[name], color=color, ls=style, label=rf"$\sigma({factor}x)$")
        ax.set(xlabel="$x$", ylabel="Activation", xlim=(-RANGE, RANGE), ylim=(-0.05, 1.1))
        ax.legend(loc="upper left")
    return fig
