"""The processes that share a training."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: How long a process waits for the others [s]; one that was killed is noticed at once.
PATIENCE = 1800.0
#: Variable with the place where processes of one machine meet; without it they meet as under torchrun.
MEETING_POINT = "CABIN_MEETING_POINT"


class LeftAlone(RuntimeError):
    """Another process of the training, or the job that started this one, has ended."""


class Processes:
    """A process on its own; see :class:`Joined` for several.

    Attributes
    ----------
    rank, number : int
        Number of this process, from 0, and of all processes.
    """

    rank, number = 0, 1

    def add_up(self, vector: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of the vectors of all processes, the same bits in each of them."""
        return vector

    def gather(self, value: Any) -> list[Any]:
        """Return the values of all processes, in their order."""
        return [value]


class Joined(Processes):
    """Several processes that have met through torch.distributed."""

    def __init__(self, rank: int, number: int) -> None:
        self.rank, self.number = rank, number
        self._parent = os.getppid()

    def add_up(self, vector: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of the vectors of all processes.

        Raises
        ------
        LeftAlone
            If another process has ended.
        """
        import torch
        from torch import distributed

        if os.getppid() != self._parent:
            raise LeftAlone("the job that started this process has ended")
        total = torch.from_numpy(vector)
        with _together():
            distributed.all_reduce(total)
        summed: NDArray[np.float64] = total.numpy()
        return summed

    def gather(self, value: Any) -> list[Any]:
        """Return the values of all processes, in their order."""
        from torch import distributed

        values = [None] * self.number
        with _together():
            distributed.all_gather_object(values, value)
        return values

    def leave(self) -> None:
        """Close the connections."""
        from torch import distributed

        distributed.destroy_process_group()


@contextmanager
def _together() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise LeftAlone(f"another process of the training has ended: {error}") from error


def position(environment: Mapping[str, str]) -> tuple[int, int]:
    """Return the number of this process and of all processes, as torchrun or else Slurm says them.

    Raises
    ------
    ValueError
        If neither does.
    """
    for rank, number in (("RANK", "WORLD_SIZE"), ("SLURM_PROCID", "SLURM_NTASKS")):
        if rank in environment and number in environment:
            return int(environment[rank]), int(environment[number])
    raise ValueError("a process of a training is started by its job, by torchrun or by srun")


def join() -> Joined:
    """Meet the other processes."""
    from torch import distributed

    rank, number = position(os.environ)
    distributed.init_process_group(
        "gloo",
        init_method=os.environ.get(MEETING_POINT, "env://"),
        rank=rank,
        world_size=number,
        timeout=timedelta(seconds=PATIENCE),
    )
    return Joined(rank, number)
