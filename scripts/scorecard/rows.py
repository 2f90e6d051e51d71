"""The rows of the scorecard: each claim with our value and the verdict."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from .claims import Claim, parse_claims
from .results import Measured, NotRun

if TYPE_CHECKING:
    from .results import Results

REPRODUCED, DIFFERS, NOT_COMPARABLE = VERDICTS = ("reproduced", "differs", "not comparable")

Row = dict[str, Any]


def judge(measured: Measured, claim: Claim) -> str:
    """Return ``reproduced`` or ``differs`` for a claim with one reference."""
    (reference,) = claim.reference
    tolerance = claim.tolerance * (abs(reference) if claim.relative else 1.0)
    difference = measured.value - reference
    holds = {
        "equal": abs(difference) <= tolerance,
        "at_least": difference >= -tolerance,
        "at_most": difference <= tolerance,
    }[claim.comparison]
    return REPRODUCED if holds else DIFFERS


def make_rows(results: Results, not_comparable: str = "") -> list[Row]:
    """Return one row for each claim and value, study by study.

    Parameters
    ----------
    results : Results
    not_comparable : str
        Reason why no number of this run can be compared; empty if they can be.
    """
    return [
        _row(results, name, row, study.name, not_comparable)
        for study in results.studies.values()
        for claim_name, claim in parse_claims(study).items()
        for name, row in claim.rows(claim_name)
    ]


def _row(results: Results, name: str, claim: Claim, study: str, not_comparable: str) -> Row:
    row: Row = {
        "id": name,
        "source": claim.source,
        "statement": claim.statement,
        "reference": claim.reference[0],
        "value": None,
        "uncertainty": None,
        "tolerance": claim.tolerance,
        "tolerance_is_relative": claim.relative,
        "comparison": claim.comparison,
        "verdict": NOT_COMPARABLE,
        "note": claim.note,
    }
    try:
        measured = claim.measured(results, study)
    except NotRun as missing:
        return row | {"note": str(missing)}
    row |= {"value": measured.value, "uncertainty": measured.uncertainty, "verdict": judge(measured, claim)}
    reason = not_comparable or claim.not_comparable
    return row | {"verdict": NOT_COMPARABLE, "note": reason} if reason else row


def summary(rows: list[Row]) -> str:
    """Return a text with the number of rows for each verdict."""
    counts = Counter(row["verdict"] for row in rows)
    words = [verdict if verdict != DIFFERS or counts[verdict] == 1 else "differ" for verdict in VERDICTS]
    return ", ".join(f"{counts[verdict]} {word}" for verdict, word in zip(VERDICTS, words, strict=True))
