"""The Lovász Z loss of one signal and one background event, for each error (Fig 3 of arXiv:2412.09500)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Len
from pydantic import Field

from ...kinds import FigureSettings
from ...settings import Positive, Unrepeated
from ..style import panel_grid, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs

TITLES = {"hinge": "Hinge", "sigmoid": "Sigmoid", "cross_entropy": "Cross-entropy", "focal": "Focal"}


class Settings(FigureSettings):
    """The loss as contours, with a panel for each error; no events are needed."""

    plot: Literal["loss_landscapes"]
    cross_sections: Annotated[list[Positive], Len(2, 2)] = Field(
        description="Cross-sections of a signal event and of a background event [fb]"
    )
    luminosity: Positive = Field(description="Integrated luminosity [fb^-1]")
    epsilon: Positive = Field(description="Constant epsilon of the Z loss [events]")
    errors: Annotated[list[Literal["hinge", "sigmoid", "cross_entropy", "focal"]], Len(1), Unrepeated] = (
        Field(description="Errors of the Z loss; each has a panel")
    )


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the landscapes of all errors."""
    import pandas as pd

    from ...evaluation.loss_landscape import landscape

    figure = inputs.settings
    parts = [
        landscape(error, figure.cross_sections, figure.luminosity, figure.epsilon) for error in figure.errors
    ]
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw one panel for each error, with lines of equal loss and a star at the minimum."""
    with paper_style():
        panels = list(dict.fromkeys(table["error"]))
        fig, axes = panel_grid(len(panels), panel_size=(3.0, 2.6))
        for ax, error in zip(axes, panels, strict=True):
            grid = table[table["error"] == error].pivot(index="y", columns="x", values="loss")
            drawn = ax.contourf(grid.columns, grid.index, grid, levels=14, cmap="viridis")
            ax.contour(grid.columns, grid.index, grid, levels=14, colors="white", linewidths=0.4)
            fig.colorbar(drawn, ax=ax, label="Loss")
            # The mean position, because the loss can be 0 in a whole corner.
            of_error = table[table["error"] == error]
            least = of_error.loc[of_error["loss"] == of_error["loss"].min(), ["x", "y"]].mean()
            ax.plot(least["x"], least["y"], marker="*", ms=11, color="white", mec="black", clip_on=False)
            kind = "raw output" if error == "hinge" else "probability"
            ax.set_title(TITLES[error])
            ax.set_xlabel(f"$F$ of signal ({kind})", loc="center", fontsize=9)
            ax.set_ylabel("$F$ of background", loc="center", fontsize=9)
    return fig
