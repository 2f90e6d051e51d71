"""Opening of ROOT files, and where to cut their events into chunks."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uproot


def unreadable(path: Path | str, error: Exception, what: str = "not a ROOT file, or cut short") -> ValueError:
    """Return the error to raise for a file on which uproot fails; its message is one line."""
    # uproot raises many types of error on damaged files, some with long messages.
    reason = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return ValueError(f"{path}: {what}: {reason}")


@contextmanager
def faults_of(path: Path | str, *what: str) -> Iterator[None]:
    """Raise :func:`unreadable` for each error of uproot in a ``with`` statement."""
    try:
        yield
    except Exception as error:
        raise unreadable(path, error, *what) from error


def open_root(path: Path | str, remote: bool = False) -> Any:
    """Open a ROOT file.

    Parameters
    ----------
    path : path-like
    remote : bool
        Whether it is the address of a file elsewhere, such as ``root://...``.

    Returns
    -------
    uproot.ReadOnlyDirectory

    Raises
    ------
    ValueError
        If it is not ROOT, or is truncated.
    """
    # A file on a disk is read without fsspec, which would give a meaning to some characters of its name.
    how = {} if remote else {"handler": uproot.MultithreadedFileSource, "use_threads": False}
    with faults_of(path):
        # No cache, which would keep up to 100 MB of arrays that are used only once. The mapping keeps
        # uproot from looking for the name of a tree behind a colon in the path.
        root_file = uproot.open({os.fspath(path): None}, array_cache=None, **how)
        expected, size = root_file.file.fEND, root_file.file.source.num_bytes
    if size < expected:
        root_file.close()
        raise unreadable(path, EOFError(f"{size} of {expected} bytes"))
    return root_file


def chunk_bounds(ends: Sequence[int], start: int, stop: int, size: int) -> list[int]:
    """Return the first event of each chunk, and at the end ``stop``; nothing if there are no events.

    Parameters
    ----------
    ends : sequence of int
        Events before which baskets of all branches end, in increasing order. Chunks end there if they can:
        a basket of two chunks costs more.
    start, stop : int
        The first event, and the one behind the last.
    size : int
        Most events of a chunk.
    """
    bounds = [start] if start < stop else []
    while bounds and bounds[-1] < stop:
        first, last = bounds[-1], min(bounds[-1] + size, stop)
        before = bisect_right(ends, last)
        bounds.append(ends[before - 1] if last < stop and before and ends[before - 1] > first else last)
    return bounds
