"""Interpolation of the cuts of bins to smooth functions of the property, for use on data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from .cut_table import edges_by_target
from .event_bins import EventBins


def interpolate_cuts(
    cuts: pd.DataFrame, target: float, feature: str, values: ArrayLike, direction: str | None = None
) -> NDArray[np.float64]:
    """Return the cut on a feature at any value of the property.

    A monotone cubic interpolation (PCHIP) goes through the cuts of the bins at their centres and does not
    overshoot. Beyond the outermost centres the cut is constant.

    Parameters
    ----------
    cuts : DataFrame
        Content of ``cuts.csv`` of a network with bins.
    target : float
        Target signal efficiency; NaN for a network without targets.
    feature : str
    values : array_like, shape (n_values,)
        Values of the property [its unit], for example one for each event.
    direction : str, optional
        ``>`` or ``<``, for the lower or upper edge of a window; the only cut where None.

    Returns
    -------
    ndarray, shape (n_values,)
        Cuts [unit of the feature].

    Raises
    ------
    ValueError
        If the cuts have no bins, or not exactly one finite cut of this target and feature in every bin.

    Examples
    --------
    The events that pass the 90 % cut on ``x1``, which keeps values below it:

    >>> cuts = pd.DataFrame({
    ...     "target_efficiency": 0.9, "feature": "x1", "direction": "<", "cut": [1.0, 2.0, 2.0],
    ...     "property": "pt", "property_low": [20.0, 30.0, 40.0], "property_high": [30.0, 40.0, 50.0]})
    >>> events = pd.DataFrame({"pt": [10.0, 30.0, 47.0], "x1": [1.1, 1.1, 1.1]})
    >>> cut = interpolate_cuts(cuts, 0.9, "x1", events["pt"])
    >>> cut.round(3).tolist()
    [1.0, 1.688, 2.0]
    >>> (events["x1"] < cut).tolist()
    [False, True, True]
    """
    bins = EventBins.from_cuts(cuts)
    if bins is None:
        raise ValueError("these cuts do not follow a property: there is nothing to interpolate")
    ((_, edges),) = edges_by_target(cuts, [target])
    edges = edges[edges["feature"] == feature]
    if direction is not None:
        edges = edges[edges["direction"] == direction]
    edges = edges.sort_values("property_low")
    known = edges["cut"].to_numpy(dtype=float)
    if len(known) != len(bins.bounds) or edges["property_low"].duplicated().any():
        raise ValueError(
            f"{len(known)} cuts on {feature} at the target {target:g} for {len(bins.bounds)} bins of "
            f"{bins.name}: one a bin is needed"
        )
    if not np.isfinite(known).all():
        raise ValueError(f"the cut on {feature} at the target {target:g} is not finite in every bin")
    centres = np.array([(low + high) / 2 for low, high in bins.bounds])
    if len(centres) == 1:
        return np.full(np.shape(values), known[0])
    inside = np.clip(np.asarray(values, dtype=float), centres[0], centres[-1])
    found: NDArray[np.float64] = curve_through(centres, known)(inside)
    return found


def curve_through(centres: NDArray[np.float64], known: NDArray[np.float64]) -> Any:
    """Return the curve through the cuts of two bins or more, an object of scipy with its pieces in ``c``.

    Parameters
    ----------
    centres : array, shape (n_bins,)
        Centres of the bins, in increasing order.
    known : array, shape (n_bins,)
        Their cuts.
    """
    from scipy.interpolate import PchipInterpolator

    # Very small slopes overflow in their harmonic mean, which then correctly becomes zero.
    with np.errstate(over="ignore"):
        return PchipInterpolator(centres, known)
