"""The unit in which a training counts the weights of events."""

from __future__ import annotations

import math


def weight_unit(absolute: float, n_events: int, *, exact: bool) -> float:
    """Return the unit in which weights are about 1, so that their scale changes no training.

    Generators write cross-sections into weights, 2.5e5 for example. In float32 sums and gradients are most
    precise for weights near 1, and some losses and trees depend on their scale.

    Parameters
    ----------
    absolute : float
        Sum of the absolute weights.
    n_events : int
    exact : bool
        Whether the unit is the mean absolute weight, for what depends on the scale. For what does not, it is
        the nearest power of 2, which changes no digit of a weight.

    Returns
    -------
    float
        1 for unit weights.
    """
    if not 0 < absolute < math.inf:
        return 1.0  # a message about such weights follows
    mean = absolute / n_events
    return mean if exact else 2.0 ** round(math.log2(mean))
