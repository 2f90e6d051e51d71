"""Tables of the benchmarks as Markdown, with units and few digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd

#: How contenders are called.
NAMES = {
    "float32": "ours, float32",
    "float64": "ours, float64",
    "package": "package",
    "package_without_entropy": "package, its BCE taken out",
}
PREFIXES = {
    1e15: "P",
    1e12: "T",
    1e9: "G",
    1e6: "M",
    1e3: "k",
    1.0: "",
    1e-3: "m",
    1e-6: "µ",
    1e-9: "n",
    1e-12: "p",
}


def quantity(value: Any, unit: str) -> str:
    """Return a number with three digits and a prefix of its unit; a dash where there is none."""
    if value is None or math.isnan(value):
        return "-"
    scale = next((scale for scale in PREFIXES if abs(value) >= scale), 1.0)
    return f"{value / scale:.3g} {PREFIXES[scale]}{unit}".strip()


def count(value: float) -> str:
    """Return a number of events with commas, or as a power where it is large."""
    return f"{value:,.0f}" if value < 1e5 else f"{value:.0e}".replace("e+0", "e").replace("e+", "e")


def spread(row: pd.Series, name: str = "ratio") -> str:
    """Return a ratio with its spread."""
    if math.isnan(row[name]):
        return "-"
    return f"{row[name]:.3g} ({row[f'{name}_low']:.3g} to {row[f'{name}_high']:.3g})"


def _text(table: pd.DataFrame, columns: dict[str, Callable[[pd.Series], str]]) -> str:
    shown = pd.DataFrame({name: [make(row) for _, row in table.iterrows()] for name, make in columns.items()})
    # As text, or the writer would format what looks like a number anew.
    return str(shown.to_markdown(index=False, disable_numparse=True)) + "\n"


def ratios_page(epochs: pd.DataFrame) -> str:
    """Return one row for each case: ours, the package, their ratio."""
    rows = []
    for _, case in epochs.groupby("name", sort=False):
        found = case.set_index("contender")
        ours = found.loc["float32"]
        row = {
            "events": count(ours["events"]),
            "features": ours["features"],
            "targets": ours["targets"],
            "threads": ours["threads"],
            "BCE": "yes" if ours["bce"] else "no",
            "float32": quantity(ours["seconds"], "s"),
            "float64": quantity(found.loc["float64", "seconds"], "s"),
            "package": "-",
            "ratio": "-",
            "without its BCE": "-",
            "memory": quantity(ours["peak_memory"], "B"),
            "of the package": "-",
        }
        if "package" in found.index:
            theirs = found.loc["package"]
            without = (
                found.loc["package_without_entropy"] if "package_without_entropy" in found.index else None
            )
            failed = isinstance(theirs["reason"], str)
            row["package"] = theirs["reason"] if failed else quantity(theirs["seconds"], "s")
            row["ratio"] = spread(theirs)
            row["of the package"] = quantity(theirs["peak_memory"], "B")
            row["without its BCE"] = "-" if without is None else spread(without)
        rows.append(row)
    return str(pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)) + "\n"


def limits_page(limits: pd.DataFrame) -> str:
    """Return the share of the machine's limits in each epoch."""
    return _text(
        limits,
        {
            "events": lambda row: count(row["events"]),
            "features": lambda row: str(row["features"]),
            "targets": lambda row: str(row["targets"]),
            "threads": lambda row: str(row["threads"]),
            "BCE": lambda row: "yes" if row["bce"] else "no",
            "precision": lambda row: row["contender"],
            "epoch": lambda row: quantity(row["seconds"], "s"),
            "by event": lambda row: quantity(row["seconds"] / row["events"], "s"),
            "operations": lambda row: quantity(row["operations"], ""),
            "share of the arithmetic": lambda row: f"{row['arithmetic_share']:.0%}",
            "share of the reading": lambda row: f"{row['reading_share']:.1%}",
        },
    )


def memory_page(memory: pd.DataFrame) -> str:
    """Return peak memory and growth."""
    return _text(
        memory,
        {
            "": lambda row: NAMES[row["contender"]],
            "events": lambda row: count(row["events"]),
            "peak": lambda row: row["reason"] or quantity(row["peak_memory"], "B"),
            "growth": lambda row: quantity(row["growth"], "B"),
            "float32 table": lambda row: quantity(row["table_bytes"], "B"),
            "growth in tables": lambda row: (
                "-" if math.isnan(row["growth_in_tables"]) else f"{row['growth_in_tables']:.2f}"
            ),
        },
    )


