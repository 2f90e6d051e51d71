"""Efficiencies against the target (Figures 14 and 20)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from ..kinds import FigureSettings
from ..settings import Fault
from .style import COLORS, LABELS, add_title, new_figure, paper_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs


class Settings(FigureSettings):
    """Efficiencies of the hard cuts, and mean scores as in the loss, of a network with targets."""

    files = ("metrics",)
    takes_folds = True
    n_networks = range(1, 2)
    needs = frozenset({"cuts", "loss"})
    standard = "network"
    standard_caption = (
        "Signal and background efficiency of {networks} against the target, of the hard cuts on the test "
        "sample and as the loss sees them."
    )

    plot: Literal["efficiencies"]

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for a network without targets."""
        for name in self.networks:
            if not study.networks[name].working_points:
                yield "networks", f"{name} has no targets to draw against: name a network with targets"


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return the efficiencies of the test sample by increasing target, hard cuts and mean scores.

    Raises
    ------
    ValueError
        If the network has no targets.
    """
    metrics = inputs.read("metrics")
    if metrics["target_efficiency"].isna().any():
        raise ValueError(f"network {inputs.networks[0]} has no targets: name a scan network")
    columns = [name for name in metrics if "efficiency" in name and not name.startswith("training_")]
    return metrics[columns].sort_values("target_efficiency", ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw signal and background efficiency, from the hard cuts and from the mean scores."""
    target = table["target_efficiency"]
    with paper_style():
        fig = new_figure(5, 4.2)
        ax = fig.subplots()
        ax.plot([0, 1], [0, 1], color="grey", ls=":", lw=1, label="Target met")
        for name, marker in (("signal", "o"), ("background", "s")):
            ax.errorbar(
                target,
                table[f"{name}_efficiency"],
                table[f"{name}_efficiency_uncertainty"],
                fmt=marker,
                color=COLORS[name],
                label=f"{LABELS[name]}, hard cuts",
            )
            ax.plot(
                target,
                table[f"loss_{name}_efficiency"],
                color=COLORS[name],
                ls="--" if name == "signal" else "-.",
                label=f"{LABELS[name]}, in the loss",
            )
        ax.grid(alpha=0.4)
        ax.set(xlim=(0, 1), ylim=(-0.02, 1.02), xlabel="Target signal efficiency", ylabel="Efficiency")
        ax.legend(loc="upper left")
        add_title(fig, study)
    return fig
