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

    Of folds the cut is the mean, ``±`` the standard deviation over the folds.
    """
    import pandas as pd

    from ..data.cut_table import PROPERTY_COLUMNS, folds_of_cuts, over_folds, row_text

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
            for cut in of_target.itertuples():
                edge = row_text(cut, units[cut.feature], n_folds)
                # Both edges of a window are in one cell.
                texts[cut.feature] = f"{texts[cut.feature]}, {edge}" if cut.feature in texts else edge
            rows.append({"network": network, "target_efficiency": target, **texts})
    return pd.DataFrame(rows)
