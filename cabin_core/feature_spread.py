"""Centre and spread of features, which are the units of their cuts in a training. Needs numpy alone."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Scaling = Literal["robust", "standard"]

#: Shares of events below the mean of a Gaussian less and plus its standard deviation.
ONE_SIGMA = (0.15865525393145705, 0.8413447460685429)
#: A value beyond so many robust widths from the median is told: no detector measures over such a range.
FAR = 1e6
#: Largest absolute value that trainings see; float32 holds it, and products with weights of networks.
LARGEST = 1e30
#: Quantiles of more rows than this are those of about so many, spread evenly over the table.
MOST_ROWS = 2**18


def centre_and_spread(values: Floats, scaling: Scaling) -> tuple[Floats, Floats]:
    """Return the origin and the unit of each feature.

    Parameters
    ----------
    values : ndarray, shape (n_events, n_features)
        Of the training sample, finite.
    scaling : str
        ``standard`` for mean and standard deviation, ``robust`` for :func:`robust_scale`.

    Returns
    -------
    tuple of ndarray, each of shape (n_features,)
    """
    return standard_scale(values) if scaling == "standard" else robust_scale(values)


def standard_scale(values: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each feature; arguments as in :func:`centre_and_spread`.

    These are the numbers of scikit-learn's StandardScaler, to the last bit; its import takes a second. As
    there, a spread that is only rounding counts as 1.
    """
    n_events, rounding = len(values), np.finfo(np.float64).eps
    mean = values.sum(axis=0) / n_events
    distance = values - mean
    # The second term would be zero without rounding; with it the variance is more precise.
    variance = ((distance**2).sum(axis=0) - distance.sum(axis=0) ** 2 / n_events) / n_events
    is_rounding = variance <= n_events * rounding * variance + (n_events * mean * rounding) ** 2
    return mean, np.where(is_rounding, 1.0, np.sqrt(variance))


def robust_scale(values: Floats) -> tuple[Floats, Floats]:
    """Return median and width of each feature, which no outlier moves; arguments as above.

    The width is half the distance between the quantiles that a Gaussian has at one standard deviation on
    either side. Where more events than that share one value, it is the median distance of the others from
    it; 1 where there are no others.
    """
    low, median, high = np.quantile(values, [ONE_SIGMA[0], 0.5, ONE_SIGMA[1]], axis=0)
    width = high / 2 - low / 2
    for column in np.flatnonzero(~(width > 0)):
        distances = np.abs(values[:, column] - median[column])
        others = distances[distances > 0]
        width[column] = np.median(others) if len(others) else 1.0
    return median, width


def far_values(values: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats, Floats]:
    """Return which values are absurdly far out.

    Parameters
    ----------
    values : ndarray, shape (n_events, n_features)

    Returns
    -------
    tuple of ndarray
        Row and column of each value that lies more than :data:`FAR` robust widths from the median of its
        feature; medians and widths of the features.
    """
    median, width = robust_scale(values)
    rows, columns = np.nonzero(are_far(values, median, width))
    return rows, columns, median, width


def are_far(values: Floats, median: Floats, width: Floats) -> NDArray[np.bool_]:
    """Return whether each value is absurdly far out, of features with these medians and robust widths."""
    with np.errstate(over="ignore"):
        return np.abs(values - median) > FAR * width


def sampled_rows(first: int, n_rows: int, n_all: int) -> NDArray[np.bool_]:
    """Return which rows of a long table its quantiles are taken from: all of up to :data:`MOST_ROWS`.

    Parameters
    ----------
    first, n_rows : int
        The first row and the number of rows of a block.
    n_all : int
        Rows of the whole table.

    Returns
    -------
    ndarray of bool, shape (n_rows,)
        The choice depends on the number of a row alone, but follows no period that a table could have.
    """
    if n_all <= MOST_ROWS:
        return np.ones(n_rows, dtype=bool)
    # Multiples of the golden ratio are spread evenly over the numbers of 32 bits.
    numbers = np.arange(first, first + n_rows, dtype=np.uint64)
    spread = (numbers * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
    return np.asarray(spread < np.uint64(MOST_ROWS * 2**32 // n_all))
