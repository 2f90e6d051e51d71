"""Events that a network classifies correctly with P > 0.5 and with sigmoid(P) > 0.5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ...data.score_table import score_columns, selected
from ...kinds import FigureSettings
from ...settings import Count
from ..style import COLORS, add_title, class_name, label_plane, new_figure, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...study import Study
    from ..inputs import FigureInputs

#: The panels. P is already a probability; its sigmoid, used in the notebooks, is above 0.5 except for P = 0.
RULES = {"output": "$P$ > 0.5", "sigmoid": "sigmoid($P$) > 0.5"}
MARKERS = {"signal": "o", "background": "s"}


class Settings(FigureSettings):
    """Test events in two features, dark if misclassified, for two rules."""

    files = ("features", "scores")
    n_networks = range(1, 2)
    needs = frozenset({"classifier"})
    n_features = 2

    plot: Literal["classification_maps"]
    drawn: Count = Field(description="Number of events of each class that are drawn")


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the events drawn and the shares of all test events.

    Returns
    -------
    DataFrame
        Rows of the ``kind`` event: ``class``, features ``x`` and ``y``, and whether the event is ``correct``
        by a ``rule``. Rows of the kind share: share of the events of a class that are ``correct``.

    Raises
    ------
    ValueError
        If the study does not have two features.
    """
    import pandas as pd

    names = inputs.study.feature_names
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
            drawn = events[of_class].head(inputs.settings.drawn)
            row = {"rule": rule, "class": class_name(label)}
            parts += [
                pd.DataFrame({"x": drawn[names[0]], "y": drawn[names[1]]}).assign(
                    kind="event", correct=correct[of_class][: len(drawn)].astype(float), **row
                ),
                pd.DataFrame([{"kind": "share", "correct": correct[of_class].mean(), **row}]),
            ]
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw the events of both classes, dark if misclassified, with the shares in the titles."""
    with paper_style():
        fig = new_figure(7.4, 4.3)
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
            label_plane(ax, study)
        axes[1].set_ylabel("")
        handles, labels = axes[0].get_legend_handles_labels()
        add_title(fig, study)
        fig.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, markerscale=2)
    return fig
