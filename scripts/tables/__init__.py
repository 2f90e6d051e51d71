"""The kinds of tables, as :mod:`scripts.figures` has the kinds of plots."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.models.competitors import COMPETITORS, WITHOUT_CUTS


@dataclass(frozen=True)
class TableKind:
    """What a kind of table is made from.

    Parameters
    ----------
    files : tuple of str
        Kinds of files it reads, as workflow/rules/common.smk names them.
    networks : range
        How many networks it takes.
    not_of : tuple of str
        Models that it cannot show.
    needs_search : bool
        Whether it shows yields, which a study with the key ``search`` has.
    takes_bins : bool
        Whether it can show networks whose cuts follow a property of the event.
    """

    files: tuple[str, ...] = ()
    networks: range = range(1)
    needs_study: bool = True
    not_of: tuple[str, ...] = ()
    needs_search: bool = False
    takes_bins: bool = True


MANY = range(1, 100)

TABLES: dict[str, TableKind] = {
    "hyperparameters": TableKind(networks=range(1, 2), needs_study=False, not_of=COMPETITORS),
    "working_points": TableKind(files=("metrics",), networks=MANY),
    "cuts": TableKind(files=("cuts",), networks=MANY, not_of=WITHOUT_CUTS),
    "cutflow": TableKind(files=("cutflow",)),
    "optimum": TableKind(files=("optimum", "cuts"), networks=MANY, not_of=WITHOUT_CUTS, takes_bins=False),
    "search": TableKind(files=("features", "cuts", "metrics", "scores"), networks=MANY, needs_search=True),
    "competitors": TableKind(
        files=("features", "metrics", "cuts", "timing"), networks=MANY, takes_bins=False
    ),
    "property": TableKind(files=("features", "bin_optimum", "cuts"), networks=MANY, not_of=WITHOUT_CUTS),
}
