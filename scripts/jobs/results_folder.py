"""Check that results can be written."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ..kinds import ConfigError

#: Smallest free disk space for a run [bytes]; simulated events take most of it.
LEAST_FREE_SPACE = 400_000_000


def check_results_folder(folder: Path) -> None:
    """Raise if results cannot be written, before any work is done.

    Raises
    ------
    ConfigError
        If the folder, or the nearest one above that exists, is not a folder, not writable or full.
    """
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        raise ConfigError(f"{existing}: not a folder, results cannot be written: remove or rename it")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise ConfigError(f"{existing}: no permission to write results: run elsewhere with --directory")
    free = shutil.disk_usage(existing).free
    if free < LEAST_FREE_SPACE:
        raise ConfigError(
            f"{existing}: only {free / 1e6:.0f} MB free, results need {LEAST_FREE_SPACE / 1e6:.0f} MB: "
            "make room or run elsewhere with --directory"
        )
