"""What cuts that follow a property do in each of its bins, beside the best cuts of a toy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from scripts.models.network_settings import CUT_MODELS
from scripts.sources.property_optimum import BIN_COLUMNS, compare_bins, interpolated_efficiencies


def make_table(
    files: dict[str, list[Path]], study: dict[str, Any], networks: dict[str, dict[str, Any]]
) -> pd.DataFrame:
    """Return one row a network, target and bin: exact efficiencies and the distance to the best cuts.

    The last columns are efficiencies of cuts that are interpolated between the bins; empty for a search,
    whose cuts have two edges.
    """
    events = pd.read_parquet(files["features"][0])
    optimum = pd.read_csv(files["bin_optimum"][0])
    parts = []
    for path, (name, network) in zip(files["cuts"], networks.items(), strict=True):
        cuts = pd.read_csv(path)
        table = compare_bins(cuts, optimum, study, events)
        table.insert(0, "network", name)
        if network["model"] in CUT_MODELS and network.get("weights") != "windows":
            between = interpolated_efficiencies(cuts, study).rename(
                columns=lambda name: name if name in BIN_COLUMNS else f"interpolated_{name}"
            )
            table = table.merge(between, on=BIN_COLUMNS)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)
