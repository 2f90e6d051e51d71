"""Generate the Gaussian dataset of arXiv:2502.08615, Section 5."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scripts.data.feature_table import check_feature_table, make_feature_table


def draw_parameters(
    generator: np.random.RandomState, source: dict[str, Any], n_features: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw the means and widths of all features, the first numbers of the generator.

    Returns
    -------
    tuple of ndarray, each of shape (n_features, 2)
        Means and widths; the first column is the signal's, the second the background's.
    """
    parameters = generator.randn(n_features, 2, 2)
    return source["mean_scale"] * parameters[:, :, 0], source["width_scale"] * np.abs(parameters[:, :, 1])


def generate_events(source: dict[str, Any], features: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw independent Gaussian features with random means and widths.

    Parameters
    ----------
    source : dict
        ``signal_events`` and ``background_events`` [events], ``seed``, and the factors ``mean_scale``
        and ``width_scale`` on the random means and (absolute) widths; dimensionless.
    features : list of str
        Names of the features.

    Returns
    -------
    tuple of DataFrame
        Signal and background, shapes (n_events, n_features).

    Notes
    -----
    numpy's legacy generator is used because the paper's numbers hang on its stream: first all means and
    widths, then the signal features one by one, then those of the background.
    """
    generator = np.random.RandomState(source["seed"])
    means, widths = draw_parameters(generator, source, len(features))
    samples = []
    for column, n_events in enumerate((source["signal_events"], source["background_events"])):
        drawn = {
            name: means[row, column] + widths[row, column] * generator.randn(n_events)
            for row, name in enumerate(features)
        }
        samples.append(pd.DataFrame(drawn))
    return samples[0], samples[1]


def main(*, table: Path, source: dict[str, Any], features: list[str], split: dict[str, Any]) -> None:
    """Write the feature table of a Gaussian study."""
    signal, background = generate_events(source, features)
    events = make_feature_table(signal, background, split)
    check_feature_table(events, features, table)
    events.to_parquet(table, index=False)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
