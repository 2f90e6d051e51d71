"""What the readers of all formats of ntuples have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from .names import closest_name, first_names

if TYPE_CHECKING:
    import awkward as ak
    import numpy as np

    Values: TypeAlias = np.ndarray | ak.Array
    Chunk: TypeAlias = dict[str, Values]

#: Size of a chunk [bytes], and most events of one: what is computed from few branches takes memory, too.
CHUNK_BYTES, CHUNK_EVENTS = 64e6, 1_000_000
#: Branches that one message names at most.
MOST_NAMED = 5


class Ntuple(ABC):
    """The events of one file, read in chunks.

    Values of a branch are a numpy array of the byte order of this machine where each event has one number or
    truth value. They are an awkward array otherwise: strings; a list for each event, also where all lists
    are equally long; an option type where values are missing in this chunk (a null of parquet, an empty
    field of a csv file), which is not the same as NaN. They keep the type that they have in the file, so it
    may differ between files; a chunk without missing values has no option type. They are not to be written
    to.

    Attributes
    ----------
    path : str
        As it was given.
    tree : str, optional
        Name of the tree or RNTuple, with its folders and without its cycle; None of other formats.
    names : tuple of str
        What can be read. A branch of a split object has two names, ``Jet.PT`` and ``Jet/Jet.PT``, if
        the first is unique; fields of records have names with dots.
    n_events : int
    """

    #: What one name stands for, and what holds it, for messages.
    part: ClassVar[str] = "column"
    path: str
    tree: str | None = None
    names: tuple[str, ...]

    @property
    @abstractmethod
    def n_events(self) -> int:
        """Number of events."""

    @property
    def place(self) -> str:
        """Where in the file the names are, for messages."""
        return ""

    def iterate(
        self, names: Sequence[str], start: int = 0, stop: int | None = None, step: int | None = None
    ) -> Iterator[Chunk]:
        """Return an iterator over chunks of successive events.

        Parameters
        ----------
        names : sequence of str
            Only these are read.
        start, stop : int
            The first event, and the one behind the last; all events by default, and no more than there are.
        step : int, optional
            Most events of a chunk; by default what takes 64 MB, and at most a million. Chunks may be smaller,
            so that nothing is decompressed twice.

        Returns
        -------
        iterator of dict
            Values by name, all of the same length. No chunk where there are no events: then the file may lack
            the names.

        Raises
        ------
        ValueError
            If the file lacks a name, or it is not read (also later, from the iterator), or the range or step
            is not positive; the message begins with the file.
        """
        names = list(dict.fromkeys(names))
        if not names:
            raise ValueError(f"{self.path}: no {self.part} is asked for")
        stop = self.n_events if stop is None else min(stop, self.n_events)
        if start < 0 or (step is not None and step < 1):
            raise ValueError(f"{self.path}: events from {start} in steps of {step}: both must be positive")
        if start >= stop:
            return iter(())
        self.check_names(names)
        if step is None:
            step = max(1, int(min(CHUNK_BYTES / self._bytes_per_event(names), CHUNK_EVENTS)))
        return self._chunks(names, start, stop, step)

    def check_names(self, names: Sequence[str]) -> None:
        """Raise if the file lacks one of the names.

        Raises
        ------
        ValueError
            The message has the closest name that exists.
        """
        known = set(self.names)
        missing = [name for name in names if name not in known]
        if not missing:
            return
        hints = missing.copy()
        for position, name in enumerate(missing[:MOST_NAMED]):
            if closest := closest_name(name, self.names):
                hints[position] = f"{name} (the closest is {closest})"
        raise ValueError(f"{self.path}: no {self.part} {first_names(hints, MOST_NAMED)}{self.place}")

    @abstractmethod
    def close(self) -> None:
        """Close the file."""

    def __enter__(self) -> Ntuple:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def _bytes_per_event(self, names: Sequence[str]) -> float:
        """Estimate the memory that an event takes [bytes]; positive."""

    @abstractmethod
    def _chunks(self, names: list[str], start: int, stop: int, step: int) -> Iterator[Chunk]:
        """Yield chunks; all arguments are as they should be, and there is an event."""
