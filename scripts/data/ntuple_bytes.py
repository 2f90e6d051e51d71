"""Opening of a file of any place for reading of its bytes."""

from __future__ import annotations

from typing import IO, Any, cast

from ..physics.addresses import protocol_of
from .ntuple_paths import check_protocol


def open_bytes(path: str) -> IO[Any]:
    """Open a file on a disk or at an address.

    Raises
    ------
    FileNotFoundError, PermissionError
        If there is no such file, or it may not be read.
    ValueError
        If it is a folder, or its protocol is not installed.
    """
    protocol = protocol_of(path)
    try:
        if protocol is None:
            return open(path, "rb")
        check_protocol(path, protocol)
        import fsspec

        return cast(IO[Any], fsspec.open(path, "rb").open())
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{path}: no such file") from error
    except IsADirectoryError as error:
        raise ValueError(f"{path}: a folder: name the files in it, such as {path}/*.root") from error
    except PermissionError as error:
        raise PermissionError(
            f"{path}: no permission to read it: change its mode, or ask its owner"
        ) from error
    except OSError as error:
        raise OSError(f"{path}: cannot be opened: {' '.join(str(error).split())}") from error
