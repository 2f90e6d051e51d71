"""Sums over the events of each process that selections pass, added up block by block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cabin_core.metrics import weighted_efficiencies

from ..data.yields import process_names
from .selection_sums import SelectionSums, stacked

if TYPE_CHECKING:
    from ..data.stored_table import Block

#: Events whose sums are formed at a time, so that no large array is made of them.
EVENTS = 2**15


@dataclass
class _Sums:
    """Sums of one process.

    Parameters
    ----------
    label : int
        1 signal, 0 background, -1 data.
    counted : SelectionSums
        Of the events of the test sample, or of data.
    whole : float
        Weights of all events, those of the training sample too.
    """

    label: int
    counted: SelectionSums
    whole: float = 0.0


class ProcessSums:
    """What selections leave of each process, of the test sample and of data.

    Parameters
    ----------
    n_selections : int
    """

    def __init__(self, n_selections: int) -> None:
        self._n_selections = n_selections
        self._sums: dict[str, _Sums] = {}

    def add_block(self, block: Block, passed: NDArray[np.bool_]) -> None:
        """Add the events of a block.

        Parameters
        ----------
        block : Block
        passed : ndarray of bool, shape (n_events, n_selections)
        """
        names, positions = block.coded_processes()
        self._add(names, positions, block.labels, ~block.in_training, block.weights, passed)

    def add_events(self, events: pd.DataFrame, passed: NDArray[np.bool_]) -> None:
        """Add the events of a feature table in memory; arguments as in :meth:`add_block`."""
        processes = events["process"] if "process" in events else process_names(events)
        positions, names = pd.factorize(processes)
        labels, weights = events["label"].to_numpy(), events["weight"].to_numpy(dtype=float)
        counted = (events["split"] != "train").to_numpy()
        for first in range(0, len(events), EVENTS):
            rows = slice(first, first + EVENTS)
            self._add(list(names), positions[rows], labels[rows], counted[rows], weights[rows], passed[rows])

    def _add(
        self,
        names: Sequence[str],
        positions: NDArray[np.integer],
        labels: NDArray[np.integer],
        counted: NDArray[np.bool_],
        weights: NDArray[np.float64],
        passed: NDArray[np.bool_],
    ) -> None:
        for position, name in enumerate(names):
            of_process = positions == position
            if not of_process.any():
                continue
            label = int(labels[np.argmax(of_process)])
            sums = self._sums.setdefault(name, _Sums(label, SelectionSums(self._n_selections)))
            sums.whole += float(weights[of_process].sum())
            of_process &= counted
            sums.counted.add(weights[of_process], passed[of_process])

    def tabulate(self) -> pd.DataFrame:
        """Return one row for each process, in the order of the table, and selection.

        Returns
        -------
        DataFrame
            ``process``, ``label`` and ``selection`` (its position), then of the test sample, or of data, what
            passes: ``events`` (their number), ``weighted`` (the sum of their weights) and
            ``weighted_uncertainty`` (the square root of the sum of their squares), ``efficiency`` and
            ``efficiency_uncertainty`` (NaN if the weights of the process have no positive sum); ``yield``
            and ``yield_uncertainty``, the efficiency times the weights of all events, of the training too.
        """
        parts = list(self._sums.values())
        weights, totals, squares, failing = stacked([one.counted for one in parts], self._n_selections)
        efficiencies, uncertainties = weighted_efficiencies(weights, totals, squares, failing)
        wholes = np.array([one.whole for one in parts])[:, None]
        columns = {
            "events": np.array([one.counted.counts for one in parts], dtype=np.int64),
            "weighted": weights,
            "weighted_uncertainty": np.sqrt(squares),
            "efficiency": efficiencies,
            "efficiency_uncertainty": uncertainties,
            "yield": efficiencies * wholes,
            "yield_uncertainty": uncertainties * wholes,
        }
        return pd.DataFrame(
            {
                "process": np.repeat(list(self._sums), self._n_selections),
                "label": np.repeat([one.label for one in parts], self._n_selections),
                "selection": np.tile(np.arange(self._n_selections), len(parts)),
                **{name: values.ravel() for name, values in columns.items()},
            }
        )
