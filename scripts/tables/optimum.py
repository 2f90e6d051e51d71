"""Background of cuts relative to that of the best cuts, on Gaussian features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import TableSettings

if TYPE_CHECKING:
    import pandas as pd

    from .inputs import TableInputs


class Settings(TableSettings):
    """Exact efficiencies of the cuts of several networks."""

    files = ("optimum", "cuts")
    n_networks = range(1, 100)
    needs = frozenset({"cuts", "one_bin"})
    standard = "networks"
    standard_caption = (
        "Exact efficiencies of the cuts of {networks}, and how much more background they leave than the best."
    )

    table: Literal["optimum"]


def make_table(inputs: TableInputs[Settings]) -> pd.DataFrame:
    """Return exact efficiencies and their ratios to both optima, one row for each network and target.

    Working points outside the range of the optimum are left out.
    """
    import pandas as pd

    from ..sources.gaussian_optimum import compare_with_optimum

    optimum = inputs.read("optimum")
    parts = []
    for position, network in enumerate(inputs.networks):
        cuts = inputs.read("cuts", position)
        if cuts.empty:
            raise ValueError(f"network {network} has no cuts to compare: name networks with cuts")
        points = compare_with_optimum(cuts, optimum, inputs.study).dropna(subset="over_one_sided")
        points.insert(0, "network", network)
        parts.append(points)
    return pd.concat(parts, ignore_index=True)
