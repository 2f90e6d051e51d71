"""Every method at the same working points: ROC area, background, smoothness of the cuts, time of training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from scripts.evaluation.comparison import compare_networks


def make_table(
    files: dict[str, list[Path]], study: dict[str, Any], networks: dict[str, dict[str, Any]]
) -> pd.DataFrame:
    """Return one row a network; the background efficiencies are at the targets of the first one."""
    rows = compare_networks(
        list(networks),
        pd.read_parquet(files["features"][0]),
        [pd.read_csv(path) for path in files["metrics"]],
        [pd.read_csv(path) for path in files["cuts"]],
        [pd.read_csv(path, sep="\t") for path in files["timing"]],
    )
    of_network = rows.drop_duplicates("network").set_index("network")
    background = rows.pivot(index="network", columns="target_efficiency", values="background_efficiency")
    table = pd.DataFrame(
        {
            "network": list(networks),
            "model": [network["model"] for network in networks.values()],
            "roc_area": of_network["roc_area"].to_numpy(),
            **{
                f"background_at_{target:g}": background.loc[list(networks), target].to_numpy()
                for target in background.columns
            },
            "roughness": of_network["roughness"].to_numpy(),
            "training_seconds": of_network["training_seconds"].to_numpy(),
        }
    )
    return table
