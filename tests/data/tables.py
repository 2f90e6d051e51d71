"""A feature table on disk in small row groups, for what reads it block by block."""

from pathlib import Path

import numpy as np
import pandas as pd

FEATURES = ["x", "y"]


def make_table(n_events: int = 1000, seed: int = 1) -> pd.DataFrame:
    """Return events, first all signal, with two features, a property from 0 to 3 and three processes."""
    random = np.random.default_rng(seed)
    label = (np.arange(n_events) < 0.4 * n_events).astype(np.int8)
    return pd.DataFrame(
        {
            "x": random.normal(label, 1.0, n_events) + 1000.0,
            "y": random.normal(-label, 3.0, n_events),
            "pt": random.uniform(0.0, 3.0, n_events),
            "label": label,
            "split": np.where(random.random(n_events) < 0.3, "test", "train"),
            "weight": random.uniform(0.5, 2.0, n_events),
            "process": np.where(label == 1, "signal", random.choice(["ww", "top"], n_events)),
        }
    )


def write(table: pd.DataFrame, folder: Path, rows: int = 128) -> Path:
    """Write a table in row groups of some rows."""
    path = folder / "features.parquet"
    table.to_parquet(path, index=False, row_group_size=rows)
    return path
