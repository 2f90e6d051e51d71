"""A feature table that stays on disk and is read block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from .feature_table import CLASSES, DATA
from .folds import FOLD

if TYPE_CHECKING:
    import pandas as pd

#: Events read at a time.
BLOCK = 2**17
#: Bytes that a training in memory takes for each event and column: the table, the scaled sample, the
#: arranged sample and what is needed in between (measured with 10 features, see docs/howto/large_tables.md).
BYTES_IN_MEMORY = 32
#: Neighbouring rows are often alike, for example all of the test; so a share is not one piece of the table.
PIECES_OF_SHARE = 8


@dataclass(frozen=True)
class Block:
    """Some rows of a feature table.

    Parameters
    ----------
    values : array of float64, shape (n_columns, n_rows)
        The wanted columns.
    is_signal, in_training : array of bool, shape (n_rows,)
    weights : array of float64, shape (n_rows,)
    processes : array of str, optional
        The process of each event, if the table has it.
    first : int
        Number of the first row in the table.
    is_data : bool
        Whether these are events of data; else they are of signal or background.
    folds : array of int, shape (n_rows,), optional
        The fold of each event, if the table has folds.
    """

    values: NDArray[np.float64]
    is_signal: NDArray[np.bool_]
    in_training: NDArray[np.bool_]
    weights: NDArray[np.float64]
    processes: pa.Array | None
    first: int = 0
    is_data: bool = False
    folds: NDArray[np.integer] | None = None

    def events(self, columns: Sequence[str]) -> pd.DataFrame:
        """Return the values as a table, with the folds if there are any."""
        import pandas as pd

        # Of a property that is a feature, too, there is one column.
        events = pd.DataFrame(dict(zip(columns, self.values, strict=True)))
        return events if self.folds is None else events.assign(**{FOLD: self.folds})

    @property
    def labels(self) -> NDArray[np.int8]:
        """Return 1 for signal, 0 for background, -1 for data."""
        labels = self.is_signal.astype(np.int8)
        return np.full_like(labels, DATA) if self.is_data else labels

    def coded_processes(self) -> tuple[list[str], NDArray[np.intp]]:
        """Return the names of processes, and for each event its position there; else of the classes."""
        if self.processes is None:
            return list(CLASSES), (~self.is_signal).astype(np.intp)
        encoded = pc.dictionary_encode(self.processes.cast("string"))
        return encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False)


@dataclass(frozen=True)
class StoredTable:
    """A feature table on disk, or the share of it that one of several processes reads.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        Features, and the property that cuts follow, if any.
    share, shares : int
        Number of this share, from 0, and of all shares; each has some pieces of neighbouring rows.
    fold : int, optional
        The fold whose events are of the test, of a table with folds; all others are of the training then.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not parquet, or lacks a column.
    """

    path: Path
    columns: tuple[str, ...]
    share: int = 0
    shares: int = 1
    fold: int | None = None

    def __post_init__(self) -> None:
        names = self._open().schema_arrow.names
        needed = (*self.columns, "label", "split", "weight", *([] if self.fold is None else [FOLD]))
        missing = [name for name in needed if name not in names]
        if missing:
            raise ValueError(f"{self.path}: no column {', '.join(missing)}: it has {', '.join(names)}")

    def __len__(self) -> int:
        """Return the number of events of both classes, of all shares."""
        return sum(_sizes(self._open()))

    @property
    def groups(self) -> list[int]:
        """The row groups of both classes, without those of data."""
        return list(range(len(_sizes(self._open()))))

    @property
    def bytes_in_memory(self) -> int:
        """Memory that a training on this share takes if it is read as a whole [bytes]."""
        return len(self) * (len(self.columns) + 2) * BYTES_IN_MEMORY // self.shares

    def blocks(self, size: int | None = None) -> Iterator[Block]:
        """Yield the rows of the share in their order, in blocks of at most ``size``, else :data:`BLOCK`."""
        table = self._open()
        bounds = np.cumsum([0, *_sizes(table)])
        columns = self._read_columns(table)
        for first, last in self._pieces(int(bounds[-1])):
            groups = np.flatnonzero((bounds[:-1] < last) & (bounds[1:] > first)).tolist()
            at = int(bounds[groups[0]]) if groups else 0
            for batch in table.iter_batches(size or BLOCK, groups, columns, use_threads=False):
                low, high = max(first - at, 0), min(last - at, len(batch))
                if low < high:
                    yield self._block(batch.slice(low, high - low), at + low)
                at += len(batch)

    def data_blocks(self, size: int | None = None) -> Iterator[Block]:
        """Yield the events of data of the whole table, if any, in blocks as those of the classes."""
        table = self._open()
        first = len(_sizes(table))
        groups = list(range(first, table.metadata.num_row_groups))
        columns = self._read_columns(table)
        for batch in table.iter_batches(size or BLOCK, groups, columns, use_threads=False):
            yield replace(self._block(batch, 0), is_data=True)

    def of_fold(self, fold: int) -> StoredTable:
        """Return the table as the training of a fold sees it."""
        return replace(self, fold=fold)

    def _read_columns(self, table: Any) -> list[str]:
        further = [name for name in ("process", FOLD) if name in table.schema_arrow.names]
        return [*dict.fromkeys(self.columns), "label", "split", "weight", *further]

    def _pieces(self, n_rows: int) -> list[tuple[int, int]]:
        number = 1 if self.shares == 1 else PIECES_OF_SHARE * self.shares
        bounds = [n_rows * piece // number for piece in range(number + 1)]
        return [(bounds[piece], bounds[piece + 1]) for piece in range(self.share, number, self.shares)]

    def _block(self, batch: pa.RecordBatch, first: int) -> Block:
        values = np.empty((len(self.columns), len(batch)))
        for column, target in zip(self.columns, values, strict=True):
            target[:] = _numbers(batch[column])
        folds = _numbers(batch[FOLD]) if FOLD in batch.schema.names else None
        if self.fold is None or folds is None:
            in_training = pc.equal(batch["split"], "train").to_numpy(zero_copy_only=False)
        else:
            in_training = folds != self.fold
        return Block(
            values,
            _numbers(batch["label"]) == 1,
            in_training,
            _numbers(batch["weight"]).astype(np.float64, copy=False),
            batch["process"] if "process" in batch.schema.names else None,
            first,
            folds=folds,
        )

    def _open(self) -> Any:
        if not self.path.exists():
            raise FileNotFoundError(f"{self.path}: no such feature table")
        try:
            # Without `pre_buffer` a row group is not read as a whole.
            return pq.ParquetFile(self.path, pre_buffer=False, memory_map=False, buffer_size=2**20)
        except (ValueError, OSError) as error:
            raise ValueError(
                f"{self.path}: not a readable parquet file ({error}): delete it and run again"
            ) from error


def _sizes(table: Any) -> list[int]:
    """Return the numbers of events of the row groups, without those of data at the end."""
    metadata, sizes = table.metadata, []
    label = table.schema_arrow.names.index("label")
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        limits = group.column(label).statistics
        if limits is not None and limits.has_min_max and limits.max == DATA:
            break
        sizes.append(int(group.num_rows))
    return sizes


def _numbers(column: pa.Array) -> NDArray[Any]:
    # A missing number is NaN, as in a table in memory.
    values: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return values


def stored(
    path: Path, columns: Sequence[str], share: int = 0, shares: int = 1, fold: int | None = None
) -> StoredTable:
    """Return a feature table on disk, see :class:`StoredTable`."""
    return StoredTable(path, tuple(columns), share, shares, fold)
