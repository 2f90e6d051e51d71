"""Tables of the proofs of the best cuts, from the measurements."""

from __future__ import annotations

import pandas as pd

from .tables import Measured

SAMPLE = ["dataset", "cuts", "signal_events", "background_events", "features", "edges"]
FOUND = ["target", "signal_efficiency", "background", "background_efficiency", "background_bound", "gap"]
COURSE = ["nodes", "ended", "search_seconds", "proof_seconds"]
PROGRESS = ["case", "target", "seconds", "nodes", "background_efficiency", "background_bound"]


def proof_table(cases: dict[str, Measured]) -> pd.DataFrame:
    """Return one row for each case and target.

    Returns
    -------
    DataFrame
        ``case``; what :func:`scripts.benchmarks.proofs.measure` says of its sample and of the target;
        ``load`` of the machine before the case; ``reason`` where there is no number.
    """
    rows = [
        {"case": name, **measured, **of_target}
        for name, measured in cases.items()
        for of_target in measured.get("targets", [{}])
    ]
    return pd.DataFrame(rows, columns=["case", *SAMPLE, *FOUND, *COURSE, "load", "reason"])


def progress_table(cases: dict[str, Measured]) -> pd.DataFrame:
    """Return how each proof went on.

    Returns
    -------
    DataFrame
        ``case``, ``target``, ``seconds`` since the start of the search, ``nodes``,
        ``background_efficiency`` of the best cuts found, ``background_bound``.
    """
    rows = [
        (name, of_target["target"], *point)
        for name, measured in cases.items()
        for of_target in measured.get("targets", [])
        for point in of_target["progress"]
    ]
    return pd.DataFrame(rows, columns=PROGRESS)
