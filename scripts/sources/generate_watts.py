"""Generate the events of G. Watts' notebooks."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scripts.data.feature_table import check_feature_table
from scripts.sources.watts import SAMPLES, draw_more, n_features


def make_table(source: dict[str, Any], features: list[str]) -> pd.DataFrame:
    """Return the feature table of a sample.

    Parameters
    ----------
    source : dict
        ``sample``: one of :data:`scripts.sources.watts.SAMPLES`, or ``plane_anew`` for ``events`` of each class
        in the plane; ``test_events`` of each class and their ``seed``, that of ``plane_anew`` too.
    features : list of str
        Names of the features.

    Returns
    -------
    DataFrame
        All events of the sample are for training, which is what the notebooks look at too; the test events
        are drawn from the same distributions.
    """
    dimensions = n_features(source["sample"])
    training = (
        draw_more(dimensions, source["events"], source["seed"])
        if source["sample"] == "plane_anew"
        else SAMPLES[source["sample"]]()
    )
    # The next seed: those of the classes of one seed are independent already.
    test = draw_more(dimensions, source["test_events"], source["seed"] + 1)
    parts = [
        pd.DataFrame(events, columns=features).assign(label=np.int8(label), split=split, weight=1.0)
        for split, classes in (("train", training), ("test", test))
        for label, events in zip((1, 0), classes, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def main(*, table: Path, source: dict[str, Any], features: list[str]) -> None:
    """Write the feature table of a study of Watts' events."""
    events = make_table(source, features)
    check_feature_table(events, features, table)
    events.to_parquet(table, index=False)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
