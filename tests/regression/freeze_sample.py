"""Keep the selected events of the SUSY study for the regression tests, in single precision.

After a change of the simulation, on purpose: `make results`, then in the project's folder
`.venv/bin/python -m tests.regression.freeze_sample`, then `make baseline`.
"""

import shutil
from pathlib import Path

import pandas as pd

RESULTS = Path("results/paper/susy")
REFERENCE = Path(__file__).parent / "reference" / "susy"


def main() -> None:
    """Copy feature table and cutflow from the results."""
    REFERENCE.mkdir(exist_ok=True)
    events = pd.read_parquet(RESULTS / "features.parquet")
    features = events.columns.difference(["label", "split", "weight", "process", "event"])
    events.astype(dict.fromkeys(features, "float32")).to_parquet(
        REFERENCE / "features.parquet", index=False, compression="zstd"
    )
    shutil.copy(RESULTS / "cutflow.csv", REFERENCE)


if __name__ == "__main__":
    main()
