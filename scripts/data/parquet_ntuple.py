"""Parquet files, by pyarrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..physics.addresses import protocol_of
from .ntuple import Ntuple
from .ntuple_arrays import from_arrow
from .ntuple_bytes import open_bytes

if TYPE_CHECKING:
    from .ntuple import Chunk


class ParquetNtuple(Ntuple):
    """The rows of a parquet file; a field of records, also in lists, has the name ``Jet.pt``.

    Parameters
    ----------
    path : str

    Raises
    ------
    ValueError
        If it is not a complete parquet file.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._handle = open_bytes(path)
        try:
            # Without `pre_buffer` a row group is not read as a whole; with it a far file is asked less often.
            self._file = pq.ParquetFile(
                self._handle, pre_buffer=protocol_of(path) is not None, buffer_size=2**20
            )
            schema, self._metadata = self._file.schema, self._file.metadata
            leaves = [
                leaf for field in self._file.schema_arrow for leaf in _leaves((field.name,), field.type)
            ]
            #: Number of the leaf in the file, and its steps from the top, by name.
            self._columns = {".".join(leaf): (number, leaf) for number, leaf in enumerate(leaves)}
            self._leaf_paths = [schema.column(number).path for number in range(len(leaves))]
        except (pa.ArrowException, OSError, ValueError) as error:
            self._handle.close()
            raise self._unreadable(error) from error
        self.names = tuple(self._columns)

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self._metadata.num_rows)

    def close(self) -> None:
        """Close the file."""
        self._handle.close()

    def _bytes_per_event(self, names: Sequence[str]) -> float:
        groups = [self._metadata.row_group(group) for group in range(self._metadata.num_row_groups)]
        leaves = [self._columns[name][0] for name in names]
        total = sum(group.column(leaf).total_uncompressed_size for group in groups for leaf in leaves)
        # Less in the file where values repeat.
        return max(float(total) / self.n_events, 8.0 * len(names))

    def _chunks(self, names: list[str], start: int, stop: int, step: int) -> Iterator[Chunk]:
        sizes = [self._metadata.row_group(group).num_rows for group in range(self._metadata.num_row_groups)]
        bounds = np.cumsum([0, *sizes])
        groups = np.flatnonzero((bounds[:-1] < stop) & (bounds[1:] > start)).tolist()
        paths = [self._leaf_paths[self._columns[name][0]] for name in names]
        at = int(bounds[groups[0]])
        try:
            for batch in self._file.iter_batches(step, groups, paths, use_threads=False):
                low, high = max(start - at, 0), min(stop - at, len(batch))
                at += len(batch)
                if low < high:
                    yield self._chunk(names, batch.slice(low, high - low))
        except (pa.ArrowException, OSError) as error:
            raise self._unreadable(error) from error

    def _chunk(self, names: list[str], batch: pa.RecordBatch) -> Chunk:
        chunk: Chunk = {}
        for name in names:
            top, *fields = self._columns[name][1]
            try:
                chunk[name] = from_arrow(batch.column(top), fields)
            except (TypeError, ValueError) as error:
                raise ValueError(
                    f"{self.path}: column {name} holds {batch.column(top).type}: only numbers, truth values, "
                    "strings and lists of them can be read"
                ) from error
        return chunk

    def _unreadable(self, error: Exception) -> ValueError:
        reason = " ".join(str(error).split())
        return ValueError(f"{self.path}: not a parquet file, or cut short: {reason}")


def _leaves(steps: tuple[str, ...], kind: Any) -> Iterator[tuple[str, ...]]:
    """Yield the leaves of a column in the order of the file, each as its steps through records."""
    if pa.types.is_struct(kind):
        for field in kind:
            yield from _leaves((*steps, field.name), field.type)
    elif pa.types.is_map(kind):
        yield from _leaves((*steps, "key"), kind.key_type)
        yield from _leaves((*steps, "value"), kind.item_type)
    elif hasattr(kind, "value_field"):  # a list of any kind
        yield from _leaves(steps, kind.value_type)
    else:
        yield steps
