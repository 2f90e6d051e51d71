"""Ntuples of any format: the file says which it is."""

from __future__ import annotations

import math
import os

from .ntuple import Ntuple

#: Endings of text tables, and what separates their columns.
SEPARATORS = {".csv": ",", ".tsv": "\t"}
FORMATS = ".root, .parquet, .csv, .tsv, .csv.gz and .tsv.gz"


def open_ntuple(path: str | os.PathLike[str], tree: str | None = None) -> Ntuple:
    """Open a file of events.

    Parameters
    ----------
    path : path-like
        A ROOT, parquet, csv or tsv file, the latter also with gzip; or an address such as
        ``root://host//file.root``. ROOT and parquet files may have any ending.
    tree : str, optional
        The tree or RNTuple of a ROOT file, also in a folder (``ntuple/Delphes``). It may be left out where
        there is one.

    Returns
    -------
    Ntuple
        To be closed, or used in a ``with`` statement.

    Raises
    ------
    FileNotFoundError, PermissionError, OSError
        If it cannot be opened.
    ValueError
        If it is empty, damaged or of another format, or has no such tree or several of which none is named;
        the message is one line that begins with the file.
    """
    # Each format is imported where it is met, as their packages take long to import.
    from .ntuple_bytes import open_bytes

    path = os.fspath(path)
    with open_bytes(path) as file:
        start = file.read(4)
    if not start:
        raise ValueError(f"{path}: an empty file: write or copy it again")
    plain = path.lower().removesuffix(".gz")
    ending = os.path.splitext(plain)[1]
    is_root = start == b"root" or ending == ".root"
    if tree is not None and not is_root:
        raise ValueError(f"{path}: not a ROOT file, so it has no tree {tree}: leave out `tree`")
    if is_root:
        from .root_ntuple import open_root_ntuple

        return open_root_ntuple(path, tree)
    if start == b"PAR1" or ending == ".parquet":
        from .parquet_ntuple import ParquetNtuple

        return ParquetNtuple(path)
    if ending in SEPARATORS:
        from .text_ntuple import TextNtuple

        return TextNtuple(path, SEPARATORS[ending])
    raise ValueError(f"{path}: a format that is not known: {FORMATS} are read")


def sum_of_branch(path: str | os.PathLike[str], tree: str | None, branch: str) -> float:
    """Return the sum of a branch over all events, such as ``genEventSumw`` of the tree ``Runs`` of NanoAOD.

    Parameters
    ----------
    path, tree
        As :func:`open_ntuple` takes them.
    branch : str
        One number an event.

    Returns
    -------
    float
        In double precision; 0 without events.

    Raises
    ------
    ValueError
        If there is not one finite number an event, or as :func:`open_ntuple` does.
    """
    import numpy as np

    with open_ntuple(path, tree) as ntuple:
        total = 0.0
        for chunk in ntuple.iterate([branch]):
            values = chunk[branch]
            if not isinstance(values, np.ndarray):
                raise ValueError(
                    f"{path}: {ntuple.part} {branch}{ntuple.place} is not one number an event: no sum of it"
                )
            total += float(values.sum(dtype=np.float64))
    if not math.isfinite(total):
        raise ValueError(
            f"{path}: the sum of {branch}{ntuple.place} is {total}: remove such values at the source"
        )
    return total
