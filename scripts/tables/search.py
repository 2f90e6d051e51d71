"""What the working points of networks are worth to a search, and the best one of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from scripts.searches import ROUNDING, keeps_minimum, known, tabulate_search


def make_table(
    files: dict[str, list[Path]], study: dict[str, Any], networks: dict[str, dict[str, Any]]
) -> pd.DataFrame:
    """Return yields and significance, one row a network and working point, and which is a network's best.

    The best has the largest significance of those that keep the minimum signal of the search: the exact one
    where it is known, that of the test sample otherwise.
    """
    features = pd.read_parquet(files["features"][0])
    parts = []
    for position, network in enumerate(networks):
        cuts, metrics = (pd.read_csv(files[kind][position]) for kind in ("cuts", "metrics"))
        scores = pd.read_parquet(files["scores"][position])
        points = tabulate_search(study, features, cuts, metrics, scores)
        enough = keeps_minimum(points, study["search"])
        significance = known(points, "significance")
        points["best"] = enough & (significance >= significance[enough].max() * (1 - ROUNDING))
        points.insert(0, "network", network)
        parts.append(points)
    return pd.concat(parts, ignore_index=True)
