"""Train one model of a study, by gradient descent or by another method."""

from pathlib import Path
from typing import Any

from scripts.data.event_bins import columns_of
from scripts.data.feature_table import read_feature_table
from scripts.jobs.bridge import bridge
from scripts.jobs.stopwatch import Stopwatch
from scripts.models.base import TrainingTask, bins_of
from scripts.parsing import parse, parse_kind
from scripts.study import CountingExperiment


def main(
    *,
    table: Path,
    model: Path,
    history: Path,
    timing: Path,
    name: str,
    network: dict[str, Any],
    features: list[str],
    directions: list[str],
    threads: int,
    equal_class_weights: bool = False,
    counting_experiment: dict[str, Any] | None = None,
) -> None:
    """Fit a model to a feature table and write it with its history.

    Parameters
    ----------
    table : Path
        Feature table (parquet).
    model, history, timing : Path
        Written: the model, the history of the training (csv) and the time that it took (tsv).
    name, features, directions, threads, equal_class_weights
        As in :class:`scripts.models.base.TrainingTask`.
    network : dict
        The model's entry in the config.
    counting_experiment : dict, optional
        Settings of the study's counting experiment, if the training uses its yields.
    """
    settings = parse_kind("model", network)
    experiment = None if counting_experiment is None else parse(CountingExperiment, counting_experiment)
    bins = bins_of(settings)
    events = read_feature_table(table, columns_of(features, bins))
    if bins is not None:
        bins.check(events, table)
    task = TrainingTask(name, events, features, directions, equal_class_weights, experiment, threads)
    settings.prepare()
    stopwatch = Stopwatch()
    trained, rows = settings.fit(task)
    stopwatch.stop()
    stopwatch.write(timing, path=trained.path)
    rows.to_csv(history, index=False)
    trained.save(model)


if "snakemake" in globals():
    bridge(globals()["snakemake"], main)
