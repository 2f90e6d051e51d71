"""Reading of a Delphes ROOT file, chunk by chunk, into flat arrays."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from .addresses import protocol_of
from .root_files import chunk_bounds, faults_of, open_root

TREE = "Delphes"
#: Trees that one message names at most.
MOST_TREES = 8
#: Number of events read at once, about 500 bytes each, so that memory does not grow with the file.
CHUNK_SIZE = 100_000


@dataclass(frozen=True)
class Collection:
    """All objects of one kind, for example jets, of all events of a chunk in flat arrays.

    With flat arrays numpy is several times faster than awkward with lists.

    Attributes
    ----------
    bounds : ndarray of int, shape (n_events + 1,)
        The first object of each event, and at the end the number of objects. Most objects are in events that
        are not selected, so nothing is computed for each of them.
    leaves : dict of ndarray, each of shape (n_objects,)
        Leaves by their names in Delphes, for example ``PT`` [GeV, rad].
    """

    bounds: NDArray[np.int64]
    leaves: dict[str, NDArray[Any]]

    def __getitem__(self, leaf: str) -> NDArray[Any]:
        """Return one leaf."""
        return self.leaves[leaf]


@dataclass(frozen=True)
class Chunk:
    """Successive events of a file: their number, and their collections by name."""

    n_events: int
    collections: dict[str, Collection]

    def __getitem__(self, name: str) -> Collection:
        """Return one collection."""
        return self.collections[name]


def iterate_chunks(
    path: Path | str,
    branches: Sequence[str],
    chunk_size: int = CHUNK_SIZE,
    optional: Sequence[str] = (),
    tree: str = TREE,
) -> Iterator[Chunk]:
    """Yield the events of a Delphes file, at most ``chunk_size`` at a time.

    Parameters
    ----------
    path : Path or str
        A ROOT file, also the address of one elsewhere, such as ``root://host//file.root``.
    branches : sequence of str
        Branches to read, such as ``Jet.PT``. Some other branches (``*.fBits``) cannot be decoded.
    chunk_size : int
        Events.
    optional : sequence of str
        Branches that are read where the file has them.
    tree : str
        Name of the tree, also in a folder, such as ``ntuple/Delphes``.

    Yields
    ------
    Chunk
        No chunk for a file without events.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not ROOT or is truncated, has no Delphes tree or lacks a branch, or a branch has NaN or
        infinity; the message begins with the file.
    """
    remote = protocol_of(path) is not None
    if not remote and not os.path.exists(path):
        raise FileNotFoundError(f"{path}: no such file")
    with open_root(path, remote) as root_file:
        found, present = _find_tree(root_file, path, branches, tree)
        branches = [*branches, *(branch for branch in optional if branch in present)]
        for start, stop in itertools.pairwise(_bounds(found, path, branches, chunk_size)):
            arrays = _read(found, path, branches, start, stop)
            yield _to_chunk({_leaf(key): array for key, array in arrays.items()}, path, start)


def _leaf(key: str) -> str:
    """Return ``Electron.PT`` of the key ``Electron/Electron.PT`` of a split collection."""
    return key.rsplit("/", 1)[-1]


def _find_tree(root_file: Any, path: Path | str, branches: Sequence[str], name: str) -> tuple[Any, set[str]]:
    with faults_of(path):
        # An RNTuple is not accepted, because its branches read differently.
        trees = [key for key, kind in root_file.classnames(cycle=False).items() if kind == "TTree"]
        tree = root_file[name] if name in trees else None
        present = set() if tree is None else {_leaf(key) for key in tree.keys()}  # noqa: SIM118
    if tree is None:
        others = f" It has {', '.join(trees[:MOST_TREES])}: name one of them as `tree`" if trees else ""
        raise ValueError(f"{path}: no tree {name}: is this the output of Delphes?{others}")
    missing = [branch for branch in branches if branch not in present]
    if missing:
        raise ValueError(f"{path}: no branch {', '.join(missing)} in the tree {name}")
    return tree, present


def _bounds(tree: Any, path: Path | str, branches: Sequence[str], chunk_size: int) -> list[int]:
    with faults_of(path):
        ends = tree.common_entry_offsets(filter_branch=lambda branch: branch.name in branches)
    return chunk_bounds(ends, 0, int(tree.num_entries), chunk_size)


def _read(tree: Any, path: Path | str, branches: Sequence[str], start: int, stop: int) -> dict[str, ak.Array]:
    with faults_of(path):
        # A filter, because uproot takes names with a dot for expressions; its `iterate` is slower.
        arrays: dict[str, ak.Array] = tree.arrays(
            filter_branch=lambda branch: branch.name in branches, entry_start=start, entry_stop=stop, how=dict
        )
    return arrays


def _to_chunk(arrays: dict[str, ak.Array], path: Path | str, start: int) -> Chunk:
    collections: dict[str, Collection] = {}
    offsets: dict[str, NDArray[np.int64]] = {}
    for branch, array in arrays.items():
        name, leaf = branch.split(".")
        # The buffers are used directly, because the functions of awkward are slow.
        layout = array.layout
        if not (layout.is_list and layout.content.is_numpy):
            raise ValueError(
                f"{path}: branch {branch} is not a list an event: is this the output of Delphes?"
            )
        bounds, content = layout.offsets.data, layout.content.data
        values = content[bounds[0] : bounds[-1]]
        whole = values.dtype.kind in "iu"
        n_bad = 0 if whole or np.isfinite(values).all() else int((~np.isfinite(values)).sum())
        if n_bad:
            raise ValueError(
                f"{path}: branch {branch} is NaN or infinite {n_bad} times in events {start} to "
                f"{start + len(array) - 1}: remove them at the source"
            )
        if name not in collections:
            offsets[name] = bounds
            collections[name] = Collection(bounds - bounds[0], {})
        elif not np.array_equal(bounds, offsets[name]):
            raise ValueError(
                f"{path}: branch {branch} has other lengths than the branches of {name} before it"
            )
        collections[name].leaves[leaf] = values
    return Chunk(len(array), collections)


def make_tree(root_file: Any, collections: Mapping[str, ak.Array], name: str = TREE) -> Any:
    """Return an empty tree in a writable ROOT file, with the names of leaves as in Delphes.

    Parameters
    ----------
    root_file : uproot.WritableDirectory
    collections : mapping of ak.Array
        Collections by name, each with a list of records for each event; they give the types of the tree.
        ``tree.extend`` with such collections writes events.
    name : str
        Name of the tree.
    """
    return root_file.mktree(
        name,
        {collection: records.type.content for collection, records in collections.items()},
        counter_name=lambda collection: f"{collection}_size",
        field_name=lambda collection, leaf: f"{collection}.{leaf}" if collection else leaf,
    )
