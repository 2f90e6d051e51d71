"""Figure 5: Feynman diagrams of the signal and of its background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from annotated_types import Len
from pydantic import Field

from ...kinds import FigureSettings
from ...settings import Unrepeated
from ..style import COLORS, new_figure, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs

#: Positions where lines meet or end, the same in all diagrams; protons collide in the blob.
POINTS = {
    "proton 1": (0.0, 1.5),
    "proton 2": (0.0, -1.5),
    "radiation": (1.0, 0.75),
    "jet": (2.4, 1.9),
    "blob": (2.0, 0.0),
    "decay 1": (3.7, 0.85),
    "decay 2": (3.7, -0.85),
    "outer 1": (5.2, 1.6),
    "inner 1": (5.2, 0.45),
    "inner 2": (5.2, -0.45),
    "outer 2": (5.2, -1.6),
}
BLOB_RADIUS = 0.38

#: Title, and lines with start, end, particle and style; a line without a name continues the one before.
PROCESSES: dict[str, tuple[str, list[tuple[str, str, str, str]]]] = {
    "sleptons": (
        r"$\mathit{p\,p} \to \tilde{\ell}\,\tilde{\ell}\,\mathit{j},"
        r"\quad\tilde{\ell} \to \ell\,\tilde{\mathit{\chi}}^{0}_{1}$",
        [
            ("proton 1", "radiation", r"$\mathit{p}$", "proton"),
            ("radiation", "blob", "", "proton"),
            ("proton 2", "blob", r"$\mathit{p}$", "proton"),
            ("radiation", "jet", r"$\mathit{j}$", "gluon"),
            ("blob", "decay 1", r"$\tilde{\ell}^{+}$", "slepton"),
            ("blob", "decay 2", r"$\tilde{\ell}^{-}$", "slepton"),
            ("decay 1", "outer 1", r"$\ell^{+}$", "fermion"),
            ("decay 1", "inner 1", r"$\tilde{\mathit{\chi}}^{0}_{1}$", "neutralino"),
            ("decay 2", "inner 2", r"$\tilde{\mathit{\chi}}^{0}_{1}$", "neutralino"),
            ("decay 2", "outer 2", r"$\ell^{-}$", "fermion"),
        ],
    ),
    "ww": (
        r"$\mathit{p\,p} \to \mathit{W\,W},\quad\mathit{W} \to \ell\,\mathit{\nu}$",
        [
            ("proton 1", "blob", r"$\mathit{p}$", "proton"),
            ("proton 2", "blob", r"$\mathit{p}$", "proton"),
            ("blob", "decay 1", r"$\mathit{W}^{+}$", "boson"),
            ("blob", "decay 2", r"$\mathit{W}^{-}$", "boson"),
            ("decay 1", "outer 1", r"$\ell^{+}$", "fermion"),
            ("decay 1", "inner 1", r"$\mathit{\nu}$", "fermion"),
            ("decay 2", "inner 2", r"$\bar{\mathit{\nu}}$", "fermion"),
            ("decay 2", "outer 2", r"$\ell^{-}$", "fermion"),
        ],
    ),
}

#: Colour, dashes and width [points]; particles beyond the Standard Model are red.
LINE_STYLES: dict[str, dict[str, Any]] = {
    "proton": {"color": "black", "linewidth": 2.2},
    "gluon": {"color": "black", "linewidth": 1.1},
    "fermion": {"color": "black"},
    "boson": {"color": COLORS["background"], "linewidth": 1.2},
    "slepton": {"color": COLORS["signal"], "linestyle": (0, (4, 2))},
    "neutralino": {"color": COLORS["signal"], "linewidth": 1.1},
}
#: Length of one wave or loop, and its height.
WAVELENGTH, AMPLITUDE = 0.24, 0.08
LABEL_DISTANCE = 0.36
#: Font of \mathit; the chi of the style's own font looks like an X.
MATH_FONT = "stix"


class Settings(FigureSettings):
    """Feynman diagrams side by side."""

    plot: Literal["feynman"]
    processes: Annotated[list[Literal["sleptons", "ww"]], Len(1), Unrepeated] = Field(
        description="Processes whose diagrams are drawn, from left to right"
    )


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the lines of each diagram, from point ``x, y`` to ``x2, y2``, with particle and style."""
    import pandas as pd

    return pd.DataFrame(
        [
            (process, start, end, particle, style, *POINTS[start], *POINTS[end])
            for process in inputs.settings.processes
            for start, end, particle, style in PROCESSES[process][1]
        ],
        columns=["diagram", "from", "to", "particle", "style", "x", "y", "x2", "y2"],
    )


