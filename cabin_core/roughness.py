"""Distance of cuts from a straight line, Eq 7 of arXiv:2502.08615."""

from __future__ import annotations

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
    below, at, above = cuts[:-2], cuts[1:-1], cuts[2:]
    return ((at - (above + below) / 2) ** 2 / ((above - below) ** 2 + SMOOTHNESS_FLOOR)).mean()
