"""How the directions of the cuts decide what a scan can do.

Trains the scan of a study for every set of directions with a lower cut on MET, and prints them by the
training loss, with the AUC of each target on the test sample; for comparison the AUC of the linear network,
which needs none. Give it the feature table of the SUSY study, from a run of the workflow (64 trainings, some
minutes)::

    OMP_NUM_THREADS=1 PYTHONPATH=. .venv/bin/python benchmarks/compare_directions.py \
        results/paper/susy/features.parquet
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from scripts.evaluate_model import main as evaluate_network
from scripts.models.network import main as train_network

CONFIG = yaml.safe_load((Path(__file__).parents[1] / "config" / "config.yaml").read_text())
FEATURES = [feature["name"] for feature in CONFIG["studies"]["susy"]["features"]]
TARGETS = [0.2, 0.3, 0.5, 0.7, 0.9]


def train(
    table: Path, network: dict[str, Any], directions: list[str], folder: Path
) -> tuple[float, pd.Series]:
    """Train a network; return its last training loss and the AUC of each target."""
    names = ("model.pt", "history.csv", "training.tsv", "cuts.csv", "metrics.csv", "scores")
    model, history, timing, cuts, metrics, scores = (folder / name for name in names)
    train_network(
        table=table,
        model=model,
        history=history,
        timing=timing,
        name=" ".join(directions),
        network=network,
        features=FEATURES,
        directions=directions,
        threads=1,
    )
    evaluate_network(
        table=table, model=model, cuts=cuts, metrics=metrics, scores=scores, features=FEATURES, threads=1
    )
    return pd.read_csv(history)["train_total"].iloc[-1], pd.read_csv(metrics)["auc"]


def main() -> None:
    """Train all sets and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("table", type=Path, help="feature table of the SUSY study")
    table = parser.parse_args().table
    scan = {**CONFIG["networks"]["susy_scan"], "targets": TARGETS}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        _, linear = train(table, CONFIG["networks"]["susy_linear"], [">"] * len(FEATURES), Path(folder))
        for others in itertools.product("<>", repeat=len(FEATURES) - 1):
            loss, auc = train(table, scan, [">", *others], Path(folder))
            rows.append((loss, "".join((">", *others)), auc.mean(), *auc))
    print(f"linear network: AUC {linear[0]:.3f}\nfeatures: {' '.join(FEATURES)}")
    columns = ["loss", "directions", "mean_auc", *(f"auc_{target:g}" for target in TARGETS)]
    print(pd.DataFrame(sorted(rows), columns=columns).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
