"""Events that come in blocks: a sample larger than memory, or the share of a sample that one process has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .events import require_both_classes, require_finite, require_fitting

if TYPE_CHECKING:
    from .arrangement import ArrangedEvents

T = TypeVar("T")
#: Adds up a vector over all processes.
AddUp = Callable[[NDArray[np.float64]], NDArray[np.float64]]


class EventBlock(NamedTuple):
    """Some events of a sample; unlike a sample, a block may lack a class.

    Parameters
    ----------
    features : Tensor, shape (n_events, n_features)
        With the property as last column, if cuts follow one.
    is_signal : Tensor of bool, shape (n_events,)
    weights : Tensor, shape (n_events,)
    """

    features: Tensor
    is_signal: Tensor
    weights: Tensor


class Kept(Protocol):
    """Where arranged blocks are kept for the next epoch: a list, or a file that behaves like one."""

    def append(self, events: ArrangedEvents, /) -> None:
        """Keep one more block."""

    def clear(self) -> None:
        """Forget all blocks."""

    def __iter__(self) -> Iterator[ArrangedEvents]:
        """Return the blocks in their order."""


class EventStream:
    """A sample whose events come block by block, in each epoch anew.

    Parameters
    ----------
    blocks : callable
        Returns the blocks, the same at each call: at least one, which may be empty.
    n_columns : int
        Number of columns of the features.
    dtype : torch.dtype
        Floating type of features and weights.
    kept : Kept, optional
        Where the kernel's blocks are kept after the first epoch; they are made anew in each epoch where None.
    add_up : callable, optional
        Adds up a vector over all processes, where each has the stream of its own share of the events.

    Attributes
    ----------
    arranged : dict
        As that of :class:`cabin_core.EventSample`.
    """

    def __init__(
        self,
        blocks: Callable[[], Iterable[EventBlock]],
        n_columns: int,
        dtype: torch.dtype = torch.float32,
        *,
        kept: Kept | None = None,
        add_up: AddUp | None = None,
    ) -> None:
        self._blocks, self._checked = blocks, False
        self.features = torch.empty(0, n_columns, dtype=dtype)
        self.kept = kept
        self.add_up: AddUp = add_up or (lambda vector: vector)
        self.arranged: dict[tuple[float, ...] | None, ArrangedStream] = {}

    @property
    def n_features(self) -> int:
        """Number of features."""
        return self.features.shape[1]

    def __iter__(self) -> Iterator[EventBlock]:
        """Yield the blocks; those of the first pass are checked.

        Raises
        ------
        ValueError
            If a shape is wrong or a value is not finite.
        """
        for block in self._blocks():
            if not self._checked:
                self._check(block)
            yield block
        self._checked = True

    def to(self, device: torch.device | str) -> EventStream:
        """Return the stream itself.

        Raises
        ------
        ValueError
            If the device is not the processor.
        """
        if torch.device(device).type != "cpu":
            raise ValueError(f"a stream of events is summed on the processor, not on {device}")
        return self

    def check_classes(self, signal: float, background: float) -> None:
        """Raise ValueError if the sum of weights of a class is not positive."""
        require_both_classes(signal, background)

    def _check(self, block: EventBlock) -> None:
        n_events, n_columns = len(block.weights), self.n_features
        if block.features.shape != (n_events, n_columns) or block.is_signal.shape != (n_events,):
            raise ValueError(
                f"a block needs features of shape ({n_events}, {n_columns}) and as many labels, not "
                f"{tuple(block.features.shape)} and {tuple(block.is_signal.shape)}"
            )
        require_finite(block.features)
        require_fitting(block.weights)


class ArrangedStream:
    """The blocks of a stream as the kernel takes them.

    Parameters
    ----------
    stream : EventStream
    arrange : callable
        Arranges a block.
    n_bins : int
    kept : Kept, optional

    Attributes
    ----------
    class_weights : array, shape (2, n_bins)
        Sums of weights of signal and background, over all processes; known after the first sum.
    """

    def __init__(
        self,
        stream: EventStream,
        arrange: Callable[[EventBlock], ArrangedEvents],
        n_bins: int,
        kept: Kept | None,
    ) -> None:
        self._stream, self._arrange, self._kept, self._complete = stream, arrange, kept, False
        self.class_weights = np.zeros((2, n_bins))

    def __iter__(self) -> Iterator[ArrangedEvents]:
        """Yield the arranged blocks. The next one is read and arranged while one is in use."""
        if self._kept is not None and self._complete:
            yield from self._kept if isinstance(self._kept, list) else read_ahead(self._kept)
            return
        if self._kept is not None:
            self._kept.clear()
        for events in read_ahead(map(self._arrange, self._stream)):
            if self._kept is not None:
                self._kept.append(events)
            yield events
        self._complete = True

    def sum(
        self,
        of_block: Callable[[ArrangedEvents], tuple[NDArray[np.float64], ...]],
        zeros: tuple[NDArray[np.float64], ...],
    ) -> list[NDArray[np.float64]]:
        """Return sums over all blocks and processes.

        Parameters
        ----------
        of_block : callable
            Returns the sums over a block.
        zeros : tuple of array
            Zeros in the shapes of these sums; they are changed.

        Raises
        ------
        ValueError
            If the sum of the weights of a class is not positive.
        """
        totals = [*zeros, np.zeros_like(self.class_weights)]
        for events in self:
            for total, part in zip(totals, (*of_block(events), events.class_weights), strict=True):
                total += part
        *totals, self.class_weights = add_up_arrays(totals, self._stream.add_up)
        self._stream.check_classes(*self.class_weights.sum(axis=1))
        return totals


def add_up_arrays(arrays: list[NDArray[np.float64]], add_up: AddUp) -> list[NDArray[np.float64]]:
    """Return the sums of arrays over all processes, which meet once for all of them."""
    vector = add_up(np.concatenate([array.ravel() for array in arrays]))
    ends = np.cumsum([array.size for array in arrays])[:-1]
    return [part.reshape(array.shape) for part, array in zip(np.split(vector, ends), arrays, strict=True)]


def read_ahead(items: Iterable[T]) -> Iterator[T]:
    """Yield items; a thread makes the next one while one is in use."""
    iterator, end = iter(items), object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, iterator, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, iterator, end)
            yield item  # type: ignore[misc]
