"""Comparison of cuts that follow a property with the best cuts of a toy, bin by bin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from ..evaluation.property_bins import bin_faults
from ..kinds import TableSettings
from ..settings import Fault

if TYPE_CHECKING:
    import pandas as pd

    from ..study import Study
    from .inputs import TableInputs


class Settings(TableSettings):
    """Exact efficiencies of the cuts of several networks in every bin."""

    files = ("features", "bin_optimum", "cuts")
    n_networks = range(1, 100)
    needs = frozenset({"cuts"})

    table: Literal["property_bins"]

    def check(self, study: Study) -> Iterator[Fault]:
        """Yield a fault for each network with other bins."""
        yield from bin_faults(self.networks, study)


def make_table(inputs: TableInputs[Settings]) -> pd.DataFrame:
    """Return exact efficiencies and the distance to the best cuts for each network, target and bin.

    The last columns are efficiencies of cuts interpolated between the bins; they are empty for cuts that can
    have two edges, as those of kCuts.
    """
    import pandas as pd

    from ..sources.property_optimum import BIN_COLUMNS, compare_bins, interpolated_efficiencies

    events, optimum = inputs.read("features"), inputs.read("bin_optimum")
    parts = []
    for position, name in enumerate(inputs.networks):
        cuts, network = inputs.read("cuts", position), inputs.study.networks[name]
        table = compare_bins(cuts, optimum, inputs.study, events)
        table.insert(0, "network", name)
        one_sided = "loss" in network.offers and not cuts.duplicated([*BIN_COLUMNS, "feature"]).any()
        # A preselection has no target, so it cannot be compared with the optimum.
        if one_sided and "classifier" not in network.offers:
            between = interpolated_efficiencies(cuts, inputs.study).rename(
                columns=lambda name: name if name in BIN_COLUMNS else f"interpolated_{name}"
            )
            table = table.merge(between, on=BIN_COLUMNS)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)
