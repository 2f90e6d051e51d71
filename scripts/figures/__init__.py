"""The kinds of plots: each module turns files into the table that it draws, and the table into a figure."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.models.competitors import BOX_SEARCHES, COMPETITORS, WITHOUT_CUTS


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
    not_of : tuple of str
        Models that it cannot draw.
    needs_search : bool
        Whether it draws yields, which a study with the key ``search`` has.
    takes_bins : bool
        Whether it can draw networks whose cuts follow a property of the event.
    """

    files: tuple[str, ...] = ()
    networks: range = range(1)
    options: tuple[str, ...] = ()
    not_of: tuple[str, ...] = ()
    needs_search: bool = False
    takes_bins: bool = True

    @property
    def needs_study(self) -> bool:
        """Whether it draws a study."""
        return bool(self.files)


ONE = range(1, 2)
#: All models but those with a straight boundary.
NOT_LINEAR = (*COMPETITORS, "fully_connected", "one_to_one", "scan")
#: All but the product of cuts and a network.
NOT_JOINT = ("linear", *NOT_LINEAR)
#: Models without one set of cuts that can be followed from epoch to epoch.
NO_SET_OF_CUTS = (*COMPETITORS, "linear", "fully_connected", "scan")

#: By the name of the module that draws it.
PLOTS: dict[str, PlotKind] = {
    "activation": PlotKind(options=("scales",)),
    "diagram": PlotKind(options=("model",)),
    "feynman": PlotKind(options=("processes",)),
    "features": PlotKind(files=("features",), options=("bins",)),
    "features_with_cuts": PlotKind(
        files=("features", "cuts"),
        networks=ONE,
        options=("bins", "scaled"),
        not_of=WITHOUT_CUTS,
        takes_bins=False,
    ),
    "scores": PlotKind(files=("scores",), networks=ONE, not_of=BOX_SEARCHES),
    "scores_near_one": PlotKind(files=("scores",), networks=range(1, 5), not_of=BOX_SEARCHES),
    "roc": PlotKind(files=("scores",), networks=ONE, not_of=BOX_SEARCHES),
    "scores_and_roc": PlotKind(files=("scores",), networks=ONE, not_of=BOX_SEARCHES),
    "history": PlotKind(files=("history",), networks=ONE, not_of=BOX_SEARCHES),
    "cuts": PlotKind(
        files=("cuts", "metrics"),
        networks=range(1, 6),
        options=("scaled",),
        not_of=WITHOUT_CUTS,
        takes_bins=False,
    ),
    "efficiencies": PlotKind(files=("metrics",), networks=ONE),
    "robustness": PlotKind(files=("robustness",)),
    "boundaries": PlotKind(
        files=("features", "model"),
        networks=range(1, 6),
        options=("drawn_events", "published"),
        not_of=NOT_LINEAR,
    ),
    "significance": PlotKind(
        files=("features", "scores"),
        networks=range(1, 6),
        options=("against", "demands", "published"),
        not_of=(*BOX_SEARCHES, "scan"),
        needs_search=True,
    ),
    "class_efficiencies": PlotKind(
        files=("features", "scores"),
        networks=ONE,
        options=("published",),
        not_of=(*BOX_SEARCHES, "scan"),
        needs_search=True,
    ),
    "background_roc": PlotKind(
        files=("features", "scores"),
        networks=range(1, 6),
        options=("background", "published"),
        not_of=(*BOX_SEARCHES, "scan"),
        needs_search=True,
    ),
    "loss_landscapes": PlotKind(options=("cross_sections", "luminosity", "epsilon", "errors")),
    "collapse": PlotKind(
        files=("features", "model", "history", "scores"),
        networks=range(2, 16),
        options=("demands",),
        not_of=NOT_LINEAR,
        needs_search=True,
    ),
    "optimum": PlotKind(
        files=("optimum", "cuts"), networks=range(1, 8), not_of=WITHOUT_CUTS, takes_bins=False
    ),
    "search": PlotKind(
        files=("features", "cuts", "metrics", "scores"), networks=range(1, 8), needs_search=True
    ),
    "competitors": PlotKind(
        files=("features", "scores", "metrics", "cuts", "timing"), networks=range(2, 8), takes_bins=False
    ),
    "property_cuts": PlotKind(
        files=("bin_optimum", "cuts"), networks=range(1, 5), options=("target", "curves"), not_of=WITHOUT_CUTS
    ),
    "property_efficiencies": PlotKind(
        files=("features", "bin_optimum", "cuts"),
        networks=range(1, 5),
        options=("target",),
        not_of=WITHOUT_CUTS,
    ),
    "property_distances": PlotKind(files=("repeats",)),
    "emulations": PlotKind(files=("features",)),
    "emulated_losses": PlotKind(files=("features",)),
    "gradient_reach": PlotKind(files=("features",)),
    "cut_surfaces": PlotKind(files=("features",)),
    "descent": PlotKind(files=("history",), networks=ONE, not_of=NO_SET_OF_CUTS),
    "cut_history": PlotKind(
        files=("history",), networks=range(1, 6), options=("published_cuts",), not_of=NO_SET_OF_CUTS
    ),
    "cuts_on_plane": PlotKind(
        files=("features", "cuts"), networks=range(1, 6), not_of=WITHOUT_CUTS, takes_bins=False
    ),
    "joint_scores": PlotKind(files=("scores",), networks=range(1, 7), not_of=NOT_JOINT),
    "classification_maps": PlotKind(
        files=("features", "scores"), networks=ONE, options=("drawn",), not_of=NOT_JOINT
    ),
    "passing_against_cut": PlotKind(
        files=("features", "model"), networks=ONE, not_of=NOT_JOINT, takes_bins=False
    ),
    "kept_fractions": PlotKind(files=("kept_fractions",)),
}
