"""Random numbers for simulated measurements."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[Any]


def log_normal(mean: Array, sigma: Array, random: Generator) -> Array:
    """Return log-normal random numbers with a mean and a spread; 0 if the mean is 0.

    Parameters
    ----------
    mean, sigma : ndarray, shape (n,)
        Mean and spread in the same unit, not negative.
    random : Generator

    Returns
    -------
    ndarray, shape (n,)
    """
    positive = mean > 0
    safe = np.where(positive, mean, 1.0)
    width = np.sqrt(np.log1p((sigma / safe) ** 2))
    drawn = safe * np.exp(width * random.standard_normal(len(mean)) - 0.5 * width**2)
    return np.where(positive, drawn, 0.0)


def kept(probability: Array, random: Generator) -> Array:
    """Return a random mask that is True with the given probabilities, shape as ``probability``."""
    chosen: Array = random.random(len(probability)) < probability
    return chosen


def by_region(eta: Array, edges: tuple[float, ...], values: tuple[Any, ...]) -> Array:
    """Return the value of the first region whose edge is not below abs(eta); 0 beyond the last region.

    Parameters
    ----------
    eta : ndarray, shape (n,)
    edges : tuple of float
        Increasing.
    values : tuple of float or ndarray, shape (n,)
        One value for each region.
    """
    return np.select([np.abs(eta) <= edge for edge in edges], values, 0.0)