def line_path(
    start: np.ndarray[Any, Any], end: np.ndarray[Any, Any], style: str
) -> tuple[np.ndarray[Any, Any], ...]:
    """Return the curves, each of shape (n, 2), that draw a line of a style from start to end.

    Every curve starts and ends on the straight line, so that it meets its vertices.
    """
    straight = np.stack([start, end])
    if style not in ("boson", "gluon", "neutralino"):
        return (straight,)
    length = float(np.linalg.norm(end - start))
    along = (end - start) / length
    across = np.array([-along[1], along[0]])
    turns = round(length / WAVELENGTH)
    phase = np.linspace(0, 2 * np.pi * turns, 40 * turns + 1)
    distance = length * phase / phase[-1]
    height = AMPLITUDE * np.sin(phase)
    if style == "gluon":
        # Loops on one side of the line, where the curve runs backwards.
        height = AMPLITUDE * (1 - np.cos(phase))
        distance = distance + 1.5 * AMPLITUDE * np.sin(phase)
    wave = start + distance[:, None] * along + height[:, None] * across
    return (straight, wave) if style == "neutralino" else (wave,)


def _label_place(
    start: np.ndarray[Any, Any], end: np.ndarray[Any, Any], free: str
) -> tuple[np.ndarray[Any, Any], str]:
    """Return position and alignment of the name of a line, beyond its free end if it has one."""
    gap = np.array([0.12, 0.0])
    if free == "from":
        return start - gap, "right"
    if free == "to":
        return end + gap, "left"
    along = (end - start) / np.linalg.norm(end - start)
    across = np.array([-along[1], along[0]])
    # Beside the middle of the part outside the blob, on the side away from the axis of the beams.
    middle = (start + BLOB_RADIUS * along + end) / 2
    return middle + LABEL_DISTANCE * across * np.sign(end[1] - start[1]), "center"


def _draw_diagram(ax: Axes, lines: pd.DataFrame) -> None:
    import pandas as pd
    from matplotlib.patches import Circle

    ends = pd.concat([lines["from"], lines["to"]]).value_counts()
    for line in lines.to_dict("records"):
        start, end = np.array([line["x"], line["y"]]), np.array([line["x2"], line["y2"]])
        for curve in line_path(start, end, line["style"]):
            ax.plot(*curve.T, solid_capstyle="round", **LINE_STYLES[line["style"]])
        if isinstance(line["particle"], str):
            free = next((side for side in ("from", "to") if ends[line[side]] == 1), "")
            place, alignment = _label_place(start, end, free)
            ax.text(
                place[0],
                place[1],
                line["particle"],
                ha=alignment,
                va="center",
                fontsize=14,
                math_fontfamily=MATH_FONT,
                color=LINE_STYLES[line["style"]]["color"],
            )
    ax.add_patch(
        Circle(
            POINTS["blob"], BLOB_RADIUS, facecolor="0.8", edgecolor="black", hatch="////", lw=1.2, zorder=3
        )
    )


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the table of :func:`tabulate`, one panel for each diagram."""
    with paper_style():
        processes = table["diagram"].unique()
        fig = new_figure(3.5 * len(processes), 2.7)
        for ax, process in zip(fig.subplots(1, len(processes), squeeze=False)[0], processes, strict=True):
            _draw_diagram(ax, table[table["diagram"] == process])
            ax.set(xlim=(-0.5, 5.9), ylim=(-1.85, 2.3), aspect="equal")
            ax.set_title(PROCESSES[process][0], fontsize=13, math_fontfamily=MATH_FONT)
            ax.axis("off")
    return fig
