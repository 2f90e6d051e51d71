"""The kCuts search: boxes evolve, and every bin of the signal efficiency remembers its best box."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import differential_evolution

from ..jobs.progress import LineProgress
from .box_counter import BoxCounter
from .boxes import Edges

log = logging.getLogger("cabin.train_model")

#: Below this signal efficiency a box is made to grow, whatever its background.
_EMPTY = 1e-4
#: How the population of a cycle moves: towards the best trial and along differences of others, in a few edges
#: at a time, since a good box differs from the next in a few edges.
_STRATEGY = "currenttobest1bin"
_MUTATION = (0.2, 0.8)
_RECOMBINATION = 0.15


class SearchOptions(Protocol):
    """Settings of kCuts that the search uses."""

    bins: int
    edges: int
    population: int
    generations: int
    cycles: int
    seed: int


class BestBoxes:
    """The box with the least background in every bin of the signal efficiency.

    Parameters
    ----------
    n_bins : int
    n_features : int

    Attributes
    ----------
    background : ndarray, shape (n_bins,)
        Background efficiency of the best box; 1 if the bin has no box yet.
    low, high : ndarray of int, shape (n_bins, n_features)
        Indices of its edges; -1 if there is no box.
    """

    def __init__(self, n_bins: int, n_features: int) -> None:
        self.background = np.ones(n_bins)
        self.low = np.full((n_bins, n_features), -1)
        self.high = np.full((n_bins, n_features), -1)

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Whether each bin has a box, shape (n_bins,)."""
        filled: NDArray[np.bool_] = self.low[:, 0] >= 0
        return filled

    def bins_of(self, signal: NDArray[np.floating]) -> NDArray[np.intp]:
        """Return the bin of each signal efficiency; the last one includes 1."""
        n_bins = len(self.background)
        # 0.29 * 100 is 28.999999999999996 in floating point, but belongs to the bin that starts at 0.29.
        bins: NDArray[np.intp] = np.floor(signal * n_bins + 1e-9).astype(np.intp).clip(0, n_bins - 1)
        return bins

    def estimate(
        self, signal: NDArray[np.floating], background: NDArray[np.floating], growth: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        r"""Return the quantity that the search minimises, for boxes compared with the remembered ones.

        .. math:: \eta = \frac{1 - (B_\mathrm{bin} - B) - |B_\mathrm{bin} - \bar B|}{1 + S}

        :math:`S, B` are the efficiencies of the box, and :math:`B_\mathrm{bin}` is the least background of
        its bin so far. :math:`\bar B` is the mean of the two neighbouring bins (one bin at an end), or
        :math:`B_\mathrm{bin}` if the box is not better than that. In the first bin the value is larger than
        elsewhere and grows for smaller boxes, so that the search leaves this bin.

        Parameters
        ----------
        signal, background : ndarray, shape (n_boxes,)
            Efficiencies.
        growth : ndarray, shape (n_boxes,)
            Distance of the edges of a box from edges that cut nothing, at least 0.

        Returns
        -------
        ndarray, shape (n_boxes,)
        """
        at = self.bins_of(signal)
        best, last = self.background[at], len(self.background) - 1
        left = self.background[np.where(at > 0, at - 1, at)]
        right = self.background[np.where(at < last, at + 1, at)]
        mean = np.where(background > best, best, (left + right) / 2)
        eta = (1 - (best - background) - np.abs(best - mean)) / (1 + signal)
        in_first_bin = 10 * (1 - signal) + np.where(signal < _EMPTY, growth, 0.0)
        return np.where(at == 0, in_first_bin, eta)

    def remember(
        self,
        signal: NDArray[np.floating],
        background: NDArray[np.floating],
        low: NDArray[np.integer],
        high: NDArray[np.integer],
    ) -> None:
        """Keep boxes that are better than the best box of their bin; of equal ones the first."""
        at = self.bins_of(signal)
        order = np.lexsort((background, at))
        of_bin, first = np.unique(at[order], return_index=True)
        winners = order[first]
        better = (background[winners] < self.background[of_bin]) | ~self.filled[of_bin]
        of_bin, winners = of_bin[better], winners[better]
        self.background[of_bin] = background[winners]
        self.low[of_bin], self.high[of_bin] = low[winners], high[winners]


def evolve_boxes(
    counter: BoxCounter,
    settings: SearchOptions,
    on_cycle: Callable[[dict[str, float]], None] = lambda row: None,
) -> tuple[BestBoxes, pd.DataFrame]:
    """Search for the best box of every bin.

    Parameters
    ----------
    counter : BoxCounter
        Training sample.
    settings : SearchOptions
    on_cycle : callable
        Called with each row of the history.

    Returns
    -------
    tuple of BestBoxes and DataFrame
        The history has one row for each cycle: ``cycle``, ``trials`` (number of boxes so far),
        ``filled_bins`` and ``mean_background`` (of the best boxes, over all bins).
    """
    n_features = len(counter.edges)
    last = np.array([len(edges) - 1 for edges in counter.edges])
    boxes = BestBoxes(settings.bins, n_features)
    generator = np.random.default_rng(settings.seed)
    trials = 0

    def try_boxes(population: NDArray[np.float64]) -> NDArray[np.float64]:
        first, second = population.T[:, :n_features], population.T[:, n_features:]
        low = np.rint(np.minimum(first, second) * last).astype(np.intp)
        high = np.rint(np.maximum(first, second) * last).astype(np.intp)
        signal, background = counter.efficiencies(low, high)
        growth = ((low / last) ** 2 + (1 - high / last) ** 2).sum(axis=1)
        nonlocal trials
        trials += len(low)
        eta = boxes.estimate(signal, background, growth)
        boxes.remember(signal, background, low, high)
        return eta

    history: list[dict[str, float]] = []
    for cycle in range(settings.cycles):
        differential_evolution(
            try_boxes,
            [(0.0, 1.0)] * (2 * n_features),
            init=_first_generation(boxes, last, settings.population, generator),
            maxiter=settings.generations,
            strategy=_STRATEGY,
            mutation=_MUTATION,
            recombination=_RECOMBINATION,
            tol=0.0,
            polish=False,
            updating="deferred",
            vectorized=True,
            rng=generator,
        )
        row = {
            "cycle": cycle,
            "trials": trials,
            "filled_bins": int(boxes.filled.sum()),
            "mean_background": float(boxes.background.mean()),
        }
        history.append(row)
        on_cycle(row)
    return boxes, pd.DataFrame(history)


def _first_generation(
    boxes: BestBoxes, last: NDArray[np.integer], size: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Return the first boxes of a cycle: the remembered boxes in turn, at first random boxes of any size."""
    filled = np.flatnonzero(boxes.filled)
    if len(filled):
        remembered = np.hstack([boxes.low[filled] / last, boxes.high[filled] / last])
        # If there are more bins than members, each cycle starts from another choice of them.
        order = generator.permutation(len(filled)) if len(filled) > size else np.arange(len(filled))
        start: NDArray[np.float64] = remembered[order[np.arange(size) % len(order)]]
        return start
    width = generator.random((size, 1))
    drawn = 0.5 * width * generator.random((size, 2 * len(last)))
    drawn[:, len(last) :] = 1 - drawn[:, len(last) :]
    return drawn


def boxes_of_targets(boxes: BestBoxes) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return the edges of the box for each target, each of shape (n_bins - 1, n_features).

    An empty bin takes the box of the next filled bin above, which keeps more signal. If there is none, it
    takes the box that cuts nothing, with edges of -1.
    """
    low, high = boxes.low.copy(), boxes.high.copy()
    for position in range(len(low) - 2, -1, -1):
        if low[position, 0] < 0:
            low[position], high[position] = low[position + 1], high[position + 1]
    return low[1:], high[1:]


def search_kcuts(
    events: pd.DataFrame, features: Sequence[str], settings: SearchOptions, name: str
) -> tuple[Edges, pd.DataFrame]:
    """Search for the best boxes on a sample, as TMVA's kCuts does.

    Parameters
    ----------
    events : DataFrame
        Events of the training sample.
        features : sequence of str
    settings : SearchOptions
    name : str
        Name for the progress lines.

    Returns
    -------
    tuple of list and DataFrame
        Feature, direction and cut of all edges for each target, infinite for edges that cut nothing; and the
        history, with one row for each cycle.
    """
    progress = LineProgress(log, name, "cycle", settings.cycles)

    def report(row: dict[str, float]) -> None:
        result = f"{row['trials']} boxes, mean background {row['mean_background']:.4g}"
        progress.update(int(row["cycle"]) + 1, result)

    counter = BoxCounter(
        events[list(features)].to_numpy(dtype=float),
        (events["label"] == 1).to_numpy(),
        events["weight"].to_numpy(dtype=float),
        settings.edges,
    )
    boxes, history = evolve_boxes(counter, settings, report)
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
