"""What the hard cuts of each network do at each target efficiency."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd


def make_table(
    files: dict[str, list[Path]], study: dict[str, Any], networks: dict[str, dict[str, Any]]
) -> pd.DataFrame:
    """Return the metrics of all networks, one row a network and target."""
    parts = [
        pd.read_csv(path).assign(network=name, epochs=network.get("epochs"))
        for path, (name, network) in zip(files["metrics"], networks.items(), strict=True)
    ]
    table = pd.concat(parts, ignore_index=True)
    return table[
        ["network", "epochs", *(name for name in table.columns if name not in ("network", "epochs"))]
    ]
