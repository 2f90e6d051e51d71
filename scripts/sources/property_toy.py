"""Generate a toy whose features follow a property of the event, to try cuts on that follow it too."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scripts.data.feature_table import check_feature_table, make_feature_table


def draw_property(generator: np.random.Generator, source: dict[str, Any], name: str) -> NDArray[np.float64]:
    """Draw the property of the events of a class, which falls exponentially between its limits."""
    low, high = source["property"]["low"], source["property"]["high"]
    scale = source[name]["scale"]
    # Quantiles of the exponential distribution, cut off at the upper limit.
    uniform = generator.random(source[name]["events"])
    drawn: NDArray[np.float64] = low - scale * np.log1p(uniform * np.expm1(-(high - low) / scale))
    return drawn


def means_and_widths(
    source: dict[str, Any], name: str, values: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and width of every feature of a class at values of the property.

    Parameters
    ----------
    source : dict
        As :func:`generate_events` takes it.
    name : str
        ``signal`` or ``background``.
    values : ndarray, shape (n_values,)
        Of the property.

    Returns
    -------
    tuple of ndarray, each of shape (n_values, n_features)

    Raises
    ------
    ValueError
        If a width is not positive.
    """
    low, high = source["property"]["low"], source["property"]["high"]
    place = (np.asarray(values, dtype=float) - low) / (high - low)
    means, widths = (
        np.stack([np.polynomial.polynomial.polyval(place, of_feature) for of_feature in source[name][key]], 1)
        for key in ("mean", "width")
    )
    if not (widths > 0).all():
        raise ValueError(f"a width of the {name} is not positive at every {source['property']['name']}")
    return means, widths


def generate_events(source: dict[str, Any], features: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw independent Gaussian features whose means and widths are polynomials of a property.

    Parameters
    ----------
    source : dict
        ``seed``; ``property`` with its ``name`` and limits ``low`` and ``high`` [its unit]; of ``signal`` and
        ``background`` the number of ``events``, the ``scale`` at which the property falls [its unit], and of
        each feature the coefficients of ``mean`` and ``width``, by rising power of the place between the
        limits, in [0, 1].
    features : list of str
        Names of the features.

    Returns
    -------
    tuple of DataFrame
        Signal and background: the features, then the property.

    Notes
    -----
    Each class has a stream of its own: the number of events of one does not move those of the other.
    """
    samples = []
    for position, name in enumerate(("signal", "background")):
        generator = np.random.default_rng([source["seed"], position])
        values = draw_property(generator, source, name)
        means, widths = means_and_widths(source, name, values)
        sample = pd.DataFrame(generator.normal(means, widths), columns=features)
        samples.append(sample.assign(**{source["property"]["name"]: values}))
    return samples[0], samples[1]


def make_events(source: dict[str, Any], features: list[str], split: dict[str, Any]) -> pd.DataFrame:
    """Return the feature table of the toy, with the property as one more column."""
    return make_feature_table(*generate_events(source, features), split)


def main(*, table: Path, source: dict[str, Any], features: list[str], split: dict[str, Any]) -> None:
    """Write the feature table of a study of the toy."""
    events = make_events(source, features, split)
    check_feature_table(events, [*features, source["property"]["name"]], table)
    events.to_parquet(table, index=False)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
