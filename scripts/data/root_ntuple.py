"""Trees and RNTuples of ROOT files, by uproot."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np
import uproot

from ..physics.addresses import protocol_of
from ..physics.root_files import chunk_bounds, faults_of, open_root
from .names import closest_name, first_names
from .ntuple import Ntuple
from .ntuple_arrays import from_awkward, from_numpy, joined

if TYPE_CHECKING:
    from .ntuple import Chunk, Values

TREES = ("TTree", "TNtuple", "TNtupleD")
RNTUPLES = ("ROOT::RNTuple", "ROOT::Experimental::RNTuple")
UNREADABLE = "branch {} cannot be read, the file is damaged or uproot does not know its type"
#: Trees that one message names at most.
MOST_TREES = 8
#: Guess of the memory that an event of a field of an RNTuple takes, without and with lists [bytes].
NUMBER_BYTES, LIST_BYTES = 8, 64


def open_root_ntuple(path: str, tree: str | None = None) -> Ntuple:
    """Open a tree or RNTuple of a ROOT file, see :func:`scripts.data.ntuple_file.open_ntuple`."""
    root_file = open_root(path, remote=protocol_of(path) is not None)
    try:
        name = tree or _only_tree(root_file, path)
        kind = _class_of(root_file, name, path)
        with faults_of(path):
            form = RNtuple if kind in RNTUPLES else Tree
            return form(path, name, root_file, root_file[name])
    except BaseException:
        root_file.close()
        raise


def _trees(root_file: Any, path: str) -> list[str]:
    with faults_of(path):
        # Of several cycles of one name the newest is the one that is read.
        classes = root_file.classnames(recursive=True, cycle=False)
    return [name for name, kind in classes.items() if kind in TREES + RNTUPLES]


def _only_tree(root_file: Any, path: str) -> str:
    names = _trees(root_file, path)
    if len(names) == 1:
        return names[0]
    if not names:
        raise ValueError(f"{path}: no tree in this file: was it written to the end, and is it an ntuple?")
    shown = first_names(names, MOST_TREES)
    raise ValueError(f"{path}: {len(names)} trees, {shown}: name the one to read, such as `tree: {names[0]}`")


def _class_of(root_file: Any, name: str, path: str) -> str:
    kind = ""
    with faults_of(path), suppress(uproot.KeyInFileError):
        kind = str(root_file.classname_of(name))
    if kind in TREES + RNTUPLES:
        return kind
    names = _trees(root_file, path)
    fault = f"{name} is no tree but a {kind}" if kind else f"no tree {name}"
    hint = first_names(names, MOST_TREES) or "no tree at all"
    if len(names) > 1:
        hint += f"; the closest is {closest_name(name, names)}"
    raise ValueError(f"{path}: {fault}: the file has {hint}")


class RootNtuple(Ntuple):
    """A tree or RNTuple of an open ROOT file.

    Parameters
    ----------
    path, tree : str
        The file, and the name of what is read in it, for messages.
    root_file : uproot.ReadOnlyDirectory
        Closed with this object.
    content : uproot.TTree or uproot.behaviors.RNTuple.RNTuple
    """

    part = "branch"

    def __init__(self, path: str, tree: str, root_file: Any, content: Any) -> None:
        self.path, self.tree, self._file, self._content = path, tree.split(";")[0], root_file, content
        self._n_events = int(content.num_entries)

    @property
    def n_events(self) -> int:
        """Number of events."""
        return self._n_events

    @property
    def place(self) -> str:
        """Where in the file the names are, for messages."""
        return f" in the tree {self.tree}"

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _values(self, name: str, array: Any) -> Values:
        try:
            return from_numpy(array) if isinstance(array, np.ndarray) else from_awkward(array)
        except TypeError as error:
            raise self._not_values(name, str(error)) from error

    def _not_values(self, name: str, kind: str) -> ValueError:
        return ValueError(
            f"{self.path}: branch {name} holds {kind}: only numbers, truth values, strings and lists of "
            "them can be read"
        )


class Tree(RootNtuple):
    """A ``TTree``."""

    def __init__(self, path: str, tree: str, root_file: Any, content: Any) -> None:
        super().__init__(path, tree, root_file, content)
        self._branches = _named_branches(list(content.iteritems()))
        self.names = tuple(self._branches)

    def _bytes_per_event(self, names: Sequence[str]) -> float:
        total = sum(int(self._branches[name][0].uncompressed_bytes) for name in names)
        return max(total / self._n_events, 1.0)

    def _chunks(self, names: list[str], start: int, stop: int, step: int) -> Iterator[Chunk]:
        readers = {name: BranchReader(self._checked(name), start, self.path) for name in names}
        shared = set.intersection(*(set(reader.ends) for reader in readers.values()))
        for first, last in itertools.pairwise(chunk_bounds(sorted(shared), start, stop, step)):
            chunk: Chunk = {}
            for name, reader in readers.items():
                array, leaf = reader.take(last - first), self._branches[name][1]
                chunk[name] = self._values(name, array if leaf is None else array[leaf])
            yield chunk

    def _checked(self, name: str) -> Any:
        branch, _ = self._branches[name]
        if isinstance(branch.interpretation, uproot.interpretation.identify.UnknownInterpretation):
            raise self._not_values(name, f"{branch.typename}, which uproot does not know")
        if branch.num_entries != self._n_events:
            raise ValueError(
                f"{self.path}: branch {name} has {branch.num_entries} events, the tree {self.tree} has "
                f"{self._n_events}: was the file written to the end?"
            )
        return branch


def _named_branches(items: Sequence[tuple[str, Any]]) -> dict[str, tuple[Any, str | None]]:
    """Return each branch that has values, and its leaf if there are several, by all of its names."""
    with_values = [(full, branch) for full, branch in items if not len(branch.branches)]
    counts = Counter(branch.name for _, branch in with_values)
    named: dict[str, tuple[Any, str | None]] = {}
    for full, branch in with_values:
        for name in [branch.name, full] if counts[branch.name] == 1 else [full]:
            leaves = [leaf.member("fName") for leaf in branch.member("fLeaves")]
            if len(leaves) == 1:
                named[name] = branch, None
            else:
                named |= {f"{name}.{leaf}": (branch, leaf) for leaf in leaves}
    return named


class BranchReader:
    """Reads successive events of a branch, each basket once.

    A basket can be larger than a chunk: what is left of it is kept for the next chunk.

    Parameters
    ----------
    branch : uproot.TBranch
    start : int
        The first event.
    path : str
        For messages.
    """

    def __init__(self, branch: Any, start: int, path: str) -> None:
        self._branch, self._next, self._path = branch, start, path
        self._left: Any = None
        # Numbers are faster without awkward.
        self._library = "np" if isinstance(branch.interpretation, uproot.AsDtype) else "ak"
        with faults_of(path):
            self.ends: list[int] = list(branch.entry_offsets)

    def take(self, n_events: int) -> Any:
        """Return the next events as an array of numpy or awkward.

        Raises
        ------
        ValueError
            If the file is damaged.
        """
        stop = self._next + n_events
        parts = []
        if self._left is not None:
            parts.append(self._left[:n_events])
            self._left = self._left[n_events:] if len(self._left) > n_events else None
            self._next += len(parts[0])
        if self._next < stop:
            basket = bisect_left(self.ends, stop)  # the one in which the last event is
            whole = stop if self.ends[basket] == stop else self.ends[basket - 1]
            if self._next < whole:
                parts.append(self._read(self._next, whole))
                self._next = whole
            if self._next < stop:
                last = self._read(self._next, self.ends[basket])
                parts.append(last[: stop - self._next])
                self._left = last[stop - self._next :]
                self._next = stop
        return joined(parts)

    def _read(self, start: int, stop: int) -> Any:
        with faults_of(self._path, UNREADABLE.format(self._branch.name)):
            return self._branch.array(
                entry_start=start, entry_stop=stop, library=self._library, array_cache=None
            )


class RNtuple(RootNtuple):
    """An ``RNTuple``, ROOT's new format."""

    def __init__(self, path: str, tree: str, root_file: Any, content: Any) -> None:
        super().__init__(path, tree, root_file, content)
        # Not `keys`, which takes seconds for a thousand fields.
        fields = {field.path: field for field in content.all_fields if field.path and not field.is_anonymous}
        records = {name.rpartition(".")[0] for name, field in fields.items() if not field.top_level}
        self._fields = {name: field for name, field in fields.items() if name not in records}
        self.names = tuple(self._fields)

    def _bytes_per_event(self, names: Sequence[str]) -> float:
        return sum(LIST_BYTES if "<" in self._fields[name].typename else NUMBER_BYTES for name in names)

    def _chunks(self, names: list[str], start: int, stop: int, step: int) -> Iterator[Chunk]:
        with faults_of(self.path):
            firsts = [int(cluster.num_first_entry) for cluster in self._content.cluster_summaries]
        ends = [*firsts[1:], self._n_events]
        begin = start
        # uproot reads whole clusters, and with those of a range the one after it: kept for the next range.
        cache: dict[Any, Any] = {}
        while begin < stop:
            fitting = [end for end in ends if begin < end <= begin + step]
            end = min(fitting[-1] if fitting else next(end for end in ends if end > begin), stop)
            known = list(cache)
            # Of a last range nothing is kept: the memory for it costs a fifth of the time.
            kept = cache if cache or end < stop else None
            block = {name: self._values(name, self._read(name, begin, end, kept)) for name in names}
            for key in known:
                del cache[key]
            for first in range(0, end - begin, step):
                yield {name: values[first : first + step] for name, values in block.items()}
            begin = end

    def _read(self, name: str, start: int, stop: int, cache: dict[Any, Any] | None) -> ak.Array:
        field = self._fields[name]
        with faults_of(self.path, UNREADABLE.format(name)):
            if field.top_level and not {".", "/"}.isdisjoint(name):  # else taken for a path
                records = self._content.arrays(
                    filter_field=lambda one: one is field,
                    entry_start=start,
                    entry_stop=stop,
                    array_cache=cache,
                )
                return records[name]
            return field.array(entry_start=start, entry_stop=stop, array_cache=cache)