def machine_page(machine: pd.DataFrame) -> str:
    """Return the rates of the machine."""
    return _text(
        machine,
        {
            "limit": lambda row: row["limit"],
            "threads": lambda row: str(row["threads"]),
            "rate": lambda row: quantity(row["rate"], "/s"),
            "spread": lambda row: f"{quantity(row['rate_low'], '/s')} to {quantity(row['rate_high'], '/s')}",
        },
    )


def reading_page(reading: pd.DataFrame) -> str:
    """Return the times of reading."""
    if "seconds" not in reading:
        return f"{reading['task'][0]}\n"
    return _text(
        reading,
        {
            "file": lambda row: f"{count(row['events'])} {row['source']}",
            "task": lambda row: row["task"],
            "time": lambda row: quantity(row["seconds"], "s"),
            "ratio": spread,
        },
    )


def constants_page(constants: pd.DataFrame) -> str:
    """Return the constants of the cost model."""
    *terms, distance = constants.to_dict("records")
    lines = [f"| {row['term']} | {quantity(row['seconds'], 's')} |" for row in terms]
    return "\n".join(
        ["| by | time |", "|---|---|", *lines, f"| {distance['term']} | {distance['seconds']:.0%} |", ""]
    )


def costs_page(costs: pd.DataFrame) -> str:
    """Return the cost model by number of events."""
    return _text(
        costs,
        {
            "events": lambda row: count(row["events"]),
            "one core": lambda row: quantity(row["core_seconds"], "s"),
            "one machine": lambda row: quantity(row["machine_seconds"], "s"),
            "memory": lambda row: quantity(row["memory_bytes"], "B"),
            "machines that hold it": lambda row: f"{row['machines']:,.0f}",
            "read from files": lambda row: quantity(row["disk_bytes"], "B"),
            "by one disk": lambda row: quantity(row["disk_seconds"], "s"),
            "cores it feeds": lambda row: f"{row['cores_of_disk']:.2g}",
            "sent by a process": lambda row: quantity(row["network_bytes"], "B"),
            "half is overhead at": lambda row: f"{row['cores_at_half']:,.0f} cores",
        },
    )


def summary_page(summary: pd.DataFrame) -> str:
    """Return each number beside its aim."""
    return _text(
        summary,
        {
            "what": lambda row: row["measure"],
            "measured": lambda row: (
                f"{row['value']:.3g}"
                if math.isnan(row["low"])
                else f"{row['value']:.3g} ({row['low']:.3g} to {row['high']:.3g})"
            ),
            "aim": lambda row: row["aim"] or "-",
        },
    )


def proofs_page(proofs: pd.DataFrame) -> str:
    """Return how far the proofs came; a case without numbers has its reason."""

    def number(column: str, form: str) -> Callable[[pd.Series], str]:
        return lambda row: "-" if math.isnan(row[column]) else format(row[column], form)

    signal, background = number("signal_events", ",.0f"), number("background_events", ",.0f")
    return _text(
        proofs,
        {
            "dataset": lambda row: row["dataset"],
            "cuts": lambda row: row["cuts"],
            "events": lambda row: f"{signal(row)} + {background(row)}",
            "edges": number("edges", ".0f"),
            "target": number("target", "g"),
            "background efficiency": number("background_efficiency", ".4g"),
            "bound": number("background_bound", ".4g"),
            "gap": number("gap", ".2%"),
            "nodes": number("nodes", ",.0f"),
            "search": lambda row: quantity(row["search_seconds"], "s"),
            "proof": lambda row: quantity(row["proof_seconds"], "s"),
            "ended": lambda row: row["reason"] if isinstance(row["reason"], str) else row["ended"],
        },
    )


PAGES: dict[str, Callable[[pd.DataFrame], str]] = {
    "summary": summary_page,
    "epochs": ratios_page,
    "limits": limits_page,
    "memory": memory_page,
    "machine": machine_page,
    "reading": reading_page,
    "constants": constants_page,
    "costs": costs_page,
    "proofs": proofs_page,
}
