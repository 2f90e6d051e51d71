"""Search for cuts without a gradient: kCuts, or a brute-force scan of a grid."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd

from scripts.data.event_bins import EventBins, columns_of
from scripts.data.feature_table import fit_scaling, read_feature_table
from scripts.jobs.progress import LineProgress
from scripts.jobs.stopwatch import Stopwatch
from scripts.models.box_counter import BoxCounter
from scripts.models.boxes import TrainedBoxes
from scripts.models.competitor_settings import GridSettings, KCutsSettings, parse_competitor
from scripts.models.grid import edges_of_point, scan_grid
from scripts.models.kcuts import boxes_of_targets, search_boxes

log = logging.getLogger("cabin.search_cuts")

Edges = list[list[tuple[str, str, float]]]


def search_kcuts(
    events: pd.DataFrame, features: list[str], settings: KCutsSettings, name: str
) -> tuple[Edges, pd.DataFrame]:
    """Search as TMVA's kCuts does.

    Parameters
    ----------
    events : DataFrame
        Of the training sample.
    features : list of str
    settings : KCutsSettings
    name : str
        For the progress lines.

    Returns
    -------
    tuple of list and DataFrame
        Feature, direction and cut of all edges of each target, infinite where they cut nothing; the history,
        one row a cycle.
    """
    progress = LineProgress(log, name, "cycle", settings.cycles)

    def report(row: dict[str, float]) -> None:
        result = f"{row['trials']} boxes, mean background {row['mean_background']:.4g}"
        progress.update(int(row["cycle"]) + 1, result)

    counter = BoxCounter(
        events[features].to_numpy(dtype=float),
        (events["label"] == 1).to_numpy(),
        events["weight"].to_numpy(dtype=float),
        settings.edges,
    )
    boxes, history = search_boxes(counter, settings, report)
    low, high = boxes_of_targets(boxes)
    edges = [
        [
            edge
            for column, feature in enumerate(features)
            for edge in (
                (feature, ">", float(counter.edges[column][of_target_low[column]])),
                (feature, "<", float(counter.edges[column][of_target_high[column]])),
            )
        ]
        for of_target_low, of_target_high in zip(low, high, strict=True)
    ]
    return edges, history


def search_grid(
    events: pd.DataFrame, features: list[str], settings: GridSettings, name: str, threads: int
) -> tuple[Edges, pd.DataFrame]:
    """Scan a grid; parameters and result as of :func:`search_kcuts`, the history has one row a target."""
    grid = settings.grid(features)
    scanned = " x ".join(str(len(axis.values)) for axis in grid.axes)
    log.info("%s: %d points (%s) of at most %d", name, grid.n_points, scanned, settings.most_points)
    progress = LineProgress(log, name, "point", grid.n_points)
    best = scan_grid(
        grid, events, settings.targets, threads, lambda done: progress.update(done, f"{threads} threads")
    )
    history = pd.DataFrame(
        {
            "target_efficiency": settings.targets,
            "train_signal_efficiency": [point.signal for point in best],
            "train_background_efficiency": [point.background for point in best],
        }
    )
    return [edges_of_point(grid, point.position) for point in best], history


def search(
    events: pd.DataFrame, features: list[str], network: dict[str, Any], name: str, threads: int = 1
) -> tuple[TrainedBoxes, pd.DataFrame]:
    """Search on the training sample of a feature table, in each bin of a property where there is one.

    Parameters
    ----------
    events : DataFrame
        A feature table.
    features : list of str
    network : dict
        The search's entry in the config.
    name : str
        For the progress lines.
    threads : int
        Of the scan of a grid.

    Returns
    -------
    tuple of TrainedBoxes and DataFrame
        The history has the columns of the bin, where there is one.
    """
    settings = parse_competitor(network)
    scaling = fit_scaling(events, features)
    training = events[events["split"] == "train"]

    def search_one(sample: pd.DataFrame, of_what: str) -> tuple[TrainedBoxes, pd.DataFrame]:
        if isinstance(settings, KCutsSettings):
            edges, rows = search_kcuts(sample, features, settings, of_what)
        elif isinstance(settings, GridSettings):
            edges, rows = search_grid(sample, features, settings, of_what, threads)
        else:
            raise ValueError(f"{name}: {network['model']} is not a search for cuts")
        return TrainedBoxes.of_edges(edges, settings.targets, features, scaling), rows

    bins = EventBins.of_entry(network)
    if bins is None:
        return search_one(training, name)
    found = [
        search_one(sample, f"{name}, {bins.name} {low:g} to {high:g}")
        for (low, high), sample in zip(bins.bounds, bins.split(training), strict=True)
    ]
    rows = [bins.label(rows, position) for position, (_, rows) in enumerate(found)]
    return TrainedBoxes.of_bins([boxes for boxes, _ in found], bins), pd.concat(rows, ignore_index=True)


def main(
    *,
    table: Path,
    model: Path,
    history: Path,
    timing: Path,
    name: str,
    network: dict[str, Any],
    features: list[str],
    threads: int,
) -> None:
    """Search for the cuts of each target on the training sample and write them.

    Parameters
    ----------
    table : Path
        Feature table (parquet).
    model, history, timing : Path
        Written: the boxes (json), how the search went (csv), and how long it took (tsv).
    name : str
        Of study and network, for the progress lines.
    network : dict
        The search's entry in the config.
    features : list of str
        Of the study.
    threads : int
        Of the scan of a grid; the result does not depend on it.
    """
    bins = EventBins.of_entry(network)
    events = read_feature_table(table, columns_of(features, bins))
    if bins is not None:
        bins.check(events, table)
    stopwatch = Stopwatch()
    boxes, rows = search(events, features, network, name, threads)
    stopwatch.write(timing)
    rows.to_csv(history, index=False)
    boxes.save(model)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
