"""Bins of a property of the events, each with its own cuts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cabin_core.numbers import check_bin_edges

from .feature_table import CLASSES, SPLITS

if TYPE_CHECKING:
    from ..columns import BinnedProperty


@dataclass(frozen=True)
class EventBins:
    """Bins of a property.

    Parameters
    ----------
    name : str
        The property, a column of the feature table.
    edges : sequence of float
        Edges of the bins, in increasing order [unit of the property].

    Raises
    ------
    ValueError
        If there are fewer than two edges, or they are not finite and increasing.
    """

    name: str
    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "edges", check_bin_edges(self.edges))
        except ValueError as fault:
            raise ValueError(f"property {self.name}: {fault}") from None

    @classmethod
    def from_settings(cls, settings: BinnedProperty | None) -> EventBins | None:
        """Return the bins in the settings; None if there are none."""
        return None if settings is None else cls(settings.name, tuple(settings.edges))

    @classmethod
    def from_cuts(cls, cuts: pd.DataFrame) -> EventBins | None:
        """Return the bins of a table of cuts; None if cuts do not follow a property."""
        if "property" not in cuts or cuts.empty:
            return None
        edges = np.unique(cuts[["property_low", "property_high"]].to_numpy(dtype=float))
        return cls(str(cuts["property"].iloc[0]), tuple(edges))

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """Lower and upper edge of each bin."""
        return list(itertools.pairwise(self.edges))

    def positions(self, values: ArrayLike) -> NDArray[np.intp]:
        """Return the bin of each value: on an edge the bin above, beyond all edges the nearest bin."""
        return np.searchsorted(self.edges[1:-1], np.asarray(values, dtype=float), side="right")

    def counts(self, events: pd.DataFrame) -> NDArray[np.intp]:
        """Return the number of events in each bin, shape (n_bins,)."""
        counts: NDArray[np.intp] = np.bincount(
            self.positions(events[self.name]), minlength=len(self.edges) - 1
        )
        return counts

    def split(self, events: pd.DataFrame) -> list[pd.DataFrame]:
        """Return the events of each bin."""
        positions = self.positions(events[self.name])
        return [events[positions == position] for position in range(len(self.edges) - 1)]

    def label(self, cuts: pd.DataFrame, position: int) -> pd.DataFrame:
        """Return the cuts of one bin, with columns for the property and the edges of the bin added."""
        low, high = self.bounds[position]
        return cuts.assign(property=self.name, property_low=low, property_high=high)

    def check(self, table: pd.DataFrame, origin: Path | str) -> None:
        """Raise if cuts cannot be learned in every bin.

        Parameters
        ----------
        table : DataFrame
            A feature table.
        origin : path-like
            File that the messages name.

        Raises
        ------
        ValueError
            If events lie outside the edges, or the weights of signal or background in a bin of the training
            or test sample have no positive sum.
        """
        values = table[self.name].to_numpy(dtype=float)
        n_outside = int(((values < self.edges[0]) | (values > self.edges[-1])).sum())
        sums = []
        for split in SPLITS:
            for label in CLASSES.values():
                of_class = table[(table["split"] == split) & (table["label"] == label)]
                positions, weights = (
                    self.positions(of_class[self.name]),
                    of_class["weight"].to_numpy(dtype=float),
                )
                sums.append(np.bincount(positions, weights, minlength=len(self.edges) - 1))
        in_bins = np.reshape(sums, (len(SPLITS), len(CLASSES), -1)).astype(float)
        self.require(origin, len(table), n_outside, values.min(), values.max(), in_bins)

    def require(
        self,
        origin: object,
        n_events: int,
        n_outside: int,
        low: float,
        high: float,
        in_bins: NDArray[np.float64],
    ) -> None:
        """Raise as :meth:`check` does.

        Parameters
        ----------
        origin : path-like
        n_events, n_outside : int
            Number of all events and of those outside of the edges.
        low, high : float
            Limits of the property in the events.
        in_bins : array, shape (2, 2, n_bins)
            Sums of weights in each bin, of training and test sample, of signal and background.
        """
        if n_outside:
            raise ValueError(
                f"{origin}: {self.name} of {n_outside} of {n_events} events is outside of the bins, "
                f"{self.edges[0]:g} to {self.edges[-1]:g}: widen the edges, the values reach from "
                f"{low:g} to {high:g}"
            )
        for split, of_split in zip(SPLITS, in_bins, strict=True):
            for label, of_bins in zip(CLASSES, of_split, strict=True):
                empty = np.flatnonzero(of_bins <= 0)
                if not len(empty):
                    continue
                (low, high), total = self.bounds[empty[0]], of_bins[empty[0]]
                where = f"{self.name} from {low:g} to {high:g}"
                fault = f"no {label} event of the {split} sample has {where}"
                if total < 0:
                    fault = (
                        f"the weights of {label} events of the {split} sample add up to {total:g} in {where}"
                    )
                raise ValueError(f"{origin}: {fault}: join this bin with a neighbour")


def columns_of(features: Sequence[str], bins: EventBins | None) -> list[str]:
    """Return the columns that a network needs: the features, then the property if there is one."""
    return [*features, *([] if bins is None else [bins.name])]
