"""Arranged events on disk, in the form in which each epoch reads them."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cabin_core.arrangement import ArrangedEvents


class EventFile:
    """A nameless file of arranged blocks: no decoding, no scaling and no sorting in later epochs.

    It has no name in its folder, so its room is free again when the process ends, however it ends.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        # Without buffer: arrays are read and written as a whole.
        self._file: Any = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115, open in all epochs
        self._folder = folder
        self._blocks: list[ArrangedEvents] = []

    def append(self, events: ArrangedEvents) -> None:
        """Write a block behind the others.

        Raises
        ------
        ValueError
            If the disk is full.
        """
        try:
            for array in (events.features, events.weights):
                _transfer(self._file.write, np.ascontiguousarray(array))
        except OSError as error:
            raise ValueError(
                f"{self._folder}: {os.strerror(error.errno or 0)} while the events are copied there for the "
                "training: make room and run again"
            ) from None
        # In memory only what they are; an array of one element that is repeated has no elements of its own.
        features, weights = (
            np.broadcast_to(np.zeros((), array.dtype), array.shape)
            for array in (events.features, events.weights)
        )
        self._blocks.append(replace(events, features=features, weights=weights))

    def clear(self) -> None:
        """Forget all blocks."""
        self._file.seek(0)
        self._file.truncate()
        self._blocks.clear()

    def __iter__(self) -> Iterator[ArrangedEvents]:
        """Read the blocks in their order."""
        self._file.seek(0)
        for block in self._blocks:
            features, weights = (
                np.empty(array.shape, array.dtype) for array in (block.features, block.weights)
            )
            for array in (features, weights):
                _transfer(self._file.readinto, array)
            yield replace(block, features=features, weights=weights)


def _transfer(move: Any, array: NDArray[Any]) -> None:
    """Read or write all bytes of an array; the system may take fewer at a time."""
    rest = array.reshape(-1).view(np.uint8)
    while len(rest):
        moved = move(rest)
        if not moved:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest = rest[moved:]
