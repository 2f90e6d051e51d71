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
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from scripts.data.feature_table import read_feature_table
from scripts.evaluation.working_points import measure
from scripts.models.base import TrainingTask
from scripts.parsing import parse_kind

SUSY = yaml.safe_load((Path(__file__).parents[1] / "config" / "paper" / "susy.yaml").read_text())["studies"][
    "susy"
]
FEATURES = [feature["name"] for feature in SUSY["features"]]
TARGETS = [0.2, 0.3, 0.5, 0.7, 0.9]


def train(events: pd.DataFrame, network: dict[str, Any], directions: list[str]) -> tuple[float, pd.Series]:
    """Train a network; return its last training loss and the AUC of each target."""
    task = TrainingTask(" ".join(directions), events, FEATURES, directions)
    model, history = parse_kind("model", network).fit(task)
    metrics, _ = measure(model, events)
    return history["train_total"].iloc[-1], metrics["auc"]


def main() -> None:
    """Train all sets and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("table", type=Path, help="feature table of the SUSY study")
    events = read_feature_table(parser.parse_args().table, FEATURES)
    scan = {**SUSY["networks"]["susy_scan"], "targets": TARGETS}
    rows = []
    _, linear = train(events, SUSY["networks"]["susy_linear"], [">"] * len(FEATURES))
    for others in itertools.product("<>", repeat=len(FEATURES) - 1):
        loss, auc = train(events, scan, [">", *others])
        rows.append((loss, "".join((">", *others)), auc.mean(), *auc))
    print(f"linear network: AUC {linear[0]:.3f}\nfeatures: {' '.join(FEATURES)}")
    columns = ["loss", "directions", "mean_auc", *(f"auc_{target:g}" for target in TARGETS)]
    print(pd.DataFrame(sorted(rows), columns=columns).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
