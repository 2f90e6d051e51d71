"""Table 1 of arXiv:2502.08615: the coefficients of the loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

USES = {
    "efficiency": ("alpha", "Importance of reaching target signal efficiency"),
    "background": ("beta", "Importance of minimizing background"),
    "cut_size": ("gamma", "Overall magnitude of cuts"),
    "bce": ("delta", "BCE term"),
    "smoothness": ("epsilon", "Smoothness of cuts across signal efficiencies"),
}


def make_table(
    files: dict[str, list[Path]], study: dict[str, Any], networks: dict[str, dict[str, Any]]
) -> pd.DataFrame:
    """Return parameter, use and value of each coefficient that a network is trained with."""
    (network,) = networks.values()
    rows = [(symbol, use, float(network["loss"].get(term, 0.0))) for term, (symbol, use) in USES.items()]
    return pd.DataFrame(rows, columns=["Parameter", "Use", "Value"])
