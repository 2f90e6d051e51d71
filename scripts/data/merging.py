"""Merging of the selected events of many files into one feature table, with weights and cutflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from .feature_table import CLASSES, make_feature_table, weights_not_positive
from .names import first_names
from .sample_weights import SampleWeights, join_weights, sums_of

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
    weights : SampleWeights, optional
        Weights of the events, where they differ.
    """

    events: pd.DataFrame
    counts: pd.Series
    weights: SampleWeights | None = None


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
        If no event passes, or some files have weights and others not.
    """
    parts = [pd.read_parquet(path) for path in tables]
    flows = [pd.read_csv(path).set_index("step") for path in cutflows]
    steps = [flow["events"] for flow in flows]
    counts = sum(steps[1:], steps[0])
    if not any(map(len, parts)):
        raise ValueError(_describe_empty(name, int(counts.iloc[0]), files))
    weights = join_weights(name, parts, flows, files)
    events = pd.concat([part.drop(columns="weight", errors="ignore") for part in parts], ignore_index=True)
    return Sample(events, counts, weights)


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
        Integrated luminosity [fb^-1]; without it every event has the weight 1 or, where those in the files
        differ, its own in units of their mean absolute value.
    cross_sections : mapping of float, optional
        Cross-sections of all events in the files of ``signal`` and ``background`` [fb].
    balance : bool
        Whether to keep only as many events of the larger class as the smaller class has. They are drawn at
        random with the seed of the split, and get larger weights that keep the sum of weights.

    Returns
    -------
    tuple of DataFrame
        The feature table and the cutflow. The cutflow has for each step the events in the files, ``signal``
        and ``background``. Where weights in the files differ, it has their sums in these units,
        ``signal_weighted`` and ``background_weighted``, and the uncertainties of these,
        ``..._weighted_uncertainty``. With a luminosity it also has the expected events, ``signal_expected``
        and ``background_expected``, and where weights differ their uncertainties.

    Raises
    ------
    ValueError
        If the weights of a sample with a cross-section have no positive sum.
    """
    weights: dict[str, Any] = {
        name: 1.0 if (own := samples[name].weights) is None else own.events for name in CLASSES
    }
    flow = pd.DataFrame({name: sample.counts for name, sample in samples.items()})
    weighted = any(sample.weights is not None for sample in samples.values())
    sums = {name: sums_of(sample.counts, sample.weights) for name, sample in samples.items()}
    if weighted:
        for name, (total, uncertainty) in sums.items():
            flow[f"{name}_weighted"], flow[f"{name}_weighted_uncertainty"] = total, uncertainty
    if luminosity is not None and cross_sections is not None:
        for name, (total, uncertainty) in sums.items():
            if not total.iloc[0] > 0:
                raise ValueError(
                    weights_not_positive(f"the {name} events in the files", float(total.iloc[0]))
                )
            factor = cross_sections[name] * luminosity / total.iloc[0]
            weights[name] = factor * weights[name]
            flow[f"{name}_expected"] = factor * total
            if weighted:
                flow[f"{name}_expected_uncertainty"] = factor * uncertainty
    events = {name: samples[name].events for name in CLASSES}
    if balance:
        size = min(map(len, events.values()))
        for name, of_class in events.items():
            weights[name] = weights[name] * (len(of_class) / size)
            # Random events, not the first ones as the authors take: the files of a sample can differ.
            events[name] = of_class.sample(size, random_state=split.seed).sort_index()
            if samples[name].weights is not None:
                weights[name] = weights[name][events[name].index]
    return make_feature_table(events["signal"], events["background"], split, weights), flow


def _describe_empty(name: str, n_events: int, files: Sequence[str]) -> str:
    shown = first_names(files, NAMES_SHOWN)
    if n_events == 0:
        return f"no {name} event at all in {shown}: give files with events"
    return f"none of {n_events} {name} events passes the preselection: loosen it; they are in {shown}"
