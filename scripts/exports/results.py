"""The working points of a network from its folder of results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..data.names import closest_name
from ..export_settings import BY_POSITION
from .record import digest_of, plain_description, points_of, read_cuts, record_of

#: Below the folder of a network.
RECORD = Path("exports") / "working_points.json"


def read_record(folder: Path) -> dict[str, Any]:
    """Return the record of a network; of cuts without one their features are plain variables.

    Raises
    ------
    FileNotFoundError
        If there is no such network, or it was not evaluated.
    ValueError
        If it has no cuts.
    """
    if not folder.is_dir():
        others = [one.name for one in folder.parent.glob("*/") if (one / "cuts.csv").exists()]
        hint = f": the closest is {closest_name(folder.name, others)}" if others else ""
        raise FileNotFoundError(f"{folder}: no such folder{hint}")
    table = folder / "cuts.csv"
    if not table.exists():
        raise FileNotFoundError(
            f"{table}: no such file: name the folder of a network, results/RUN/STUDY/NETWORK"
        )
    record = folder / RECORD
    if record.exists():
        found: dict[str, Any] = json.loads(record.read_text())
        if found.get("cuts_sha256") != digest_of(table):
            raise ValueError(f"{record}: of other cuts than {table.name} has: run the study again")
        return found
    import pandas as pd

    cuts = read_cuts(table)
    metrics = pd.read_csv(folder / "metrics.csv")
    require_cuts(cuts, str(folder))
    if "fold" in cuts:
        raise ValueError(f"{folder}: {BY_POSITION}, and run the study again")
    whole = folder.resolve()
    description = plain_description(whole.name, whole.parent.name, whole.parents[1].name, cuts)
    return record_of(description, cuts, points_of(cuts, metrics, {}))


def require_cuts(cuts: Any, network: str) -> None:
    """Raise ValueError if a network has no cuts."""
    if cuts.empty:
        raise ValueError(
            f"{network}: a network without cuts, its events are selected by a score: name one with cuts"
        )
