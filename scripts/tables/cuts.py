"""The cuts of each network, written as one would write them in an analysis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from scripts.data.cut_table import PROPERTY_COLUMNS


def make_table(
    files: dict[str, list[Path]], study: dict[str, Any], networks: dict[str, dict[str, Any]]
) -> pd.DataFrame:
    """Return one row a network, target and bin, one column a feature: direction, cut and unit."""
    units = {feature["name"]: feature["unit"] for feature in study["features"]}
    rows = []
    for path, network in zip(files["cuts"], networks, strict=True):
        cuts = pd.read_csv(path)
        if cuts.empty:
            raise ValueError(f"network {network} has no cuts to tabulate: name one_to_one or scan networks")
        groups = ["target_efficiency", *(name for name in PROPERTY_COLUMNS if name in cuts)]
        for (target, *of_bin), of_target in cuts.groupby(groups, dropna=False):
            texts: dict[str, str] = {}
            if of_bin:
                followed, low, high = of_bin
                texts["bin"] = f"{low:g} < {followed} < {high:g}"
            for cut in of_target.itertuples():
                edge = f"{cut.direction} {cut.cut:.4g} {units[cut.feature]}".strip()
                # Both edges of a window stand in one cell.
                texts[cut.feature] = f"{texts[cut.feature]}, {edge}" if cut.feature in texts else edge
            rows.append({"network": network, "target_efficiency": target, **texts})
    return pd.DataFrame(rows)
