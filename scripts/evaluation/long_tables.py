"""Application of a trained model to a long feature table, block by block."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core import CutEfficiencies
from cabin_core.metrics import efficiencies_of_sums

from ..data.cut_table import edges_at_work
from ..data.stored_table import Block, StoredTable
from ..data.survey import survey
from ..data.thinning import Thinning
from ..models.base import Model
from .score_histogram import ScoreHistogram
from .targets import Reached
from .working_points import metrics_table

if TYPE_CHECKING:
    from ..data.event_bins import EventBins
    from .process_sums import ProcessSums

log = logging.getLogger("cabin.evaluate_model")

#: Events whose scores are in memory at a time.
EVENTS = 2**15


class _ClassSums:
    """Sums over the events of a sample, from which the efficiencies of selections follow.

    Parameters
    ----------
    n_selections : int

    Attributes
    ----------
    totals : array, shape (2,)
        Sums of the weights of signal and background.
    """

    def __init__(self, n_selections: int) -> None:
        # Of signal and background: weights of passing events, squares of those of passing and failing ones.
        self._sums, self._passing, self._failing = np.zeros((3, 2, n_selections))
        self.totals, self._squares = np.zeros((2, 2))

    def add(self, block: Block, chosen: NDArray[np.bool_], selected: NDArray[np.bool_]) -> None:
        """Add the chosen events of a block."""
        for label, of_class in enumerate((block.is_signal & chosen, ~block.is_signal & chosen)):
            weights = block.weights[of_class]
            passing, squares = selected[of_class], np.square(weights)
            self._sums[label] += weights @ passing
            self._passing[label] += squares @ passing
            self._failing[label] += squares @ ~passing
            self.totals[label] += weights.sum()
            self._squares[label] += squares.sum()

    def efficiencies(self) -> CutEfficiencies:
        """Return the efficiencies of all selections."""
        return efficiencies_of_sums(self._sums, self.totals, self._passing, self._failing)

    @property
    def effective(self) -> NDArray[np.float64]:
        """Events of signal and background that have the same statistical error at equal weights."""
        return self.totals**2 / self._squares


def measure_blocks(
    model: Model,
    table: StoredTable,
    bins: EventBins | None,
    cuts: pd.DataFrame,
    scores: Path,
    process_sums: ProcessSums,
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Apply a model to a feature table, and write the scores of a share of the events.

    Parameters
    ----------
    model : Model
    table : StoredTable
    bins : EventBins, optional
        Bins of the property that the cuts follow.
    cuts : DataFrame
        The cuts of the model.
    scores : Path
        Written (parquet), see :mod:`scripts.data.thinning`.
    process_sums : ProcessSums
        Filled with what each working point selects.

    Returns
    -------
    tuple of DataFrame and ndarray
        The metrics as :func:`scripts.evaluation.working_points.measure` returns them; areas and thresholds
        are read off histograms of the scores, see :mod:`scripts.evaluation.score_histogram`. Then which of
        the cuts are at work, see :func:`scripts.data.cut_table.edges_at_work`.
    """
    found = survey(table, bins)
    found.check(table.path, bins)
    thresholds = _thresholds(model, table)
    thinning = Thinning(found.counts)
    histograms = [[ScoreHistogram.coarse() for _ in model.score_columns] for _ in range(2)]
    of_test, of_training = (_ClassSums(len(model.targets)) for _ in range(2))
    at_work = np.zeros(len(cuts), dtype=bool)
    parts = []
    for block, events, values in _scored(model, table.blocks(EVENTS), list(table.columns)):
        selected = model.select(events, values, thresholds)
        process_sums.add_block(block, selected)
        of_training.add(block, block.in_training, selected)
        of_test.add(block, ~block.in_training, selected)
        at_work |= edges_at_work(events[block.in_training], cuts)
        for label, of_class in enumerate((block.is_signal, ~block.is_signal)):
            chosen = of_class & ~block.in_training
            for histogram, column in zip(histograms[label], values[chosen].T, strict=True):
                histogram.fill(column, block.weights[chosen])
        taken, weights = thinning.take(block)
        columns = pd.DataFrame(values[taken], columns=model.score_columns)
        kept = events.iloc[taken][["label", "split"]].reset_index(drop=True)
        parts.append(pd.concat([kept.assign(weight=weights), columns], axis=1))
    shown = pd.concat(parts, ignore_index=True)
    shown.to_parquet(scores, index=False)
    log.info("%s: %d of %d events, in their order and weighted up", scores, len(shown), len(table))
    efficiencies = of_test.efficiencies()
    reached = Reached(
        of_training.efficiencies(), of_training.effective, float(of_test.totals[1] + of_training.totals[1])
    )
    if type(model).roc_areas is Model.roc_areas:
        areas = np.array(
            [signal.area_over(background) for signal, background in zip(*histograms, strict=True)]
        )
    else:  # from the efficiencies alone
        nothing = np.zeros(0)
        areas = model.roc_areas(nothing, nothing.astype(bool), nothing, efficiencies)
    means = model.mean_scores_of_table(table, found)
    return metrics_table(model, thresholds, efficiencies, means, areas, reached), at_work


def select_data(model: Model, table: StoredTable, thresholds: NDArray[np.float64], sums: ProcessSums) -> None:
    """Add to sums what the working points select of data; arguments as in :meth:`Model.select`."""
    for block, events, values in _scored(model, table.data_blocks(EVENTS), list(table.columns)):
        sums.add_block(block, model.select(events, values, thresholds))


def _scored(
    model: Model, blocks: Iterable[Block], columns: list[str]
) -> Iterator[tuple[Block, pd.DataFrame, NDArray[np.number]]]:
    """Yield each block, its events and their scores."""
    for block in blocks:
        # Of a property that is a feature, too, there is one column.
        events = pd.DataFrame(dict(zip(columns, block.values, strict=True)))
        events["label"] = block.labels
        events["split"] = np.where(block.in_training, "train", "test")
        yield block, events, model.scores(events)


def _thresholds(model: Model, table: StoredTable) -> NDArray[np.float64]:
    """Return the thresholds on the score, as in ``score_thresholds``; NaN for a model with cuts."""
    if model.has_cuts:
        return np.full(len(model.targets), np.nan)
    histogram = ScoreHistogram.fine()
    if not np.isnan(model.targets).all():
        for block, _, values in _scored(model, table.blocks(EVENTS), list(table.columns)):
            chosen = block.is_signal & block.in_training
            histogram.fill(values[chosen, 0], block.weights[chosen])
    return np.array([histogram.threshold(target) for target in model.targets])
