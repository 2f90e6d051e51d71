"""The numbers that the benchmarks are for, each beside what is aimed at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .settings import Aim


class Line(NamedTuple):
    """A number with its spread, and the aim: ``at least 30``, for example."""

    measure: str
    value: float
    low: float = np.nan
    high: float = np.nan
    aim: str = ""


def summary_table(
    epochs: pd.DataFrame,
    memory: pd.DataFrame,
    reading: pd.DataFrame,
    proofs: pd.DataFrame,
    aims: Mapping[str, Aim],
) -> pd.DataFrame:
    """Return ``measure``, ``value``, its spread ``low`` to ``high`` where it has one, and ``aim``."""
    shape = ["features", "targets"]
    of_base = epochs[(epochs[shape] == epochs.iloc[0][shape]).all(axis=1)]
    lines = [
        *_ratios(of_base),
        *_time_of_event(of_base),
        *_growth(memory),
        *_speedup(of_base),
        *_reading(reading),
        *proof_lines(proofs, aims),
    ]
    return pd.DataFrame(lines, columns=Line._fields)


def _ratios(epochs: pd.DataFrame) -> Iterator[Line]:
    for bce, name, aim in ((True, "with the BCE", "at least 30"), (False, "without the BCE", "at least 50")):
        yield from _least(epochs[epochs["bce"] == bce], "package", f"{name}, the least of all sizes", aim)
    yield from _least(epochs, "package_without_entropy", "without the BCE, which is taken out of the package")


def _least(epochs: pd.DataFrame, contender: str, name: str, aim: str = "") -> Iterator[Line]:
    found = epochs[epochs["contender"] == contender].dropna(subset="ratio")
    if len(found):
        row = found.loc[found["ratio"].idxmin()]
        text = f"Epoch of the package over ours, {name}"
        yield Line(text, row["ratio"], row["ratio_low"], row["ratio_high"], aim)


def _ours(epochs: pd.DataFrame) -> pd.DataFrame:
    return epochs[(epochs["contender"] == "float32") & epochs["bce"]].sort_values(["threads", "events"])


def _time_of_event(epochs: pd.DataFrame) -> Iterator[Line]:
    ours = _ours(epochs)
    by_event = ours[ours["threads"] == 1].drop_duplicates("events")
    if len(by_event) > 1:
        before, last = (by_event.iloc[at] for at in (-2, -1))
        text = f"Time of an event at {last['events']:,} events over that at {before['events']:,}"
        value = last["nanoseconds_per_event"] / before["nanoseconds_per_event"]
        yield Line(text, value, aim="at most 1.2")


def _growth(memory: pd.DataFrame) -> Iterator[Line]:
    last = memory[memory["contender"] == "float32"].iloc[-1]
    text = f"Growth of the peak memory at {last['events']:,} events [float32 tables]"
    yield Line(text, last["growth_in_tables"], aim="at most 2.5")


def _speedup(epochs: pd.DataFrame) -> Iterator[Line]:
    ours = _ours(epochs)
    many = ours[ours["threads"] > 1]
    if len(many):
        last: Any = many.iloc[-1]
        one = ours[(ours["threads"] == 1) & (ours["events"] == last["events"])]["seconds"]
        if len(one):
            text = f"Speed-up by {last['threads']} threads at {last['events']:,} events"
            yield Line(text, one.iloc[0] / last["seconds"])


def _reading(reading: pd.DataFrame) -> Iterator[Line]:
    if "ratio" in reading:
        row = reading.iloc[1]
        text = f"Reading a Delphes file, {row['task']}, over uproot alone"
        yield Line(text, row["ratio"], row["ratio_low"], row["ratio_high"], "at most 1.2")


def proof_lines(proofs: pd.DataFrame, aims: Mapping[str, Aim]) -> Iterator[Line]:
    """Yield the largest gap and the time of all targets of each case that has an aim."""
    for name, of_case in proofs[proofs["nodes"].notna()].groupby("case", sort=False):
        aim, first = aims[str(name)], of_case.iloc[0]
        what = f"{first['dataset']}, {first['cuts']}, {len(of_case)} targets"
        if aim.gap is not None:
            yield Line(f"Largest gap of a proof, {what}", of_case["gap"].max(), aim=f"at most {aim.gap:g}")
        if aim.seconds is not None:
            seconds = of_case[["search_seconds", "proof_seconds"]].sum().sum()
            unproven = len(of_case) - (of_case["ended"] == "proven").sum()
            left = f" ({unproven} not proven)" if unproven else ""
            yield Line(f"Search and proof [s], {what}{left}", seconds, aim=f"at most {aim.seconds:g}")
