"""A share of the events of a long table, for figures and for the file of scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from .stored_table import Block

#: Up to so many events figures take all; of a longer table they take this number of each class and sample.
MOST_EVENTS, OF_EACH = 2_000_000, 250_000


@dataclass
class Thinning:
    """Takes every so manyth event of each class of the training and of the test sample, always the same.

    The weights grow by the same factor, so that sums of weights stay what they are, up to fluctuations.

    Parameters
    ----------
    counts : array of int, shape (2, 2)
        Events of training and test sample, of signal and background.
    """

    counts: NDArray[np.intp]
    _passed: NDArray[np.intp] = field(init=False)

    def __post_init__(self) -> None:
        self.steps = np.maximum(-(-self.counts // OF_EACH), 1)
        self._passed = np.zeros((2, 2), dtype=np.intp)

    def take(self, block: Block) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the positions and weights of the events to take of the next block."""
        factors = np.zeros(len(block.weights))
        for split, in_split in enumerate((block.in_training, ~block.in_training)):
            for label, in_class in enumerate((block.is_signal, ~block.is_signal)):
                at = np.flatnonzero(in_split & in_class)
                step, passed = self.steps[split, label], self._passed[split, label]
                factors[at[(-passed) % step :: step]] = step
                self._passed[split, label] += len(at)
        taken = np.flatnonzero(factors)
        return taken, block.weights[taken] * factors[taken]


def is_long(path: Path) -> bool:
    """Return whether a feature table has more than :data:`MOST_EVENTS` events."""
    import pyarrow.parquet as pq

    try:
        return int(pq.read_metadata(path).num_rows) > MOST_EVENTS
    except (ValueError, OSError):
        return False  # the message is that of reading it


def read_shown_events(path: Path) -> pd.DataFrame:
    """Read a feature table for a figure; of a long table the events that the file of scores has."""
    import pandas as pd
    import pyarrow.parquet as pq

    from .feature_table import without_data

    if not is_long(path):
        return without_data(pd.read_parquet(path))
    from .stored_table import BLOCK, stored

    table = stored(path, [])
    thinning = Thinning(count(table.blocks()))
    groups = table.groups
    batches = pq.ParquetFile(path, pre_buffer=False).iter_batches(BLOCK, groups, use_threads=False)
    parts = []
    for block, batch in zip(table.blocks(), batches, strict=True):
        taken, weights = thinning.take(block)
        parts.append(batch.take(taken).to_pandas().assign(weight=weights))
    return pd.concat(parts, ignore_index=True)


def read_shown_data(path: Path) -> pd.DataFrame:
    """Read the events of data of a feature table for a figure, of many every so manyth; there may be none."""
    import pandas as pd
    import pyarrow.parquet as pq

    from .stored_table import stored

    file = pq.ParquetFile(path, pre_buffer=False)
    groups = range(len(stored(path, []).groups), file.num_row_groups)
    n_events = sum(file.metadata.row_group(group).num_rows for group in groups)
    step = -(-n_events // MOST_EVENTS)
    parts = [file.schema_arrow.empty_table().to_pandas()]
    parts += [file.read_row_group(group, use_threads=False).to_pandas().iloc[::step] for group in groups]
    return pd.concat(parts[1:] or parts, ignore_index=True)


def count(blocks: object) -> NDArray[np.intp]:
    """Return the number of events of training and test sample, of signal and background, shape (2, 2)."""
    total = np.zeros(4, dtype=np.intp)
    for block in blocks:  # type: ignore[attr-defined]
        total += np.bincount(2 * ~block.in_training + ~block.is_signal, minlength=4)
    return total.reshape(2, 2)
