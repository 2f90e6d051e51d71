"""What a training needs to know of all events of a table, found in one pass."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cabin_core.feature_spread import Scaling, robust_scale, sampled_rows

from .feature_table import CLASSES, SPLITS, no_spread, not_finite, require_weights
from .yields import missing_cross_section, require_process, with_yields, yields_before_cuts, yields_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cabin_core import ExpectedYields

    from ..counting_experiment import CountingExperiment
    from .event_bins import EventBins
    from .stored_table import Block, StoredTable


@dataclass(frozen=True)
class Moments:
    """Number, mean, sum of squared deviations and limits of each column, over the training events.

    Parameters
    ----------
    count : int
    mean, squares, low, high : array, shape (n_columns,)
    """

    count: int
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Moments:
        """Return the moments of values of shape (n_columns, n_events)."""
        if not values.shape[1]:
            zeros, infinite = np.zeros(len(values)), np.full(len(values), np.inf)
            return cls(0, zeros, zeros, infinite, -infinite)
        mean = values.mean(axis=1)
        with np.errstate(over="ignore"):  # of a value that is absurdly far out
            squares = np.square(values - mean[:, None]).sum(axis=1)
        return cls(values.shape[1], mean, squares, values.min(axis=1), values.max(axis=1))

    def __add__(self, other: Moments) -> Moments:
        """Join two sets of events by Chan's formula, which takes no difference of large sums."""
        count = self.count + other.count
        share = other.count / max(count, 1)
        step = other.mean - self.mean
        with np.errstate(over="ignore"):
            squares = self.squares + other.squares + step**2 * share * self.count
        return Moments(
            count,
            self.mean + step * share,
            squares,
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
        )


