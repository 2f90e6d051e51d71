"""How much more background cuts leave than the best ones, on Gaussian features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from scripts.sources.gaussian_optimum import compare_with_optimum


def make_table(
    files: dict[str, list[Path]], study: dict[str, Any], networks: dict[str, dict[str, Any]]
) -> pd.DataFrame:
    """Return exact efficiencies and their ratios to both optima, one row a network and target.

    Working points outside of the optimum's range are left out.
    """
    optimum = pd.read_csv(files["optimum"][0])
    parts = []
    for path, network in zip(files["cuts"], networks, strict=True):
        cuts = pd.read_csv(path)
        if cuts.empty:
            raise ValueError(f"network {network} has no cuts to compare: name networks with cuts")
        points = compare_with_optimum(cuts, optimum, study).dropna(subset="over_one_sided")
        points.insert(0, "network", network)
        parts.append(points)
    return pd.concat(parts, ignore_index=True)
