"""Figures 2 and 3: diagrams of the networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ...kinds import FigureSettings
from ..style import LINE_COLORS, new_figure, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs

RADIUS = 0.33
#: Rows of the drawing: two features, dots for further features, the last feature.
ROWS = {"1": 3.0, "2": 2.0, "m": 0.0}
DOTS_Y = 1.0
MIDDLE_Y = 1.5


class Settings(FigureSettings):
    """Nodes of a network and the lines between them."""

    plot: Literal["diagram"]
    model: Literal["linear", "one_to_one"] = Field(description="Network whose connections are drawn")


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return nodes (with ``label``, ``x``, ``y``) and edges (from ``x, y`` to ``x2, y2``, with a label)."""
    import pandas as pd

    rows: list[tuple[str, str, float, float, float, float]] = []
    nan = float("nan")
    one_to_one = inputs.settings.model == "one_to_one"
    output_x = 5.6 if one_to_one else 3.0
    for name, y in ROWS.items():
        rows.append(("node", f"$x_{{{name}}}$", 0.0, y, nan, nan))
        if one_to_one:
            rows.append(("edge", f"$w_{{{name}}},\\ b_{{{name}}}$", 0.0, y, 2.4, y))
            rows.append(("node", r"$\sigma$", 2.4, y, nan, nan))
            rows.append(("edge", "", 2.4, y, 4.0, MIDDLE_Y))
        else:
            rows.append(("edge", f"$w_{{{name}}}$", 0.0, y, output_x, MIDDLE_Y))
    rows.append(("text", "$\\vdots$", 0.0, DOTS_Y, nan, nan))
    if one_to_one:
        rows.append(("text", "$\\vdots$", 2.4, DOTS_Y, nan, nan))
        rows.append(("node", r"$\Pi$", 4.0, MIDDLE_Y, nan, nan))
        rows.append(("edge", "", 4.0, MIDDLE_Y, output_x, MIDDLE_Y))
        rows.append(("node", "$y$", output_x, MIDDLE_Y, nan, nan))
    else:
        rows.append(("node", r"$\sigma(\Sigma)$", output_x, MIDDLE_Y, nan, nan))
        rows.append(("edge", "", output_x, MIDDLE_Y, output_x + 1.4, MIDDLE_Y))
        rows.append(("node", "$y$", output_x + 1.4, MIDDLE_Y, nan, nan))
    captions = (
        [("Inputs", 0.0), ("Hidden layer", 2.4), ("Product", 4.0), ("Score", output_x)]
        if one_to_one
        else [("Inputs", 0.0), ("Output", output_x), ("Score", output_x + 1.4)]
    )
    rows += [("caption", text, x, 3.75, nan, nan) for text, x in captions]
    return pd.DataFrame(rows, columns=["element", "label", "x", "y", "x2", "y2"])


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the table of :func:`tabulate`."""
    from matplotlib.patches import Circle

    with paper_style():
        fig = new_figure(5.4, 3.4)
        ax = fig.subplots()
        for edge in table[table["element"] == "edge"].itertuples():
            ax.annotate(
                "",
                xy=(edge.x2, edge.y2),
                xytext=(edge.x, edge.y),
                arrowprops={"arrowstyle": "-|>", "color": "black", "lw": 0.9, "shrinkA": 16, "shrinkB": 16},
            )
            if isinstance(edge.label, str) and edge.label:
                # At a third of the line, where lines that meet are still separate.
                ax.text(
                    edge.x + 0.42 * (edge.x2 - edge.x),
                    edge.y + 0.42 * (edge.y2 - edge.y) + 0.16,
                    edge.label,
                    ha="center",
                    va="bottom",
                    fontsize=10,
                )
        xs = table.loc[table["element"] == "node", "x"]
        for node in table[table["element"] == "node"].itertuples():
            color = LINE_COLORS[0] if node.x == xs.min() else LINE_COLORS[1]
            if node.x == xs.max():
                color = LINE_COLORS[2]
            ax.add_patch(Circle((node.x, node.y), RADIUS, facecolor=color, alpha=0.25))
            ax.add_patch(Circle((node.x, node.y), RADIUS, fill=False, lw=1))
            ax.text(node.x, node.y, node.label, ha="center", va="center")
        for kind, size in (("text", 16), ("caption", 10)):
            for item in table[table["element"] == kind].itertuples():
                ax.text(item.x, item.y, item.label, ha="center", va="center", fontsize=size)
        ax.set(xlim=(xs.min() - 0.7, xs.max() + 0.7), ylim=(-0.5, 4.0), aspect="equal")
        ax.axis("off")
    return fig
