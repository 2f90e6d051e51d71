"""Small files that tables are made of."""

from pathlib import Path

import pandas as pd

FEATURES = [
    {"name": "met_et", "direction": ">", "label": "MET", "unit": "GeV"},
    {"name": "dphi", "direction": "<", "label": r"$\Delta\phi$", "unit": ""},
]
NAN = float("nan")


def write_csv(path: Path, columns: list[str], *rows: tuple) -> Path:
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path
