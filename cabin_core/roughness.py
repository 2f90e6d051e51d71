"""Distance of cuts from a straight line, Eq 7 of arXiv:2502.08615."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

#: The constant in the denominator of Eq 7 that keeps it finite where neighbouring cuts coincide.
SMOOTHNESS_FLOOR = 0.1


def roughness(cuts: Tensor) -> Tensor:
    """Return the distance of cuts from the mean of their neighbours, Eq 7 without its coefficient.

    Parameters
    ----------
    cuts : Tensor, shape (n_steps, ...)
        Cuts in scaled units, in increasing order of the target, or of the property for cuts in bins.

    Returns
    -------
    Tensor, shape ()
        Mean over the inner steps and all other axes; 0 for fewer than three steps.

    References
    ----------
    arXiv:2502.08615, Eq 7.
    """
    if len(cuts) < 3:
        return cuts.new_zeros(())
    return bends(cuts).mean()


def bends(cuts: Tensor) -> Tensor:
    """Return the terms whose mean is the roughness, shape (n_steps - 2, n_columns), for three steps or more.

    Parameters
    ----------
    cuts : Tensor, shape (n_steps, ...)
        As :func:`roughness` takes them; a column for each of the other axes' numbers.
    """
    squares = (_differences(len(cuts), cuts.dtype, cuts.device) @ cuts.flatten(1)) ** 2
    distance, width = squares.view(2, len(cuts) - 2, -1).unbind()
    return distance / (width + SMOOTHNESS_FLOOR)


@cache
def _differences(n_steps: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return a matrix that gives distances from the mean of the neighbours, then those between neighbours.

    A product takes a third of the time of slices, whose gradients are put together again.
    """
    below, at, above = torch.eye(n_steps, dtype=dtype, device=device).unfold(0, 3, 1).permute(2, 0, 1)
    return torch.cat([at - (below + above) / 2, above - below])
