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
from cabin_core.metrics import effective_events, efficiencies_of_sums

from ..data.cut_table import edges_at_work
from ..data.folds import FOLD
from ..data.stored_table import Block, StoredTable
from ..data.survey import survey
from ..data.thinning import Thinning
from ..models.base import Model
from ..models.folds import FoldedModel
from .score_histogram import ScoreHistogram
from .selection_sums import SelectionSums, stacked
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
    signal, background : SelectionSums
    """

    def __init__(self, n_selections: int) -> None:
        self._n_selections = n_selections
        self.signal, self.background = (SelectionSums(n_selections) for _ in range(2))

    def add(self, block: Block, chosen: NDArray[np.bool_], selected: NDArray[np.bool_]) -> None:
        """Add the chosen events of a block."""
        for sums, of_class in ((self.signal, block.is_signal), (self.background, ~block.is_signal)):
            sums.add(block.weights[of_class & chosen], selected[of_class & chosen])

    def efficiencies(self) -> CutEfficiencies:
        """Return the efficiencies of all selections."""
        return efficiencies_of_sums(*stacked([self.signal, self.background], self._n_selections))

    @property
    def effective(self) -> NDArray[np.float64]:
        """Events of signal and background that have the same statistical error at equal weights."""
        totals, squares = np.transpose([(one.total, one.squares) for one in (self.signal, self.background)])
        return effective_events(totals, squares)


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
    if not isinstance(model, FoldedModel):  # the training of each fold has checked its view of the table
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
        of_test.add(block, ~block.in_training, selected)
        if not isinstance(model, FoldedModel):
            of_training.add(block, block.in_training, selected)
            at_work |= edges_at_work(events[block.in_training], cuts)
        for label, of_class in enumerate((block.is_signal, ~block.is_signal)):
            chosen = of_class & ~block.in_training
            for histogram, column in zip(histograms[label], values[chosen].T, strict=True):
                histogram.fill(column, block.weights[chosen])
        taken, weights = thinning.take(block)
        columns = pd.DataFrame(values[taken], columns=model.score_columns)
        kept = events.iloc[taken].reset_index(drop=True)
        kept = kept[["label", "split"]].assign(weight=weights, **{FOLD: kept[FOLD]} if FOLD in kept else {})
        parts.append(pd.concat([kept, columns], axis=1))
    shown = pd.concat(parts, ignore_index=True)
    shown.to_parquet(scores, index=False)
    log.info("%s: %d of %d events, in their order and weighted up", scores, len(shown), len(table))
    efficiencies = of_test.efficiencies()
    background = of_test.background.total + of_training.background.total
    if isinstance(model, FoldedModel):
        reached, at_work = _trainings_of_folds(model, table, thresholds, cuts, background)
    else:
        reached = [Reached(of_training.efficiencies(), of_training.effective, background)]
    if model.area_of_points:
        nothing = np.zeros(0)
        areas = model.roc_areas(nothing, nothing.astype(bool), nothing, efficiencies)
    else:
        areas = np.array(
            [signal.area_over(background) for signal, background in zip(*histograms, strict=True)]
        )
    means = model.mean_scores_of_table(table, found)
    return metrics_table(model, thresholds, efficiencies, means, areas, reached), at_work


def _trainings_of_folds(
    model: FoldedModel,
    table: StoredTable,
    thresholds: NDArray[np.float64],
    cuts: pd.DataFrame,
    background: float,
) -> tuple[list[Reached], NDArray[np.bool_]]:
    """Return what the model of each fold reaches in its training, and which of all cuts are at work."""
    of_folds = np.broadcast_to(thresholds, (len(model.models), len(model.targets)))
    reached, parts = [], []
    for fold, one in enumerate(model.models):
        sums, of_fold = _ClassSums(len(model.targets)), cuts[cuts[FOLD] == fold]
        at_work = np.zeros(len(of_fold), dtype=bool)
        for block, events, values in _scored(one, table.of_fold(fold).blocks(EVENTS), list(table.columns)):
            sums.add(block, block.in_training, one.select(events, values, of_folds[fold]))
            at_work |= edges_at_work(events[block.in_training], of_fold)
        reached.append(Reached(sums.efficiencies(), sums.effective, background))
        parts.append(at_work)
    return reached, np.concatenate(parts)


def select_data(model: Model, table: StoredTable, thresholds: NDArray[np.float64], sums: ProcessSums) -> None:
    """Add to sums what the working points select of data; arguments as in :meth:`Model.select`."""
    for block, events, values in _scored(model, table.data_blocks(EVENTS), list(table.columns)):
        sums.add_block(block, model.select(events, values, thresholds))


def _scored(
    model: Model, blocks: Iterable[Block], columns: list[str]
) -> Iterator[tuple[Block, pd.DataFrame, NDArray[np.number]]]:
    """Yield each block, its events and their scores."""
    for block in blocks:
        events = block.events(columns)
        events["label"] = block.labels
        events["split"] = np.where(block.in_training, "train", "test")
        yield block, events, model.scores(events)


def _thresholds(model: Model, table: StoredTable) -> NDArray[np.float64]:
    """Return the thresholds on the score, as in ``score_thresholds``; NaN for a model with cuts."""
    if model.has_cuts:
        return np.full(len(model.targets), np.nan)
    if isinstance(model, FoldedModel):
        views = (table.of_fold(fold) for fold in range(len(model.models)))
        return np.array([_thresholds(one, view) for one, view in zip(model.models, views, strict=True)])
    histogram = ScoreHistogram.fine()
    if not np.isnan(model.targets).all():
        for block, _, values in _scored(model, table.blocks(EVENTS), list(table.columns)):
            chosen = block.is_signal & block.in_training
            histogram.fill(values[chosen, 0], block.weights[chosen])
    return np.array([histogram.threshold(target) for target in model.targets])
