"""Join the events read from the files of both samples into the feature table of a study."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from scripts.data.feature_table import CLASSES, check_feature_table, make_feature_table
from scripts.jobs.paths import path_list

#: File names that a message lists before it counts the rest.
NAMES_SHOWN = 3


def main(
    *,
    signal: Path | list[Path],
    background: Path | list[Path],
    signal_cutflows: Path | list[Path],
    background_cutflows: Path | list[Path],
    table: Path,
    cutflow: Path,
    features: list[str],
    split: dict[str, Any],
    files: dict[str, list[str]],
    luminosity: float | None = None,
    cross_sections: dict[str, float] | None = None,
    balance: bool = False,
    summaries: list[Path] | None = None,
) -> None:
    """Write the feature table and the cutflow of a study.

    Parameters
    ----------
    signal, background, signal_cutflows, background_cutflows : Path or list of Path
        What :mod:`scripts.read_delphes` wrote of each file of a sample.
    table : Path
        Written: feature table (parquet).
    cutflow : Path
        Written: columns step, signal and background, in events of the files, and with a luminosity also
        signal_expected and background_expected, in events at that luminosity (csv).
    features : list of str
        Names of the features.
    split : dict
        ``test_fraction`` and ``seed``.
    files : dict of list of str
        The ROOT files of each sample, for messages.
    luminosity : float, optional
        Integrated luminosity [fb^-1]; without it every event has the weight 1.
    cross_sections : dict, optional
        Of ``signal`` and ``background`` [fb].
    balance : bool
        Whether to keep as many events of the larger class as the smaller has, drawn at random with the
        seed of the split and weighted up, so that the sum of weights stays.
    summaries : list of Path, optional
        One json file a sample, signal first, whose ``cross_section_fb`` stands in for ``cross_sections``.

    Raises
    ------
    ValueError
        If no event of a sample passes, or the table cannot be trained on.
    """
    parts = {"signal": (signal, signal_cutflows), "background": (background, background_cutflows)}
    samples, counts = {}, {}
    for name, (tables, cutflows) in parts.items():
        samples[name] = pd.concat([pd.read_parquet(path) for path in path_list(tables)], ignore_index=True)
        steps = [pd.read_csv(path).set_index("step")["events"] for path in path_list(cutflows)]
        counts[name] = sum(steps[1:], steps[0])
        if samples[name].empty:
            raise ValueError(_describe_empty(name, int(counts[name].iloc[0]), files[name]))

    if summaries:
        found = [json.loads(path.read_text())["cross_section_fb"] for path in summaries]
        cross_sections = dict(zip(CLASSES, found, strict=True))
    weights = dict.fromkeys(CLASSES, 1.0)
    flow = pd.DataFrame(counts)
    if luminosity is not None and cross_sections is not None:
        for name in CLASSES:
            weights[name] = cross_sections[name] * luminosity / int(counts[name].iloc[0])
            flow[f"{name}_expected"] = weights[name] * flow[name]
    flow.to_csv(cutflow, index_label="step")

    if balance:
        size = min(map(len, samples.values()))
        for name, events in samples.items():
            weights[name] *= len(events) / size
            # Not the first ones, as the authors do: the files of a sample can differ.
            samples[name] = events.sample(size, random_state=split["seed"]).sort_index()
    events = make_feature_table(samples["signal"], samples["background"], split, weights)
    check_feature_table(events, features, table)
    events.to_parquet(table, index=False)


def _describe_empty(name: str, n_events: int, files: list[str]) -> str:
    shown = ", ".join(files[:NAMES_SHOWN])
    if len(files) > NAMES_SHOWN:
        shown += f" and {len(files) - NAMES_SHOWN} more"
    if n_events == 0:
        return f"no {name} event at all in {shown}: give files with events"
    return f"none of {n_events} {name} events passes the preselection: loosen it; they are in {shown}"


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