@dataclass(frozen=True)
class Survey:
    """Sums over the events of a table; those of two parts of a table can be added.

    Samples are counted in arrays of shape (2, 2): training and test, then signal and background.

    Parameters
    ----------
    columns : tuple of str
    counts : array of int, shape (2, 2)
        Number of events.
    absolute : array, shape (2, 2)
        Sums of absolute weights.
    weights : dict of array, shape (2, 2)
        Sums of weights by process.
    faults : array of int, shape (n_columns + 1,)
        Number of values, at the end of weights, that are NaN or infinite.
    moments : Moments
    in_bins : array, shape (2, 2, n_bins)
        Sums of weights by bin of the property, if there is one.
    beyond : tuple
        Number of events outside of the bins, and the lowest and highest value of the property.
    sampled : tuple of array, each of shape (n_columns, n_sampled)
        Values of the training events whose quantiles stand for those of all.
    """

    columns: tuple[str, ...]
    counts: NDArray[np.intp]
    absolute: NDArray[np.float64]
    weights: dict[str, NDArray[np.float64]]
    faults: NDArray[np.intp]
    moments: Moments
    in_bins: NDArray[np.float64] = field(default_factory=lambda: np.zeros((2, 2, 0)))
    beyond: tuple[int, float, float] = (0, np.inf, -np.inf)
    sampled: tuple[NDArray[np.float64], ...] = ()

    @classmethod
    def of_block(cls, block: Block, columns: tuple[str, ...], bins: EventBins | None, n_rows: int) -> Survey:
        """Return the sums over a block; the last column is the property where there are bins.

        Parameters
        ----------
        block : Block
        columns : tuple of str
        bins : EventBins, optional
        n_rows : int
            Number of events in the whole table.
        """
        sample = 2 * ~block.in_training + ~block.is_signal  # 0 to 3
        finite = np.isfinite(block.values)
        faults = np.append((~finite).sum(axis=1), (~np.isfinite(block.weights)).sum())
        values = block.values if finite.all() else np.where(finite, block.values, 0.0)
        survey = cls(
            columns,
            np.bincount(sample, minlength=4).reshape(2, 2),
            np.bincount(sample, np.abs(block.weights), minlength=4).reshape(2, 2).astype(float),
            _weights(block, sample),
            faults,
            Moments.of(values[:, block.in_training]),
            sampled=(values[:, block.in_training & sampled_rows(block.first, len(sample), n_rows)],),
        )
        if bins is None:
            return survey
        followed, n_bins = values[-1], len(bins.edges) - 1
        places = sample * n_bins + bins.positions(followed)
        outside = int(((followed < bins.edges[0]) | (followed > bins.edges[-1])).sum())
        return replace(
            survey,
            in_bins=np.bincount(places, block.weights, minlength=4 * n_bins)
            .reshape(2, 2, n_bins)
            .astype(float),
            beyond=(outside, float(followed.min()), float(followed.max())),
        )

    def __add__(self, other: Survey) -> Survey:
        """Join the sums of two parts of a table."""
        names = [*dict.fromkeys([*self.weights, *other.weights])]
        none = np.zeros((2, 2))
        return Survey(
            self.columns,
            self.counts + other.counts,
            self.absolute + other.absolute,
            {name: self.weights.get(name, none) + other.weights.get(name, none) for name in names},
            self.faults + other.faults,
            self.moments + other.moments,
            self.in_bins + other.in_bins,
            (
                self.beyond[0] + other.beyond[0],
                min(self.beyond[1], other.beyond[1]),
                max(self.beyond[2], other.beyond[2]),
            ),
            self.sampled + other.sampled,
        )

    def check(self, origin: object, bins: EventBins | None = None, fold: int | None = None) -> None:
        """Raise as :func:`scripts.data.feature_table.check_feature_table` and the check of bins do."""
        n_events = int(self.counts.sum())
        for name, n_bad in zip((*self.columns, "weight"), self.faults, strict=True):
            if n_bad:
                raise ValueError(not_finite(origin, name, int(n_bad), n_events))
        for split, totals in zip(SPLITS, self.totals, strict=True):
            for class_name, total in zip(CLASSES, totals, strict=True):
                require_weights(origin, class_name, split, float(total), fold)
        for name, low, high in zip(self.columns, self.moments.low, self.moments.high, strict=True):
            if low == high:
                raise ValueError(no_spread(origin, name))
        if bins is not None:
            bins.require(origin, n_events, *self.beyond, self.in_bins)

    def scaling(self, n_features: int, scaling: Scaling) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return origin and unit of the first columns, of the training sample, as ``fit_scaling`` does."""
        if scaling == "robust":
            return robust_scale(np.concatenate(self.sampled, axis=1)[:n_features].T)
        spread = np.sqrt(self.moments.squares / self.moments.count)
        return self.moments.mean[:n_features], spread[:n_features]

    @property
    def totals(self) -> NDArray[np.float64]:
        """Sums of weights, shape (2, 2)."""
        totals: NDArray[np.float64] = np.sum(list(self.weights.values()), axis=0)
        return totals

    def equal_factors(self, split: str) -> tuple[float, float]:
        """Return the factors on weights of signal and background of ``equal_weights``."""
        at = SPLITS.index(split)
        signal, background = (float(self.counts[at].sum() / 2 / weight) for weight in self.totals[at])
        return signal, background

    def expected_factors(self, split: str, experiment: CountingExperiment) -> dict[str, float]:
        """Return the factor on the weights of each process of ``expected_weights``.

        Raises
        ------
        ValueError
            As :func:`scripts.data.yields.expected_weights` does.
        """
        sums = {name: float(weights[SPLITS.index(split)].sum()) for name, weights in self.weights.items()}
        cross_sections, luminosity = yields_before_cuts(self._with_yields(experiment))
        for name in sums:
            if name not in cross_sections:
                raise ValueError(missing_cross_section(name))
        factors = {}
        for name, cross_section in cross_sections.items():
            require_process(name, sums.get(name, 0.0), list(sums))
            factors[name] = cross_section * luminosity / sums[name]
        return factors

    def _with_yields(self, experiment: CountingExperiment) -> CountingExperiment:
        return with_yields(experiment, {name: float(one.sum()) for name, one in self.weights.items()})

    def expected_yields(self, experiment: CountingExperiment) -> ExpectedYields:
        """Return the yields before the cuts, as :func:`scripts.data.yields.expected_yields` does."""
        factors = self.expected_factors("train", experiment)
        signal, background = sum(factors[name] * weights[0] for name, weights in self.weights.items())
        return yields_of(float(signal), float(background), self._with_yields(experiment))


def _weights(block: Block, sample: NDArray[np.intp]) -> dict[str, NDArray[np.float64]]:
    """Return the sums of weights by process; without processes the classes are processes."""
    names, numbers = block.coded_processes()
    sums = np.bincount(4 * numbers + sample, block.weights, minlength=4 * len(names))
    return dict(zip(names, sums.reshape(-1, 2, 2), strict=True))


def survey(table: StoredTable, bins: EventBins | None = None) -> Survey:
    """Return the sums over a table or its share; with bins its last column is their property."""
    n_rows = len(table)
    blocks = (Survey.of_block(block, table.columns, bins, n_rows) for block in table.blocks())
    return reduce(Survey.__add__, blocks)


def check_table(table: StoredTable, n_folds: int | None = None) -> None:
    """Raise as :func:`scripts.data.feature_table.check_feature_table` does, without the table in memory."""
    if n_folds is None:
        survey(table).check(table.path)
        return
    of_folds = [replace(survey(table.of_fold(fold)), sampled=()) for fold in range(n_folds)]
    for fold, found in enumerate(of_folds):
        for class_name, total in zip(CLASSES, found.totals[1], strict=True):
            require_weights(table.path, class_name, "test", float(total), fold)
    for fold, found in enumerate(of_folds):
        found.check(table.path, fold=fold)


def join(surveys: Sequence[Survey]) -> Survey:
    """Return the sums over all shares of a table."""
    return reduce(Survey.__add__, surveys)
