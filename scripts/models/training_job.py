"""The work of a training job, alone or shared by several processes."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..counting_experiment import CountingExperiment
from ..data.event_bins import columns_of
from ..data.feature_table import read_feature_table
from ..jobs.processes import Processes
from ..jobs.stopwatch import Stopwatch
from ..parsing import parse, parse_kind
from .base import TrainingTask, bins_of

log = logging.getLogger("cabin.train_model")

if TYPE_CHECKING:
    from cabin_core.feature_spread import Scaling

    from ..data.event_bins import EventBins
    from .streams import StoredEvents


def run_training(
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
    scaling: Scaling = "standard",
    limits: list[dict[str, float]] | None = None,
    fold: int | None = None,
    processes: Processes | None = None,
) -> None:
    """Fit a model to a feature table; the first process writes it with its history.

    Parameters
    ----------
    processes : Processes, optional
        This process and the others of the training; one alone where None.
    table, model, history, timing, name, network, features, directions, threads, equal_class_weights, \
    counting_experiment, scaling, limits, fold
        As :func:`scripts.train_model.main` has them.
    """
    import pandas as pd

    processes = processes or Processes()
    settings = parse_kind("model", network)
    experiment = None if counting_experiment is None else parse(CountingExperiment, counting_experiment)
    bins = bins_of(settings)
    settings.prepare()
    stopwatch = Stopwatch()
    stored = _stored(settings, table, columns_of(features, bins), fold, bins, processes, model.parent)
    if stored is None:
        events = read_feature_table(table, columns_of(features, bins), fold)
        if bins is not None:
            bins.check(events, table)
        stopwatch = Stopwatch()
    else:
        events = pd.DataFrame()
    task = TrainingTask(
        name, events, features, directions, equal_class_weights, experiment, threads, stored, scaling, limits
    )
    if limits is not None and not settings.keeps_limits and "cuts" in settings.has:
        log.warning("%s: a %s does not keep the limits of cuts on features", name, settings.model)
    trained, rows = settings.fit(task)
    stopwatch.stop(sum(processes.gather(stopwatch.cpu_seconds)))
    if processes.rank == 0:
        stopwatch.write(timing, path=trained.path)
        rows.to_csv(history, index=False)
        trained.save(model)


def _stored(
    settings: Any,
    table: Path,
    columns: list[str],
    fold: int | None,
    bins: EventBins | None,
    processes: Processes,
    folder: Path,
) -> StoredEvents | None:
    """Return the events to be read block by block; None if the table is read into memory."""
    if getattr(settings, "needs_all_events", "all"):
        return None
    if not table.exists():
        return None  # the message is that of reading it
    from ..data.stored_table import stored
    from .streams import StoredEvents, is_large

    on_disk = stored(table, columns, processes.rank, processes.number, fold)
    large = is_large(on_disk, settings.out_of_core)
    if processes.number == 1 and not large:
        return None
    return StoredEvents.look_at(on_disk, bins, processes, folder if large else None)
