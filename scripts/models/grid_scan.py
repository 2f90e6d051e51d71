"""Brute-force scan of a grid of cuts: the efficiencies of all points."""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..jobs.progress import LineProgress
from .boxes import Edges
from .supercuts import Axis, Edge, Grid

log = logging.getLogger("cabin.train_model")

#: Number of points counted at once (more if one axis has more); it limits the memory and fits the cache.
CHUNK_POINTS = 2**18
#: Relative rounding difference of sums of weights that are added in different orders.
_ROUNDING = 1e-12

Task = TypeVar("Task")
Result = TypeVar("Result")


class ScanOptions(Protocol):
    """Settings of a grid that the scan uses."""

    targets: list[float]
    most_points: int

    def grid(self, features: Sequence[str]) -> Grid:
        """Return the grid for these features."""


@dataclass(frozen=True)
class BestPoint:
    """The best point of a grid for a target; points without background are ranked by their signal.

    A background below zero, a fluctuation of negative weights, counts as none.

    Parameters
    ----------
    background, signal : float
        Efficiencies.
    position : int
        Index of the point in the grid, where the last axis runs fastest.
    """

    background: float
    signal: float
    position: int

    @property
    def rank(self) -> tuple[float, float, int]:
        """Rank of the point; smaller is better."""
        return max(self.background, 0.0), -self.signal, self.position


def scan_grid(
    grid: Grid,
    events: pd.DataFrame,
    targets: Sequence[float],
    threads: int,
    on_points: Callable[[int], None] = lambda done: None,
) -> list[BestPoint]:
    """Find, for every target, the point with the least background among those that keep enough signal.

    The events are counted in the cells between the edges; cumulative sums along every axis give all points.

    Parameters
    ----------
    grid : Grid
    events : DataFrame
        The training events: features, ``label`` and ``weight``.
    targets : sequence of float
        Signal efficiencies that the points must reach.
    threads : int
        Number of chunks of the grid that are counted at the same time; the result does not depend on it.
    on_points : callable
        Called after every chunk with the number of points done.

    Returns
    -------
    list of BestPoint
        One for each target.

    Raises
    ------
    ValueError
        If no point reaches a target.
    """
    weights = events["weight"].to_numpy(dtype=float)
    is_signal = events["label"].to_numpy() == 1
    totals = weights[is_signal].sum(), weights[~is_signal].sum()
    kept = np.ones(len(events), dtype=bool)
    for edge, value in grid.fixed:
        kept &= _cells(edge, np.array([value]), events) > 0
    # The number of values of each axis that an event passes, from the loosest on.
    passes = [
        np.min([_cells(edge, axis.values, events[kept]) for edge in axis.edges], axis=0) for axis in grid.axes
    ]
    classes = [(is_signal[kept], weights[kept]), (~is_signal[kept], weights[kept])]
    outer = _outer_axes(grid.axes)
    shape = tuple(len(axis.values) for axis in grid.axes[outer:])

    def count(point: tuple[int, ...]) -> list[NDArray[np.float64]]:
        inside = np.ones(int(kept.sum()), dtype=bool)
        for position, passed in zip(point, passes, strict=False):
            inside &= passed > position
        for passed in passes[outer:]:
            inside &= passed > 0
        cells = np.ravel_multi_index([passed[inside] - 1 for passed in passes[outer:]], shape)
        efficiencies = []
        for (of_class, weight), total in zip(classes, totals, strict=True):
            sums = np.bincount(
                cells, weights=np.where(of_class, weight, 0.0)[inside], minlength=math.prod(shape)
            ).reshape(shape)
            for axis in range(len(shape)):
                # Sum from the tightest on, since a point keeps all cells that are tighter on every axis.
                sums = np.flip(np.cumsum(np.flip(sums, axis), axis=axis), axis)
            efficiencies.append(sums.ravel() / total)
        return efficiencies

    def best_of(numbered: tuple[int, tuple[int, ...]]) -> list[BestPoint | None]:
        number, point = numbered
        signal, background = count(point)
        return [_best_point(signal, background, target, number * len(signal)) for target in targets]

    of_signal = is_signal[kept] & np.all([passed > 0 for passed in passes], axis=0)
    largest = weights[kept][of_signal].sum() / totals[0]
    for target in targets:
        if largest < target * (1 - _ROUNDING):
            raise ValueError(
                f"no point of the grid keeps {target:g} of the training signal, the loosest keeps "
                f"{largest:.4g}: widen st3 or loosen a pivot"
            )
    found: list[BestPoint | None] = [None] * len(targets)
    done = 0
    points = itertools.product(*(range(len(axis.values)) for axis in grid.axes[:outer]))
    with ThreadPoolExecutor(threads) as pool:
        for best in _in_turn(pool, best_of, enumerate(points), 4 * threads):
            found = [_better(first, second) for first, second in zip(found, best, strict=True)]
            done += math.prod(shape)
            on_points(done)
    return [point for point in found if point is not None]


