"""Addresses of files that are elsewhere, such as ``root://host//file.root``."""

from __future__ import annotations

import os
import re


def protocol_of(path: str | os.PathLike[str]) -> str | None:
    """Return ``root`` of ``root://host//file.root``; None for a path on a disk."""
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)(::|://)", os.fspath(path))
    return found[1] if found and not os.path.exists(path) else None
