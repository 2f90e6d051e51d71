"""How many background events cuts must leave, so that the polish helps and not only follows fluctuations.

Trains the network `optimal_scan` of the Gaussian study, at ten close targets, on fresh samples of the same
distributions, polishes its cuts with no least number of events, and compares both with the exact optimum. It
prints the geometric means of the ratios of the background to that of the best cuts at equal signal, and of
the change by the polish with its statistical error, by the number of training events that the polished cuts
leave (five minutes)::

    OMP_NUM_THREADS=1 PYTHONPATH=. .venv/bin/python benchmarks/polish_on_gaussian.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from scripts.models.base import TrainingTask
from scripts.parsing import parse_kind
from scripts.sources.gaussian_optimum import GaussianClasses

CONFIG = yaml.safe_load((Path(__file__).parents[1] / "config" / "paper" / "gaussian.yaml").read_text())
GAUSSIAN = CONFIG["studies"]["gaussian"]
NETWORK = GAUSSIAN["networks"]["optimal_scan"]
#: Events of a class, targets, seeds of the samples.
SAMPLES: list[tuple[int, list[float], range]] = [
    (4000, [0.84, 0.85, 0.86, 0.87, 0.88, 0.89, 0.90, 0.92, 0.94, 0.96], range(1, 9)),
    (4000, [0.90, 0.905, 0.91, 0.915, 0.92, 0.925, 0.93, 0.935, 0.94, 0.945], range(21, 45)),
    (16000, [0.84, 0.85, 0.86, 0.87, 0.88, 0.89, 0.90, 0.92, 0.94, 0.96], range(51, 57)),
]
EDGES = [-1.0, 2.0, 5.0, 10.0, 20.0, 35.0, 50.0, 100.0, 250.0, np.inf]


def draw(classes: GaussianClasses, n_events: int, seed: int) -> pd.DataFrame:
    """Return a feature table; its test sample, which the training only looks at, is a tenth of it."""
    random = np.random.default_rng(seed)
    samples = [
        mean + width * random.standard_normal((n_events, len(mean)))
        for mean, width in zip(classes.means.T, classes.widths.T, strict=True)
    ]
    table = pd.DataFrame(np.vstack(samples), columns=list(classes.features))
    table = table.assign(label=np.repeat([1, 0], n_events), weight=1.0, split="train")
    return pd.concat([table, table.iloc[::10].assign(split="test")], ignore_index=True)


def compare(classes: GaussianClasses, n_events: int, targets: list[float], seed: int) -> pd.DataFrame:
    """Return the ratios to the optimum of trained and polished cuts, and the events that are left."""
    events = draw(classes, n_events, seed)
    features = list(classes.features)
    task = TrainingTask("", events, features, list(classes.directions))
    entry = {**NETWORK, "targets": targets}
    background = events[(events["split"] == "train") & (events["label"] == 0)]
    columns: dict[str, NDArray[np.float64]] = {}
    for name, polish in (("trained", False), ("polished", {"least_background": 0.5})):
        model, _ = parse_kind("model", {**entry, "polish": polish}).fit(task)
        exact = classes.efficiencies(model.cuts())
        best = [classes.best_cuts(float(at), windows=False)[2] for at in exact["signal_efficiency"]]
        columns[name] = exact["background_efficiency"].to_numpy() / np.array(best)
        columns["left"] = model.select(background, np.empty(0), np.empty(0)).sum(axis=0)
    return pd.DataFrame(columns)


def main() -> None:
    """Compare on all samples and print the means."""
    source = parse_kind("source", GAUSSIAN["source"])
    features = GAUSSIAN["features"]
    names, directions = (tuple(one[key] for one in features) for key in ("name", "direction"))
    classes = GaussianClasses(names, directions, *source.gaussians(len(features)))
    found = [
        compare(classes, n_events, targets, seed) for n_events, targets, seeds in SAMPLES for seed in seeds
    ]
    table = pd.concat(found, ignore_index=True)
    change = table["polished"] / table["trained"]
    grouped = table.assign(worse=change > 1.0, change=change, logarithm=np.log(change)).groupby(
        pd.cut(table["left"], EDGES), observed=True
    )
    means = grouped[["trained", "polished", "change"]].agg(lambda ratios: np.exp(np.log(ratios).mean()))
    means["error"] = grouped["logarithm"].sem()
    print(means.assign(worse=grouped["worse"].mean(), points=grouped.size()).round(3).to_string())


if __name__ == "__main__":
    main()
