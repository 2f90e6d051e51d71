"""Merging of the selected events of many files into one feature table, with weights and cutflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from .feature_table import CLASSES, make_feature_table

if TYPE_CHECKING:
    from ..study import Split

#: Number of file names that a message lists; further files are counted.
NAMES_SHOWN = 3


@dataclass(frozen=True)
class Sample:
    """The selected events of all files of a sample.

    Attributes
    ----------
    events : DataFrame
        One column for each feature.
    counts : Series
        Number of events after each step of the preselection; the first one is that of all events.
    """

    events: pd.DataFrame
    counts: pd.Series


def read_sample(name: str, tables: Sequence[Path], cutflows: Sequence[Path], files: Sequence[str]) -> Sample:
    """Read and join the events of a sample.

    Parameters
    ----------
    name : str
        ``signal`` or ``background``.
    tables, cutflows : sequence of Path
        Output of :mod:`scripts.read_delphes` for each file.
    files : sequence of str
        The ROOT files, for messages.

    Raises
    ------
    ValueError
        If no event passes.
    """
    events = pd.concat([pd.read_parquet(path) for path in tables], ignore_index=True)
    steps = [pd.read_csv(path).set_index("step")["events"] for path in cutflows]
    counts = sum(steps[1:], steps[0])
    if events.empty:
        raise ValueError(_describe_empty(name, int(counts.iloc[0]), files))
    return Sample(events, counts)


def merge_samples(
    samples: Mapping[str, Sample],
    split: Split,
    *,
    luminosity: float | None = None,
    cross_sections: Mapping[str, float] | None = None,
    balance: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the feature table and the cutflow of a study.

    Parameters
    ----------
    samples : mapping of Sample
        The samples ``signal`` and ``background``.
    split : Split
    luminosity : float, optional
        Integrated luminosity [fb^-1]; without it every event has the weight 1.
    cross_sections : mapping of float, optional
        Cross-sections of all events in the files of ``signal`` and ``background`` [fb].
    balance : bool
        Whether to keep only as many events of the larger class as the smaller class has. They are drawn at
        random with the seed of the split, and get larger weights that keep the sum of weights.

    Returns
    -------
    tuple of DataFrame
        The feature table and the cutflow. The cutflow has for each step the events in the files, ``signal``
        and ``background``; with a luminosity also the expected events, ``signal_expected`` and
        ``background_expected``.
    """
    weights = dict.fromkeys(CLASSES, 1.0)
    flow = pd.DataFrame({name: sample.counts for name, sample in samples.items()})
    if luminosity is not None and cross_sections is not None:
        for name in CLASSES:
            weights[name] = cross_sections[name] * luminosity / int(samples[name].counts.iloc[0])
            flow[f"{name}_expected"] = weights[name] * flow[name]
    events = {name: samples[name].events for name in CLASSES}
    if balance:
        size = min(map(len, events.values()))
        for name, of_class in events.items():
            weights[name] *= len(of_class) / size
            # Random events, not the first ones as the authors take: the files of a sample can differ.
            events[name] = of_class.sample(size, random_state=split.seed).sort_index()
    return make_feature_table(events["signal"], events["background"], split, weights), flow


def _describe_empty(name: str, n_events: int, files: Sequence[str]) -> str:
    shown = ", ".join(files[:NAMES_SHOWN])
    if len(files) > NAMES_SHOWN:
        shown += f" and {len(files) - NAMES_SHOWN} more"
    if n_events == 0:
        return f"no {name} event at all in {shown}: give files with events"
    return f"none of {n_events} {name} events passes the preselection: loosen it; they are in {shown}"
