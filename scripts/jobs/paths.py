"""Files as scripts are given them."""

from __future__ import annotations

from pathlib import Path


def path_list(paths: Path | list[Path]) -> list[Path]:
    """Return a list of the files that a named input of a rule holds, be it one or several."""
    return paths if isinstance(paths, list) else [paths]
