"""Tables of the benchmarks, from the measurements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..parsing import parse
from .limits import work_of
from .settings import Case

Measured = dict[str, Any]
#: Quantiles that a spread runs over.
SPREAD = (0.1, 0.9)
#: Contenders of the authors' package, and how they are called in columns.
RATIOS = {"package": "ratio", "package_without_entropy": "ratio_without_entropy"}


def ratio_columns(ours: Sequence[float], theirs: Sequence[float], name: str = "ratio") -> dict[str, float]:
    """Return the median of the ratio of turns beside each other, and its spread."""
    ratios = np.asarray(theirs[: len(ours)]) / np.asarray(ours[: len(theirs)])
    low, high = np.quantile(ratios, SPREAD)
    return {name: float(np.median(ratios)), f"{name}_low": float(low), f"{name}_high": float(high)}


def epoch_table(cases: dict[str, Measured]) -> pd.DataFrame:
    """Return one row for each case and contender.

    Returns
    -------
    DataFrame
        The case; ``contender``; ``seconds`` an epoch (median of the turns) with ``seconds_low`` and
        ``seconds_high``; ``nanoseconds_per_event``; ``peak_memory`` [bytes]; ``first_epoch`` [s]; ``turns``;
        of the authors' package ``ratio`` to float32 turn by turn with its spread; ``reason`` where there is
        no number; ``load`` of the machine before the case.
    """
    rows = []
    for name, measured in cases.items():
        ours = measured["contenders"]["float32"]["seconds"]
        for contender, found in measured["contenders"].items():
            row = {"name": name, **measured["case"], "contender": contender, "load": measured["load"]}
            if "reason" in found:
                rows.append(row | {"reason": found["reason"]})
                continue
            seconds = found["seconds"]
            low, high = np.quantile(seconds, SPREAD)
            row |= {
                "seconds": float(np.median(seconds)),
                "seconds_low": float(low),
                "seconds_high": float(high),
                "nanoseconds_per_event": float(np.median(seconds)) / row["events"] * 1e9,
                "peak_memory": found["peak_memory"],
                "first_epoch": found["first_epoch"],
                "turns": len(seconds),
            }
            rows.append(row | (ratio_columns(ours, seconds) if contender in RATIOS else {}))
    table = pd.DataFrame(rows)
    return table.reindex(
        columns=[*table.columns, *({"reason", "ratio", "ratio_low", "ratio_high"} - {*table})]
    )


def limit_table(epochs: pd.DataFrame, machine: Measured) -> pd.DataFrame:
    """Return how much of an epoch the machine's limits explain.

    Returns
    -------
    DataFrame
        One row for each case and precision of this project: ``operations`` and ``bytes`` of an epoch, the
        ``arithmetic_seconds`` and ``reading_seconds`` that they take at the measured rates, and both as share
        of the measured ``seconds``.
    """
    rows = []
    for row in epochs[epochs["contender"].isin(["float32", "float64"])].to_dict("records"):
        case = parse(Case, {key: row[key] for key in Case.model_fields})
        work = work_of(case, row["contender"])
        threads = str(case.threads)
        arithmetic = work.operations / max(machine["multiply_adds"][row["contender"]][threads])
        reading = work.bytes / max(machine["copied_bytes"][threads])
        rows.append(
            {"name": row["name"], **case.model_dump(), "contender": row["contender"]}
            | {"operations": work.operations, "bytes": work.bytes, "seconds": row["seconds"]}
            | {"arithmetic_seconds": arithmetic, "reading_seconds": reading}
            | {"arithmetic_share": arithmetic / row["seconds"], "reading_share": reading / row["seconds"]}
        )
    return pd.DataFrame(rows)


def memory_table(memory: Measured) -> pd.DataFrame:
    """Return the growth of the peak memory over that with the fewest events.

    Returns
    -------
    DataFrame
        ``contender``, ``events``, ``peak_memory`` [bytes], ``growth`` [bytes], ``table_bytes`` in float32,
        ``growth_in_tables``, ``reason`` where there is no number.
    """
    rows = []
    for contender, found in memory["contenders"].items():
        least = found[0].get("peak_memory", np.nan)
        for row in found:
            table = 4 * memory["features"] * row["events"]
            growth = row.get("peak_memory", np.nan) - least
            rows.append(
                {"contender": contender, "events": row["events"]}
                | {"peak_memory": row.get("peak_memory"), "growth": growth, "table_bytes": table}
                | {"growth_in_tables": growth / table, "reason": row.get("reason")}
            )
    return pd.DataFrame(rows)


def machine_table(machine: Measured) -> pd.DataFrame:
    """Return the rates of the machine: ``limit``, ``threads``, ``rate`` [1/s], the best, and the spread."""
    limits = {
        "multiply-adds, float32": machine["multiply_adds"]["float32"],
        "multiply-adds, float64": machine["multiply_adds"]["float64"],
        "bytes copied, read and written": machine["copied_bytes"],
    }
    return pd.DataFrame(
        {"limit": name, "threads": int(threads), "rate": max(rates)}
        | dict(zip(("rate_low", "rate_high"), np.quantile(rates, SPREAD).tolist(), strict=True))
        for name, by_threads in limits.items()
        for threads, rates in by_threads.items()
    )


def reading_table(reading: Measured) -> pd.DataFrame:
    """Return ``task``, ``seconds`` (median) and its ``ratio`` to uproot alone with the spread."""
    if "reason" in reading:
        return pd.DataFrame([{"task": reading["reason"]}])
    alone = reading["seconds"]["uproot"]
    return pd.DataFrame(
        {"source": reading["source"], "events": reading["events"], "task": task}
        | {"seconds": float(np.median(seconds))}
        | ratio_columns(alone, seconds)
        for task, seconds in reading["seconds"].items()
    )
