"""The working points of networks on the training and on the test sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.cut_table import passes_cut_table
from ..data.event_bins import EventBins
from ..data.feature_table import CLASSES
from ..data.stored_table import Block, stored
from ..data.thinning import count, is_long, read_shown_events
from ..kinds import ModelSettings
from .overtraining import SAMPLES, Points
from .sample_sums import SampleSums


@dataclass(frozen=True)
class NetworkPoints:
    """Working points of a network.

    Parameters
    ----------
    name : str
    targets, thresholds : ndarray, shape (n_points,)
        NaN for a working point without target, or with cuts in place of a threshold.
    cuts : DataFrame
        Content of ``cuts.csv``.
    scores : ndarray, shape (n_events,), optional
        Scores of all events, of a network without cuts.
    """

    name: str
    targets: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    cuts: pd.DataFrame
    scores: NDArray[np.floating] | None = None

    def at(self, targets: Sequence[float]) -> NetworkPoints:
        """Return the working points of these targets, and those without a target."""
        kept = np.isin(self.targets, targets) | np.isnan(self.targets)
        return replace(self, targets=self.targets[kept], thresholds=self.thresholds[kept])

    def passed(self, events: pd.DataFrame, rows: slice) -> NDArray[np.bool_]:
        """Return which of some events pass, shape (n_events, n_points); ``rows`` are theirs in the scores."""
        if self.scores is None:
            return passes_cut_table(events, self.cuts, [float(target) for target in self.targets])
        return np.asarray(self.scores[rows, None] > self.thresholds)


def read_networks(
    networks: Mapping[str, ModelSettings],
    files: Mapping[str, Sequence[Path]],
    targets: Sequence[float] = (),
) -> dict[str, NetworkPoints]:
    """Read the working points of networks; of one with many only those near the targets of the others.

    Parameters
    ----------
    networks : dict of ModelSettings
        By name.
    files : dict of list of Path
        ``cuts``, ``metrics`` and, if some network has no cuts, ``scores`` of all of them.
    targets : sequence of float, optional
        Signal efficiencies: networks that ask for some are read at these alone, those with many working
        points near them.
    """
    scores = files.get("scores", [None] * len(networks))
    paths = dict(zip(networks, zip(files["cuts"], files["metrics"], scores, strict=True), strict=True))
    found: dict[str, NetworkPoints] = {}
    for name, settings in networks.items():
        if "targets" in type(settings).model_fields:
            found[name] = read_points(name, *paths[name], [])
            if targets and settings.asks_for_signal:
                found[name] = found[name].at(targets)
    reached = [target for points in found.values() for target in points.targets if not np.isnan(target)]
    return {
        name: found[name] if name in found else read_points(name, *paths[name], targets or reached)
        for name in networks
    }


def read_points(
    name: str, cuts: Path, metrics: Path, scores: Path | None, wanted: Sequence[float]
) -> NetworkPoints:
    """Read the working points of a network.

    Parameters
    ----------
    name : str
    cuts, metrics, scores : Path
        Files of the network, see docs/reference/outputs.md. Scores are read if there are no cuts.
    wanted : sequence of float
        Targets; for each the nearest working point is taken. All working points if there are none.
    """
    points = pd.read_csv(metrics).sort_values("target_efficiency", kind="stable")
    targets = points["target_efficiency"].to_numpy(dtype=float)
    nearest = {int(np.abs(targets - target).argmin()) for target in wanted}
    chosen = sorted(nearest or range(len(targets)))
    thresholds = points["score_above"].to_numpy(dtype=float)
    return NetworkPoints(
        name,
        targets[chosen],
        thresholds[chosen],
        pd.read_csv(cuts),
        None
        if scores is None or np.isnan(thresholds).all()
        else pd.read_parquet(scores, columns=["score"])["score"].to_numpy(),
    )


def count_points(
    table: Path, networks: Sequence[NetworkPoints], features: Sequence[str], seed: int
) -> Points:
    """Count what the working points select of a feature table, which is read block by block.

    Parameters
    ----------
    table : Path
    networks : sequence of NetworkPoints
        Of a long table, with scores of a share of the events (:mod:`scripts.data.thinning`), all of them are
        counted on this share if one has scores.
    features : sequence of str
    seed : int
        Of the resampling.

    Raises
    ------
    ValueError
        If scores are of another number of events.
    """
    bins = (EventBins.from_cuts(one.cuts) for one in networks)
    columns = dict.fromkeys([*features, *(one.name for one in bins if one is not None)])
    by_score = [one for one in networks if one.scores is not None]
    if by_score and is_long(table):
        shown = read_shown_events(table)
        kinds = 2 * (shown["split"] != "train") + (shown["label"] != CLASSES["signal"])
        parts = iter([_Part.of_frame(shown)])
        sizes = np.bincount(kinds, minlength=4).reshape(2, 2)
    else:
        read = stored(table, list(columns))
        parts = (_Part.of_block(block, read.columns) for block in read.blocks())
        sizes = count(read.blocks())
    for one in by_score:
        if one.scores is not None and len(one.scores) != sizes.sum():
            text = f"{len(one.scores)} scores of {one.name} for {sizes.sum()} events: evaluate it again"
            raise ValueError(f"{table}: {text}")
    keys = [(sample, name) for sample in SAMPLES for name in CLASSES]
    n_points = sum(len(one.targets) for one in networks)
    sums = {
        key: SampleSums(int(size), n_points, np.random.default_rng([seed, number]))
        for number, (key, size) in enumerate(zip(keys, sizes.ravel(), strict=True))
    }
    for part in parts:
        passed = np.hstack([one.passed(part.events, part.rows) for one in networks])
        for sample, in_sample in zip(SAMPLES, (part.in_training, ~part.in_training), strict=True):
            for name, of_class in zip(CLASSES, (part.is_signal, ~part.is_signal), strict=True):
                sums[sample, name].add(part.weights[in_sample & of_class], passed[in_sample & of_class])
    rows = [(one.name, target) for one in networks for target in one.targets]
    return Points(pd.DataFrame(rows, columns=["network", "target_efficiency"]), sums)


@dataclass(frozen=True)
class _Part:
    """Some events of a table, and their rows in it."""

    events: pd.DataFrame
    is_signal: NDArray[np.bool_]
    in_training: NDArray[np.bool_]
    weights: NDArray[np.float64]
    rows: slice

    @classmethod
    def of_block(cls, block: Block, columns: Sequence[str]) -> _Part:
        events = block.events(columns)
        rows = slice(block.first, block.first + len(events))
        return cls(events, block.is_signal, block.in_training, block.weights, rows)

    @classmethod
    def of_frame(cls, events: pd.DataFrame) -> _Part:
        is_signal, in_training = events["label"] == CLASSES["signal"], events["split"] == "train"
        weights = events["weight"].to_numpy(dtype=float)
        return cls(events, is_signal.to_numpy(), in_training.to_numpy(), weights, slice(None))
