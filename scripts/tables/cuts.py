"""The cuts of each network, in the notation of an analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import TableSettings

if TYPE_CHECKING:
    import pandas as pd

    from .inputs import TableInputs


class Settings(TableSettings):
    """Cuts with one row for each network, target and bin."""

    files = ("cuts",)
    takes_folds = True
    n_networks = range(1, 100)
    needs = frozenset({"cuts"})
    standard = "networks"
    standard_caption = "The cuts of {networks}; an event must pass all of a row."

    table: Literal["cuts"]


def make_table(inputs: TableInputs[Settings]) -> pd.DataFrame:
    """Return one row for each network, target and bin, with direction, cut and unit of each feature.

    Of folds the cut is the mean, ``±`` the standard deviation over the folds. A cut that no training event
    fails alone is ``none``.
    """
    import pandas as pd

    from ..data.cut_table import PROPERTY_COLUMNS, edges_text, folds_of_cuts, over_folds

    units = {feature.name: feature.unit for feature in inputs.study.features}
    rows = []
    for position, network in enumerate(inputs.networks):
        cuts = inputs.read("cuts", position)
        if cuts.empty:
            raise ValueError(f"network {network} has no cuts to tabulate: name one_to_one or scan networks")
        n_folds, cuts = folds_of_cuts(cuts), over_folds(cuts)
        groups = ["target_efficiency", *(name for name in PROPERTY_COLUMNS if name in cuts)]
        for (target, *of_bin), of_target in cuts.groupby(groups, dropna=False):
            texts: dict[str, str] = {}
            if of_bin:
                followed, low, high = of_bin
                texts["bin"] = f"{low:g} < {followed} < {high:g}"
            for feature, edges in of_target.groupby("feature", sort=False):
                texts[str(feature)] = edges_text(edges, units[str(feature)], n_folds)
            first = {"network": network, "target_efficiency": target}
            if "target_met" in cuts:
                first["target_met"] = of_target["target_met"].iloc[0]
            rows.append(first | texts)
    return pd.DataFrame(rows)
