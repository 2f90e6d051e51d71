"""The kinds of plots: each module turns files into the table that it draws, and the table into a figure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PlotKind:
    """What a kind of plot is made from.

    Parameters
    ----------
    files : tuple of str
        Kinds of files it reads, as workflow/rules/common.smk names them.
    networks : range
        How many networks it takes.
    options : tuple of str
        Keys of the config that it needs besides study and networks.
    """

    files: tuple[str, ...] = ()
    networks: range = range(1)
    options: tuple[str, ...] = ()

    @property
    def needs_study(self) -> bool:
        """Whether it draws a study."""
        return bool(self.files)


ONE = range(1, 2)

#: By the name of the module that draws it.
PLOTS: dict[str, PlotKind] = {
    "activation": PlotKind(options=("scales",)),
    "diagram": PlotKind(options=("model",)),
    "feynman": PlotKind(options=("processes",)),
    "features": PlotKind(files=("features",), options=("bins",)),
    "features_with_cuts": PlotKind(files=("features", "cuts"), networks=ONE, options=("bins", "scaled")),
    "scores": PlotKind(files=("scores",), networks=ONE),
    "scores_near_one": PlotKind(files=("scores",), networks=range(1, 5)),
    "roc": PlotKind(files=("scores",), networks=ONE),
    "scores_and_roc": PlotKind(files=("scores",), networks=ONE),
    "history": PlotKind(files=("history",), networks=ONE),
    "cuts": PlotKind(files=("cuts", "metrics"), networks=range(1, 6), options=("scaled",)),
    "efficiencies": PlotKind(files=("metrics",), networks=ONE),
    "robustness": PlotKind(files=("robustness",)),
    "boundaries": PlotKind(
        files=("features", "model"), networks=range(1, 6), options=("drawn_events", "published")
    ),
    "significance": PlotKind(
        files=("features", "scores"), networks=range(1, 6), options=("against", "demands", "published")
    ),
    "class_efficiencies": PlotKind(files=("features", "scores"), networks=ONE, options=("published",)),
    "background_roc": PlotKind(
        files=("features", "scores"), networks=range(1, 6), options=("background", "published")
    ),
    "loss_landscapes": PlotKind(options=("cross_sections", "luminosity", "epsilon", "errors")),
    "collapse": PlotKind(
        files=("features", "model", "history", "scores"), networks=range(2, 16), options=("demands",)
    ),
}

#: Those that draw yields, which a study with the key ``search`` has.
SEARCH_PLOTS = ("significance", "class_efficiencies", "background_roc", "collapse")
