"""Events that a network puts on the right side, at P > 0.5 and at sigmoid(P) > 0.5."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from scripts.data.score_table import score_columns
from scripts.data.selection import SCORE_THRESHOLD
from scripts.figures.inputs import FigureInputs
from scripts.figures.style import COLORS, class_name, paper_style, with_unit

#: The panels. P is a probability already: its sigmoid, which the notebooks take, exceeds 0.5 but for P = 0.
RULES = {"output": "$P$ > 0.5", "sigmoid": "sigmoid($P$) > 0.5"}
MARKERS = {"signal": "o", "background": "s"}


def selected(rule: str, scores: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return which events a rule takes for signal, in the notebook's precision."""
    values = scores.astype(np.float32)
    if rule == "sigmoid":
        values = np.float32(1) / (np.float32(1) + np.exp(-values))
    return np.asarray(values > SCORE_THRESHOLD)


def tabulate(inputs: FigureInputs) -> pd.DataFrame:
    """Return the events drawn and the shares of all test events.

    Returns
    -------
    DataFrame
        ``kind`` event: its ``class``, features ``x`` and ``y``, and whether it is ``correct`` by a ``rule``.
        Kind share: ``correct`` share of the events of a class.

    Raises
    ------
    ValueError
        If the study has not two features.
    """
    names = [feature["name"] for feature in inputs.features]
    if len(names) != 2:
        raise ValueError(f"maps are drawn in two features, the study has {len(names)}")
    scores, events = inputs.read("scores"), inputs.read("features")
    (column,) = score_columns(scores.columns)
    test = (events["split"] == "test").to_numpy()
    events, values = events[test], scores[column].to_numpy()[test]
    parts = []
    for rule in RULES:
        correct = selected(rule, values) == (events["label"] == 1).to_numpy()
        for label in (1, 0):
            of_class = (events["label"] == label).to_numpy()
            drawn = events[of_class].head(inputs.options["drawn"])
            row = {"rule": rule, "class": class_name(label)}
            parts += [
                pd.DataFrame({"x": drawn[names[0]], "y": drawn[names[1]]}).assign(
                    kind="event", correct=correct[of_class][: len(drawn)].astype(float), **row
                ),
                pd.DataFrame([{"kind": "share", "correct": correct[of_class].mean(), **row}]),
            ]
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, options: dict[str, Any], study: dict[str, Any]) -> Figure:
    """Draw the events of both classes, those on the wrong side dark, with the shares above."""
    with paper_style():
        fig = Figure(figsize=(7.4, 4.3), layout="constrained")
        axes = fig.subplots(1, len(RULES), sharex=True, sharey=True)
        for ax, (rule, rows) in zip(axes, table.groupby("rule", sort=False), strict=True):
            events = rows[rows["kind"] == "event"]
            for name in ("background", "signal"):
                for correct in (1.0, 0.0):
                    shown = events[(events["class"] == name) & (events["correct"] == correct)]
                    ax.plot(
                        shown["x"],
                        shown["y"],
                        ls="",
                        marker=MARKERS[name] if correct else "x",
                        ms=1.8 if correct else 3.4,
                        mew=0.0 if correct else 0.9,
                        alpha=0.5 if correct else 1.0,
                        color=COLORS[name] if correct else {"signal": "black", "background": "#e76300"}[name],
                        label=f"{name}, {'correct' if correct else 'wrong'}",
                    )
            shares = rows[rows["kind"] == "share"].set_index("class")["correct"]
            ax.set_title(
                f"{RULES[str(rule)]}: correct {100 * shares['signal']:.1f} % of signal,\n"
                f"{100 * shares['background']:.1f} % of background"
            )
            for axis, feature in zip("xy", study["features"], strict=True):
                ax.set(**{f"{axis}label": with_unit(feature["label"], feature["unit"])})
                if "range" in feature:
                    ax.set(**{f"{axis}lim": feature["range"]})
        axes[1].set_ylabel("")
        handles, labels = axes[0].get_legend_handles_labels()
        fig.suptitle(study["title"], fontsize=9, x=0.01, ha="left")
        fig.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, markerscale=2)
    return fig
