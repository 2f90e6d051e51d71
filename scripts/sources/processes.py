"""Generate events of several processes, each with independent Gaussian features of its own."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scripts.data.feature_table import check_feature_table, make_feature_table


def generate_events(source: dict[str, Any], features: list[str]) -> dict[str, pd.DataFrame]:
    """Draw the events of all processes.

    Parameters
    ----------
    source : dict
        ``seed``, and ``processes``: by name the ``class`` (signal or background), the number of ``events``,
        and ``mean`` and ``width`` of each feature in its unit.
    features : list of str
        Names of the features.

    Returns
    -------
    dict of DataFrame
        ``signal`` and ``background``: the features and the column ``process``, one row an event.

    Notes
    -----
    Each process has a stream of its own, by its place in the list: the number of events of one does not move
    those of another.
    """
    parts: dict[str, list[pd.DataFrame]] = {"signal": [], "background": []}
    for position, (name, process) in enumerate(source["processes"].items()):
        generator = np.random.default_rng([source["seed"], position])
        drawn = generator.normal(process["mean"], process["width"], size=(process["events"], len(features)))
        parts[process["class"]].append(pd.DataFrame(drawn, columns=features).assign(process=name))
    return {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}


def main(*, table: Path, source: dict[str, Any], features: list[str], split: dict[str, Any]) -> None:
    """Write the feature table of a study of several processes."""
    samples = generate_events(source, features)
    events = make_feature_table(samples["signal"], samples["background"], split)
    check_feature_table(events, features, table)
    events.to_parquet(table, index=False)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