def _outer_axes(axes: Sequence[Axis]) -> int:
    """Return the number of axes that are looped over point by point; the others form a chunk."""
    points = len(axes[-1].values)
    for number in range(len(axes) - 2, -1, -1):
        points *= len(axes[number].values)
        if points > CHUNK_POINTS:
            return number + 1
    return 0


def _in_turn(
    pool: ThreadPoolExecutor, function: Callable[[Task], Result], tasks: Iterator[Task], at_once: int
) -> Iterator[Result]:
    """Yield the results in the order of the tasks, with only few tasks waiting."""
    waiting = [pool.submit(function, task) for task in itertools.islice(tasks, at_once)]
    while waiting:
        yield waiting.pop(0).result()
        waiting += [pool.submit(function, task) for task in itertools.islice(tasks, 1)]


def _cells(edge: Edge, values: NDArray[np.float64], events: pd.DataFrame) -> NDArray[np.intp]:
    """Return for each event the number of values that it passes; values go from loosest to tightest."""
    at = events[edge.feature].to_numpy(dtype=float)
    n_passed: NDArray[np.intp]
    if edge.direction == ">":
        n_passed = np.searchsorted(values, at, side="right" if edge.inclusive else "left")
    else:
        below = np.searchsorted(values[::-1], at, side="left" if edge.inclusive else "right")
        n_passed = len(values) - below
    return n_passed


def _best_point(
    signal: NDArray[np.float64], background: NDArray[np.float64], target: float, offset: int
) -> BestPoint | None:
    allowed = np.flatnonzero(signal >= target * (1 - _ROUNDING))
    if not len(allowed):
        return None
    least = allowed[background[allowed] <= max(float(background[allowed].min()), 0.0) + _ROUNDING]
    chosen = least[np.argmax(signal[least])]
    return BestPoint(float(background[chosen]), float(signal[chosen]), offset + int(chosen))


def _better(first: BestPoint | None, second: BestPoint | None) -> BestPoint | None:
    if first is None or second is None:
        return first or second
    return min(first, second, key=lambda point: point.rank)


def edges_of_point(grid: Grid, position: int) -> list[tuple[str, str, float]]:
    """Return feature, direction and edge of the cuts of a point, one for each side of a feature.

    A table of cuts has strict comparisons, so the edge of an inclusive comparison is the next number.
    """
    indices = np.unravel_index(position, [len(axis.values) for axis in grid.axes])
    cuts = [
        (edge, float(axis.values[index]))
        for axis, index in zip(grid.axes, indices, strict=True)
        for edge in axis.edges
    ]
    tightest: dict[tuple[str, str], float] = {}
    for edge, value in [*cuts, *grid.fixed]:
        side, strict = (edge.feature, edge.direction), edge.strict(value)
        tighter = max if edge.direction == ">" else min
        tightest[side] = tighter(strict, tightest.get(side, strict))
    return [(feature, direction, value) for (feature, direction), value in tightest.items()]


def find_points(
    events: pd.DataFrame, features: Sequence[str], settings: ScanOptions, name: str, threads: int
) -> tuple[Edges, pd.DataFrame]:
    """Scan the grid of a model and return the edges of the best points.

    Parameters
    ----------
    events : DataFrame
        Events of the training sample.
    features : sequence of str
    settings : ScanOptions
    name : str
        Name for the progress lines.
    threads : int

    Returns
    -------
    tuple of list and DataFrame
        Feature, direction and cut of all edges for each target; the history, with one row for each target.
    """
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
