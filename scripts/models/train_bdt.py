"""Train boosted decision trees, to compare with."""

import logging
from pathlib import Path
from typing import Any

from scripts.data.feature_table import equal_weights, read_feature_table
from scripts.jobs.progress import LineProgress
from scripts.jobs.stopwatch import Stopwatch
from scripts.models.bdt import train_trees
from scripts.models.competitor_settings import TreeSettings, parse_competitor

log = logging.getLogger("cabin.train_bdt")


def main(
    *,
    table: Path,
    model: Path,
    history: Path,
    timing: Path,
    name: str,
    network: dict[str, Any],
    features: list[str],
    equal_class_weights: bool = False,
) -> None:
    """Train on a feature table and write the trees and their history.

    Parameters
    ----------
    table : Path
        Feature table (parquet).
    model, history, timing : Path
        Written: the trees (json of xgboost), the losses after every tree (csv), and how long it took (tsv).
    name : str
        Of study and network, for the progress lines.
    network : dict
        The entry in the config.
    features : list of str
        Of the study.
    equal_class_weights : bool
        Whether the training weighs both classes the same.
    """
    settings = parse_competitor(network)
    if not isinstance(settings, TreeSettings):
        raise ValueError(f"{name}: {network['model']} is not a boosted decision tree")
    events = read_feature_table(table, features)
    training, test = (
        sample.assign(weight=equal_weights(sample)) if equal_class_weights else sample
        for sample in (events[events["split"] == split] for split in ("train", "test"))
    )
    progress = LineProgress(log, name, "tree", settings.trees)
    stopwatch = Stopwatch()
    trained, rows = train_trees(
        training,
        test,
        features,
        settings,
        lambda row: progress.update(int(row["epoch"]) + 1, f"loss kept apart {row['validation_total']:.5g}"),
    )
    stopwatch.write(timing)
    rows.to_csv(history, index=False)
    trained.save(model)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
