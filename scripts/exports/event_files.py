"""Files that ``apply_cuts`` writes: a flag of each event, or the events that pass."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ..data.ntuple import Chunk

log = logging.getLogger("cabin.apply_cuts")
ENDINGS = (".root", ".parquet")


class EventFile(ABC):
    """A file of events that is written chunk by chunk; it is there only if all were written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.partial")
        path.parent.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def write(self, chunk: Chunk) -> None:
        """Write the next events."""

    @abstractmethod
    def _close(self) -> None: ...

    def __enter__(self) -> EventFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        if kind is None and self._partial.exists():
            self._partial.replace(self._path)
        else:
            self._partial.unlink(missing_ok=True)


class ParquetFile(EventFile):
    """A parquet file, a row group for each chunk."""

    _writer: Any = None

    def write(self, chunk: Chunk) -> None:
        """Write the next events."""
        import awkward as ak
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = {
            name: pa.array(values)
            if isinstance(values, np.ndarray)
            else ak.to_arrow(values, extensionarray=False, list_to32=True, string_to32=True)
            for name, values in chunk.items()
        }
        table = pa.table(columns)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._partial, table.schema)
        self._writer.write_table(table.cast(self._writer.schema))

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class RootFile(EventFile):
    """A ROOT file with a tree; lists have a branch with their lengths, ``nJet_pt`` of ``Jet_pt``.

    Branches that uproot cannot write, such as texts, are left out with a line in the log.
    """

    def __init__(self, path: Path, tree: str) -> None:
        super().__init__(path)
        self._tree_name, self._names = tree, list[str]()
        self._tree: Any = None
        import uproot

        self._file = uproot.recreate(self._partial)

    def write(self, chunk: Chunk) -> None:
        """Write the next events."""
        if self._tree is None:
            types = {name: _type(values) for name, values in chunk.items()}
            odd = [name for name, kind in types.items() if kind is None]
            if odd:
                log.info(
                    "%s: not written, as they hold texts or missing values: %s", self._path, ", ".join(odd)
                )
            # A branch that has the name of the lengths of a list is these lengths.
            lengths = {f"n{name}" for name, kind in types.items() if kind and kind.startswith("var")}
            self._names = [name for name, kind in types.items() if kind is not None and name not in lengths]
            self._tree = self._file.mktree(self._tree_name, {name: types[name] for name in self._names})
        self._tree.extend({name: chunk[name] for name in self._names})

    def _close(self) -> None:
        self._file.close()


def _type(values: Any) -> str | None:
    """Return the type of a branch as uproot takes it; None if it cannot be written."""
    if isinstance(values, np.ndarray):
        return str(values.dtype)
    kind = str(values.type.content)
    parts = kind.split(" * ")
    return kind if len(parts) == 2 and parts[0] == "var" and parts[1] in _NUMBERS else None


_NUMBERS = {
    "bool",
    "float32",
    "float64",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
}


def event_file(path: Path, tree: str) -> EventFile:
    """Return the file for a path that ends with ``.root`` or ``.parquet``.

    Raises
    ------
    ValueError
        If it ends otherwise.
    """
    if path.suffix == ".root":
        return RootFile(path, tree)
    if path.suffix == ".parquet":
        return ParquetFile(path)
    raise ValueError(f"{path}: the output ends with {' or '.join(ENDINGS)}")
