"""Application of a trained model to a long feature table, block by block."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core.metrics import efficiencies_of_sums

from ..data.folds import FOLD
from ..data.stored_table import Block, StoredTable
from ..data.survey import survey
from ..data.thinning import Thinning
from ..models.base import Model
from ..models.folds import FoldedModel
from .score_histogram import ScoreHistogram
from .working_points import metrics_table

if TYPE_CHECKING:
    from ..data.event_bins import EventBins
    from .process_sums import ProcessSums

log = logging.getLogger("cabin.evaluate_model")

#: Events whose scores are in memory at a time.
EVENTS = 2**15


def measure_blocks(
    model: Model, table: StoredTable, bins: EventBins | None, scores: Path, process_sums: ProcessSums
) -> pd.DataFrame:
    """Apply a model to a feature table, and write the scores of a share of the events.

    Parameters
    ----------
    model : Model
    table : StoredTable
    bins : EventBins, optional
        Bins of the property that the cuts follow.
    scores : Path
        Written (parquet), see :mod:`scripts.data.thinning`.
    process_sums : ProcessSums
        Filled with what each working point selects.

    Returns
    -------
    DataFrame
        As :func:`scripts.evaluation.working_points.measure` returns it. Areas and thresholds are read off
        histograms of the scores, see :mod:`scripts.evaluation.score_histogram`.
    """
    found = survey(table, bins)
    if not isinstance(model, FoldedModel):  # the training of each fold has checked its view of the table
        found.check(table.path, bins)
    thresholds = _thresholds(model, table)
    thinning = Thinning(found.counts)
    histograms = [[ScoreHistogram.coarse() for _ in model.score_columns] for _ in range(2)]
    # Of signal and background: weights of passing events, squares of those of passing and failing ones.
    sums, passing_squares, failing_squares = np.zeros((3, 2, len(model.targets)))
    totals = np.zeros(2)
    parts = []
    for block, events, values in _scored(model, table.blocks(EVENTS), list(table.columns)):
        in_test = ~block.in_training
        selected = model.select(events, values, thresholds)
        process_sums.add_block(block, selected)
        for label, of_class in enumerate((block.is_signal & in_test, ~block.is_signal & in_test)):
            weights = block.weights[of_class]
            passing, squares = selected[of_class], np.square(weights)
            sums[label] += weights @ passing
            passing_squares[label] += squares @ passing
            failing_squares[label] += squares @ ~passing
            totals[label] += weights.sum()
            for histogram, column in zip(histograms[label], values[of_class].T, strict=True):
                histogram.fill(column, weights)
        taken, weights = thinning.take(block)
        columns = pd.DataFrame(values[taken], columns=model.score_columns)
        kept = events.iloc[taken].reset_index(drop=True)
        kept = kept[["label", "split"]].assign(weight=weights, **{FOLD: kept[FOLD]} if FOLD in kept else {})
        parts.append(pd.concat([kept, columns], axis=1))
    shown = pd.concat(parts, ignore_index=True)
    shown.to_parquet(scores, index=False)
    log.info("%s: %d of %d events, in their order and weighted up", scores, len(shown), len(table))
    efficiencies = efficiencies_of_sums(sums, totals, passing_squares, failing_squares)
    if model.area_of_points:
        nothing = np.zeros(0)
        areas = model.roc_areas(nothing, nothing.astype(bool), nothing, efficiencies)
    else:
        areas = np.array(
            [signal.area_over(background) for signal, background in zip(*histograms, strict=True)]
        )
    return metrics_table(model, thresholds, efficiencies, model.mean_scores_of_table(table, found), areas)


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
