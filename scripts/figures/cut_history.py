"""The cuts of several networks against the epoch, with a panel for each feature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Len
from pydantic import Field

from ..kinds import FigureSettings, not_known
from ..settings import Fault, Name, Number
from .processes import draw_published, network_styles
from .style import add_title, panel_grid, paper_style, shared_legend, with_unit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs

#: Prefix of the columns of a history with cuts.
PREFIX = "cut_"
#: Largest number of epochs that are drawn for each network.
N_POINTS = 400


class Settings(FigureSettings):
    """Cuts that were recorded in the training, with a panel for each feature."""

    files = ("history",)
    n_networks = range(1, 6)
    needs = frozenset({"cut_history"})

    plot: Literal["cut_history"]
    published_cuts: dict[Name, Annotated[list[Number], Len(1)]] = Field(
        default={},
        description="Cuts at the end of a published training, by network: one number for each feature",
    )

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for published cuts of an unknown network, or a wrong number of them."""
        for name, cuts in self.published_cuts.items():
            if name not in self.networks:
                yield "published_cuts", not_known("name", name, self.networks)
            elif len(cuts) != len(study.features):
                text = f"{len(cuts)} cuts for the {len(study.features)} features of the study"
                yield f"published_cuts.{name}", text


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``name`` of the network, ``feature``, epoch ``x``, cut ``y`` and ``kind`` (ours or published).

    Raises
    ------
    ValueError
        If a history has no cuts.
    """
    import pandas as pd

    names = inputs.study.feature_names
    parts = []
    for position, network in enumerate(inputs.networks):
        history = inputs.read("history", position)
        columns = cut_columns(history, network)
        drawn = history.iloc[:: max(1, len(history) // N_POINTS)]
        for column in columns:
            parts.append(
                pd.DataFrame({"x": drawn["epoch"], "y": drawn[column]}).assign(
                    name=network, feature=column.removeprefix(PREFIX), kind="ours"
                )
            )
    for network, cuts in inputs.settings.published_cuts.items():
        epochs = len(inputs.read("history", inputs.networks.index(network)))
        parts.append(
            pd.DataFrame({"x": epochs, "y": cuts, "feature": names}).assign(name=network, kind="published")
        )
    return pd.concat(parts, ignore_index=True)


def cut_columns(history: pd.DataFrame, network: str) -> list[str]:
    """Return the names of the columns of a history with cuts.

    Raises
    ------
    ValueError
        If there are none.
    """
    columns = [name for name in history if name.startswith(PREFIX)]
    if not columns:
        raise ValueError(f"the history of {network} has no cuts: its entry needs record_cuts: true")
    return columns


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw our cuts as lines, and published cuts as open markers at the end of the training."""
    styles = network_styles(figure.networks)
    with paper_style():
        fig, axes = panel_grid(len(study.features), panel_size=(3.6, 3.0))
        for ax, feature in zip(axes, study.features, strict=True):
            of_feature = table[table["feature"] == feature.name]
            for name, rows in of_feature[of_feature["kind"] == "ours"].groupby("name", sort=False):
                ax.plot(rows["x"], rows["y"], color=styles[str(name)]["color"], label=str(name))
            draw_published(ax, of_feature, styles)
            ax.set_xlabel("Epoch", loc="center")
            ax.set_ylabel(with_unit(f"Cut on {feature.label}", feature.unit), loc="center")
        shared_legend(fig, axes[0], columns=3)
        add_title(fig, study)
    return fig
