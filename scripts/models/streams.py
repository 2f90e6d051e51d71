"""Samples of a feature table on disk for the training of a network."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray

from cabin_core import EventBlock, EventStream, FeatureScaling
from cabin_core.weight_unit import weight_unit

from ..data.event_file import EventFile
from ..data.feature_table import SPLITS
from ..data.stored_table import Block, StoredTable
from ..data.survey import Survey, join, survey
from ..jobs.memory import available_memory
from ..jobs.processes import Processes

if TYPE_CHECKING:
    from ..counting_experiment import CountingExperiment
    from ..data.event_bins import EventBins

log = logging.getLogger("cabin.train_model")

#: A table is read block by block if a training in memory would take more than this share of what is free.
SHARE_OF_MEMORY = 0.5
#: Nor may one in memory take more than this [bytes], however much is free: the rule asks for as much.
MOST_IN_MEMORY = 2e9


def is_large(table: StoredTable, out_of_core: bool | str) -> bool:
    """Return whether a table stays on disk; ``auto`` compares its size with the memory that it may take."""
    if out_of_core != "auto":
        return bool(out_of_core)
    free = available_memory()
    most = MOST_IN_MEMORY if free is None else min(SHARE_OF_MEMORY * free, MOST_IN_MEMORY)
    return table.bytes_in_memory > most


@dataclass(frozen=True)
class StoredEvents:
    """The events of a training that are read block by block, by one process or by several.

    Parameters
    ----------
    table : StoredTable
        The share of this process.
    survey : Survey
        Of all events.
    processes : Processes
    folder : Path, optional
        Where arranged events are kept for the next epoch; in memory where None.
    """

    table: StoredTable
    survey: Survey
    processes: Processes = field(default_factory=Processes)
    folder: Path | None = None

    @classmethod
    def look_at(
        cls, table: StoredTable, bins: EventBins | None, processes: Processes, folder: Path | None
    ) -> StoredEvents:
        """Go through a table once and check it.

        Raises
        ------
        ValueError
            As :func:`scripts.data.feature_table.check_feature_table` does.
        """
        found = join(processes.gather(survey(table, bins)))
        found.check(table.path, bins, table.fold)
        return cls(table, found, processes, folder)

    def sample(
        self,
        scaling: FeatureScaling,
        split: str,
        dtype: torch.dtype,
        *,
        equal_class_weights: bool = False,
        experiment: CountingExperiment | None = None,
        exact_unit: bool = False,
        again: bool = True,
    ) -> EventStream:
        """Return the training or test events.

        Parameters
        ----------
        scaling, split, dtype, equal_class_weights, experiment, exact_unit
            As those of :func:`scripts.models.samples.make_sample`.
        again : bool
            Whether they are needed more than once, and so kept.
        """
        of_features = [values.numpy() for values in (scaling.mean, scaling.spread, scaling.limit)]
        factors = self._factors(split, equal_class_weights, experiment, exact_unit)
        real = np.float32 if dtype == torch.float32 else np.float64
        in_training, n_columns = split == "train", len(scaling.features)

        def blocks() -> Iterator[EventBlock]:
            empty = True
            for block in self.table.blocks():
                chosen = block.in_training == in_training
                features = np.empty((n_columns, int(chosen.sum())), real)
                for values, target, middle, unit, limit in zip(
                    block.values, features, *of_features, strict=True
                ):
                    target[:] = np.clip((values[chosen] - middle) / unit, -limit, limit)
                weights = block.weights * _factors_of(block, factors)
                yield EventBlock(
                    torch.from_numpy(features).T,
                    torch.from_numpy(block.is_signal[chosen]),
                    torch.from_numpy(weights[chosen].astype(real)),
                )
                empty = False
            if empty:  # fewer events than processes
                none = torch.zeros(0, dtype=dtype)
                yield EventBlock(none.reshape(0, n_columns), none.bool(), none)

        kept = self._kept(dtype.itemsize * (n_columns + 1), split) if again else None
        return EventStream(blocks, n_columns, dtype, kept=kept, add_up=self.processes.add_up)

    def _factors(
        self,
        split: str,
        equal_class_weights: bool,
        experiment: CountingExperiment | None,
        exact_unit: bool,
    ) -> dict[str, float] | tuple[float, float]:
        if experiment is not None:
            return self.survey.expected_factors(split, experiment)
        if equal_class_weights:
            return self.survey.equal_factors(split)
        at = SPLITS.index(split)
        absolute, n_events = float(self.survey.absolute[at].sum()), int(self.survey.counts[at].sum())
        factor = 1 / weight_unit(absolute, n_events, exact=exact_unit)
        return factor, factor

    def _kept(self, bytes_of_event: int, split: str) -> list | EventFile | None:
        if self.folder is None:
            return []
        n_events = int(self.survey.counts[0 if split == "train" else 1].sum())
        needed = n_events * bytes_of_event // self.processes.number
        free = shutil.disk_usage(self.folder).free
        if 2 * needed > free:
            log.warning(
                "%s: %.1f GB free, too little for a copy of the %s events: each epoch reads the table",
                *(self.folder, free / 1e9, split),
            )
            return None
        return EventFile(self.folder)


def _factors_of(block: Block, factors: dict[str, float] | tuple[float, float]) -> NDArray[np.float64]:
    """Return the factor on the weight of each event, by its process or else by its class."""
    if isinstance(factors, dict) and block.processes is not None:
        encoded = pc.dictionary_encode(block.processes.cast("string"))
        of_names = np.array([factors[name] for name in encoded.dictionary.to_pylist()])
        return np.asarray(of_names[encoded.indices.to_numpy(zero_copy_only=False)])
    signal, background = (factors["signal"], factors["background"]) if isinstance(factors, dict) else factors
    return np.where(block.is_signal, signal, background)
