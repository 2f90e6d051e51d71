"""Expected significance of a counting experiment against signal efficiency, for all working points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import FigureSettings
from .style import LINE_COLORS, STARS, add_title, new_figure, paper_style, points_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..study import Study
    from .inputs import FigureInputs


class Settings(FigureSettings):
    """Yields of the counting experiment at every working point."""

    files = ("features", "cuts", "metrics", "scores")
    takes_folds = True
    n_networks = range(1, 8)
    needs_yields = True
    standard = "networks"
    standard_caption = (
        "Expected significance of the working points of {networks} on the test sample; below, the background "
        "that is left."
    )

    plot: Literal["expected_significance"]


def tabulate(inputs: FigureInputs[Settings]) -> pd.DataFrame:
    """Return ``network`` and the columns of :func:`~scripts.evaluation.expected_yields.tabulate_yields`."""
    import pandas as pd

    from ..evaluation.expected_yields import tabulate_yields

    features = inputs.read("features")
    parts = []
    for position, name in enumerate(inputs.networks):
        cuts, metrics, scores = (inputs.read(kind, position) for kind in ("cuts", "metrics", "scores"))
        points = tabulate_yields(inputs.study, features, cuts, metrics, scores)
        points.insert(0, "network", name)
        parts.append(points.sort_values("signal_efficiency", kind="stable"))
    return pd.concat(parts, ignore_index=True)


def make_figure(table: pd.DataFrame, figure: Settings, study: Study) -> Figure:
    """Draw significance against signal efficiency, and below it the background yield.

    Efficiencies are exact where known, and those of the test sample otherwise.
    """
    from ..evaluation.expected_yields import known

    experiment = study.counting_experiment
    assert experiment is not None
    with paper_style():
        fig = new_figure(6, 5.5)
        top, bottom = fig.subplots(2, sharex=True, height_ratios=[2, 1])
        stars = iter(STARS)
        for color, (network, points) in zip(LINE_COLORS, table.groupby("network", sort=False), strict=False):
            style = points_style(len(points), stars, 10)
            efficiency = points["signal_efficiency"]
            # An exact background has no statistical uncertainty.
            uncertainty = points["background_uncertainty"].where(points["exact_background"].isna(), 0.0)
            top.plot(efficiency, known(points, "significance"), color=color, label=network, **style)
            bottom.errorbar(efficiency, known(points, "background"), uncertainty, color=color, **style)
        bottom.set_yscale("log")
        top.set_ylabel(r"Expected significance [$\sigma$]")
        bottom.set_ylabel("Background [events]", loc="center")
        bottom.set_xlabel("Signal efficiency")
        top.set_xlim(0, 1)
        top.set_ylim(0, None)
        luminosity = experiment.luminosity or getattr(study.source, "luminosity", 0.0)
        about = f"{luminosity:g} fb$^{{-1}}$, "
        if experiment.uncertainties:
            ends = sorted({min(experiment.uncertainties.values()), max(experiment.uncertainties.values())})
            about += f"backgrounds known to {' to '.join(f'{100 * end:g}' for end in ends)} %"
        else:
            about += f"background known to {100 * (experiment.relative_uncertainty or 0.0):g} %"
        if table["exact_significance"].notna().any():
            about += "; exact efficiencies of cuts"
        top.set_title(about, fontsize=9, loc="right")
        add_title(fig, study)
        top.legend(loc="best")
    return fig
