"""Generate the Gaussian dataset of arXiv:2502.08615, Section 5."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scripts.feature_table import check_feature_table, make_feature_table


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
    # (n_features, class, mean or width); class 0 is the signal
    parameters = generator.randn(len(features), 2, 2)
    means = source["mean_scale"] * parameters[:, :, 0]
    widths = source["width_scale"] * np.abs(parameters[:, :, 1])
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
    from scripts._bridge import bridge

    bridge(globals()["snakemake"], main)
