"""Read the events of a study from Delphes ROOT files."""

from pathlib import Path
from typing import Any

import pandas as pd

from scripts.feature_table import check_feature_table, make_feature_table
from scripts.physics.delphes import read_features


def main(
    *,
    signal: Path | list[Path],
    background: Path | list[Path],
    table: Path,
    cutflow: Path,
    selection: dict[str, Any],
    features: list[str],
    split: dict[str, Any],
) -> None:
    """Write the feature table and the cutflow of a study.

    Parameters
    ----------
    signal, background : Path or list of Path
        Delphes ROOT files of each class.
    table, cutflow : Path
        Written: feature table (parquet) and cutflow (csv).
    selection : dict
        Preselection, as :func:`scripts.physics.delphes.select_events` takes it.
    features : list of str
        Names of the features.
    split : dict
        ``test_fraction`` and ``seed``.
    """
    samples, counts = {}, {}
    for name, files in (("signal", signal), ("background", background)):
        paths = files if isinstance(files, list) else [files]
        samples[name], counts[name] = read_features(paths, selection, features)
        if samples[name].empty:
            raise ValueError(
                f"{', '.join(map(str, paths))}: none of {counts[name]['all events']} {name} events passes "
                "the preselection: loosen it"
            )
    steps = pd.DataFrame(counts).rename_axis("step").reset_index()
    events = make_feature_table(samples["signal"], samples["background"], split)
    check_feature_table(events, features, table)
    events.to_parquet(table, index=False)
    steps.to_csv(cutflow, index=False)


if "snakemake" in globals():
    from scripts._bridge import bridge

    bridge(globals()["snakemake"], main)
