"""From the paths and patterns in a config to files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable

from ..physics.addresses import protocol_of

#: Packages of the protocols that are common in the field, where fsspec does not bring them.
PACKAGES = {
    "root": "fsspec-xrootd xrootd",
    "http": "aiohttp requests",
    "https": "aiohttp requests",
    "s3": "s3fs",
    "gs": "gcsfs",
}


def find_files(patterns: Iterable[str], taken: dict[str, str] | None = None) -> list[str]:
    """Return the files that paths and patterns name.

    Parameters
    ----------
    patterns : iterable of str
        Paths, patterns such as ``data/*.root`` (``**`` stands for any folders), both also from ``~``, and
        addresses such as ``root://host//file.root``. A file whose name is the pattern itself is that file, so
        that ``s[1].root`` can be read. Addresses are not patterns.
    taken : dict, optional
        Files that may not be named again, real path to path. Those found are added.

    Returns
    -------
    list of str
        In the order of the patterns; those of one pattern in the order of their names.

    Raises
    ------
    ValueError
        If a pattern matches no file, is a folder, needs a protocol that is not installed, or if a file is
        named twice, also by another path.
    """
    taken = {} if taken is None else taken
    files = []
    for pattern in patterns:
        for path in _expand(pattern):
            real = path if protocol_of(path) else os.path.realpath(path)
            if real in taken:
                other = f", also as {taken[real]}" if taken[real] != path else ""
                raise ValueError(f"{path} is read twice{other}")
            taken[real] = path
            files.append(path)
    return files


def _expand(pattern: str) -> list[str]:
    protocol = protocol_of(pattern)
    if protocol is not None:
        check_protocol(pattern, protocol)
        return [pattern]
    for path in (pattern, os.path.expanduser(pattern)):
        if os.path.isdir(path):
            raise ValueError(f"{path} is a folder: name the files in it, such as {os.path.join(path, '*')}")
        if os.path.exists(path):
            return [path]
    matches = glob.glob(os.path.expanduser(pattern), recursive=True)
    files = sorted(path for path in matches if not os.path.isdir(path))
    if not files:
        raise ValueError(f"no file matches {pattern}")
    return files


def check_protocol(path: str, protocol: str) -> None:
    """Raise if addresses of a protocol cannot be opened.

    Raises
    ------
    ValueError
        The message says what to install.
    """
    import fsspec

    try:
        fsspec.get_filesystem_class(protocol)
    except ImportError as error:
        packages = PACKAGES.get(protocol)
        remedy = f"pip install {packages}" if packages else " ".join(str(error).split())
        raise ValueError(
            f"{path}: files of {protocol}:// need packages that are missing: {remedy}"
        ) from error
    except ValueError as error:
        raise ValueError(f"{path}: unknown protocol {protocol}://: is it misspelt?") from error
