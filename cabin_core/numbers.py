"""Checks of numbers that are arguments of several parts of a training."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

SIGN_OF_DIRECTION = {">": 1.0, "<": -1.0}


def check_targets(targets: Sequence[float]) -> tuple[float, ...]:
    """Return the target signal efficiencies as floats.

    Raises
    ------
    ValueError
        If one is outside (0, 1) or repeated.
    """
    values = tuple(float(target) for target in targets)
    outside = [target for target in values if not 0.0 < target < 1.0]
    if outside:
        raise ValueError(f"target efficiencies must lie between 0 and 1, both excluded: {outside}")
    if len(set(values)) != len(values):
        repeated = sorted({target for target in values if values.count(target) > 1})
        raise ValueError(f"target efficiencies are repeated: {repeated}")
    return values


def check_kept_fractions(fractions: Sequence[float]) -> tuple[float, ...]:
    """Return kept fractions as floats.

    Raises
    ------
    ValueError
        If there is none, or one is outside (0, 1].
    """
    values = tuple(float(fraction) for fraction in fractions)
    if not values or not all(0 < value <= 1 for value in values):
        raise ValueError(f"a kept fraction must lie in (0, 1], not {list(values)}")
    return values


def check_bin_edges(edges: Sequence[float]) -> tuple[float, ...]:
    """Return the edges of the bins of a property as floats.

    Raises
    ------
    ValueError
        If there are fewer than two, or they are not finite and increasing.
    """
    values = tuple(float(edge) for edge in edges)
    if len(values) < 2:
        raise ValueError(f"bins need at least two edges, not {list(values)}")
    if not all(low < high < math.inf for low, high in itertools.pairwise((-math.inf, *values))):
        raise ValueError(f"the edges of the bins must be finite and increasing: {list(values)}")
    return values
