"""Tables in text files, by pyarrow: csv and tsv, also with gzip."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.csv as pc

from .ntuple import Ntuple
from .ntuple_arrays import from_arrow
from .ntuple_bytes import open_bytes

if TYPE_CHECKING:
    from .ntuple import Chunk

#: Text that is read at once [bytes].
BLOCK = 2**24
#: Fields without a value. `nan` is one: it is the number that it is in ROOT and parquet files.
MISSING = ["", "NA", "N/A", "null", "NULL", "None"]
FAULTS = (pa.ArrowException, csv.Error, EOFError, OSError, UnicodeDecodeError, zlib.error)


@dataclass(frozen=True)
class Block:
    """Whole lines of a file: their place in it [bytes], and the number of events."""

    offset: int
    size: int
    n_events: int


class TextNtuple(Ntuple):
    """The rows of a table in a text file, below a row with the names of the columns.

    Lines before this row that begin with ``#`` are skipped. A column holds integers, floating-point
    numbers, truth values (``true``, ``false``) or else strings, the same in the whole file: it is read once
    to find this and the number of events, then for the values.

    Parameters
    ----------
    path : str
    separator : str

    Raises
    ------
    ValueError
        If it has no row with names.
    """

    def __init__(self, path: str, separator: str) -> None:
        self.path, self._separator = path, separator
        self._raw = open_bytes(path)
        self._file: IO[Any] = self._raw
        if path.lower().endswith(".gz"):
            self._file = cast(IO[Any], gzip.GzipFile(fileobj=self._raw))
        try:
            with _faults_of(path):
                line = self._file.readline().removeprefix(codecs.BOM_UTF8)
                while line.startswith(b"#"):
                    line = self._file.readline()
                self._start = self._file.tell()
                self._header = self._names_in(line.decode())
        except BaseException:
            self._raw.close()
            raise
        self.names = tuple(name for name in self._header if name)

    def _names_in(self, line: str) -> list[str]:
        header = [
            name.strip() for name in next(csv.reader([line.strip("\r\n")], delimiter=self._separator), [])
        ]
        repeated = [name for name in header if name and header.count(name) > 1]
        if repeated:
            raise ValueError(f"{self.path}: two columns have the name {repeated[0]}: rename one")
        if not any(header) or any(_is_number(name) for name in header):
            raise ValueError(
                f"{self.path}: no names of the columns in the first line that has no #: add them"
            )
        if len(header) == 1 and any(sign in header[0] for sign in ",;\t"):
            raise ValueError(
                f"{self.path}: one column, {header[0]!r}: columns of .csv are separated by commas, "
                "those of .tsv by tabs"
            )
        return header

    @property
    def n_events(self) -> int:
        """Number of events."""
        return sum(block.n_events for block in self._survey[0])

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    @cached_property
    def _survey(self) -> tuple[list[Block], dict[str, pa.DataType]]:
        """The blocks of the file, and the type of each column."""
        blocks: list[Block] = []
        types: dict[str, pa.DataType] = dict.fromkeys(self.names, pa.null())
        offset = self._start
        with _faults_of(self.path):
            self._file.seek(offset)
            for text in _whole_lines(self._file):
                table = self._parse(text, {})
                for name in self.names:
                    types[name] = _joint_type(types[name], table.schema.field(name).type)
                blocks.append(Block(offset, len(text), len(table)))
                offset += len(text)
        for name, kind in types.items():
            if pa.types.is_binary(kind):
                raise ValueError(f"{self.path}: column {name} has text that is not UTF-8: convert the file")
        return blocks, types

    def _parse(self, text: bytes, types: dict[str, pa.DataType]) -> pa.Table:
        """Return the named columns of some lines, all columns if no types are given."""
        # One more byte, so that the text is one block for pyarrow, too.
        return pc.read_csv(
            io.BytesIO(text),
            pc.ReadOptions(column_names=self._placeholders, use_threads=False, block_size=len(text) + 1),
            pc.ParseOptions(delimiter=self._separator),
            pc.ConvertOptions(
                include_columns=list(types) or list(self.names),
                column_types=types,
                null_values=MISSING,
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )

    @property
    def _placeholders(self) -> list[str]:
        """Names for all columns: an index that pandas writes has none."""
        return [name or f"\0{number}" for number, name in enumerate(self._header)]

    def _bytes_per_event(self, names: Sequence[str]) -> float:
        return 8.0 * len(names)

    def _chunks(self, names: list[str], start: int, stop: int, step: int) -> Iterator[Chunk]:
        blocks, all_types = self._survey
        types = {name: all_types[name] for name in names}
        first = 0
        for block in blocks:
            low, high = max(start - first, 0), min(stop - first, block.n_events)
            first += block.n_events
            if low >= high:
                continue
            with _faults_of(self.path):
                self._file.seek(block.offset)
                table = self._parse(self._file.read(block.size), types)
            columns = {name: table.column(name).combine_chunks() for name in names}
            for at in range(low, high, step):
                n_events = min(step, high - at)
                yield {name: from_arrow(column.slice(at, n_events)) for name, column in columns.items()}


@contextmanager
def _faults_of(path: str) -> Iterator[None]:
    """Give faults of a file the message that those of other formats have."""
    try:
        yield
    except FAULTS as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path}: not a table, or cut short: {reason}") from error


def _whole_lines(file: IO[Any]) -> Iterator[bytes]:
    """Yield the rest of a file in blocks that end where lines end."""
    rest = b""
    while text := file.read(BLOCK):
        lines, end, begun = (rest + text).rpartition(b"\n")
        if end:
            yield lines + end
        rest = begun
    if rest:
        yield rest


def _joint_type(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """Return the type of a column of which some lines have one type and some the other."""
    kinds = {kind for kind in (one, other) if not pa.types.is_null(kind)}
    if any(pa.types.is_binary(kind) for kind in kinds):
        return pa.binary()
    if any(pa.types.is_temporal(kind) for kind in kinds):
        return pa.string()
    if len(kinds) < 2:
        return next(iter(kinds), one)
    return pa.float64() if kinds == {pa.int64(), pa.float64()} else pa.string()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
