"""Marks in tables for working points that miss their targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MARK = "*"


def mark_missed(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return a table as it is shown, and its footnotes.

    Parameters
    ----------
    table : DataFrame
        With ``target_met`` and ``target_efficiency`` where there is something to mark, and reasons in
        ``target_note``, as ``metrics.csv`` has them.

    Returns
    -------
    tuple of DataFrame and list of str
        The same table where nothing can be marked. The footnotes have the reasons, the table has not.
    """
    if "target_met" not in table:
        return table, []
    missed = table["target_met"] == "no"
    shown = table.drop(columns=["target_met", "target_note"], errors="ignore")
    if not missed.any():
        return shown, []
    texts = [f"{value:.4g}" for value in table["target_efficiency"]]
    shown["target_efficiency"] = [
        f"{text} {MARK}" if no else text for text, no in zip(texts, missed, strict=True)
    ]
    notes = [f"{MARK} This target is missed on the training sample, by more than the statistical error."]
    if "target_note" in table:
        rows = table[missed & table["target_note"].notna()]
        reasons = rows.groupby(["network", "target_note"], sort=False)["target"]
        notes += [
            f"{network}, {', '.join(f'{target:g}' for target in targets)}: {note}."
            for (network, note), targets in reasons
        ]
    return shown, notes
