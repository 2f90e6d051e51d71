"""Write the scorecard: every number and claim of the papers beside ours, with a verdict."""

import html as html_text
import json as json_text
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.scorecard.measures import MEASURES
from scripts.scorecard.results import Measured, NotRun, Results

VERDICTS = ("reproduced", "differs", "not comparable")
COLUMNS = ("id", "statement", "reference", "value", "uncertainty", "tolerance", "verdict")


def expand_claims(claims: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each claim with its id; a claim ``over`` several values of an argument gives one a value."""
    for name, claim in claims.items():
        if claim is None:
            continue
        if "over" not in claim:
            yield name, claim
            continue
        ((argument, values),) = claim["over"].items()
        for value, reference in zip(values, claim["reference"], strict=True):
            arguments = claim.get("arguments", {}) | {argument: value}
            statement = f"{claim['statement']}, {argument} {value}"
            yield (
                f"{name}-{value}",
                claim | {"arguments": arguments, "reference": reference, "statement": statement},
            )


def judge(measured: Measured, claim: dict[str, Any]) -> str:
    """Return ``reproduced`` or ``differs``.

    Parameters
    ----------
    measured : Measured
    claim : dict
        With ``reference``; ``tolerance`` (0 where absent), which is ``relative`` or absolute; and
        ``comparison``: ``equal`` (where absent), ``at_least`` or ``at_most``.
    """
    reference = float(claim["reference"])
    tolerance = claim.get("tolerance", 0.0) * (abs(reference) if claim.get("relative") else 1.0)
    difference = measured.value - reference
    comparison = claim.get("comparison", "equal")
    holds = {
        "equal": abs(difference) <= tolerance,
        "at_least": difference >= -tolerance,
        "at_most": difference <= tolerance,
    }[comparison]
    return "reproduced" if holds else "differs"


def make_scorecard(
    results: Results, claims: dict[str, Any], not_comparable: str = ""
) -> list[dict[str, Any]]:
    """Return one row a claim.

    Parameters
    ----------
    results : Results
    claims : dict
        The ``scorecard`` section of the config.
    not_comparable : str
        Why no number of this run can be compared; empty where they can.
    """
    rows = []
    for name, claim in expand_claims(claims):
        row = {
            "id": name,
            "source": claim["source"],
            "statement": claim["statement"],
            "reference": claim["reference"],
            "value": None,
            "uncertainty": None,
            "tolerance": claim.get("tolerance", 0.0),
            "tolerance_is_relative": claim.get("relative", False),
            "comparison": claim.get("comparison", "equal"),
            "verdict": "not comparable",
            "note": claim.get("note", ""),
        }
        try:
            measured = MEASURES[claim["measure"]](results, **claim.get("arguments", {}))
        except NotRun as missing:
            row["note"] = str(missing)
        else:
            row["value"] = float(measured.value)
            row["uncertainty"] = None if measured.uncertainty is None else float(measured.uncertainty)
            row["verdict"] = judge(measured, claim)
            reason = not_comparable or claim.get("not_comparable")
            if reason:
                row["verdict"], row["note"] = "not comparable", reason
        rows.append(row)
    return rows


def summary(rows: list[dict[str, Any]]) -> str:
    """Return how many rows got each verdict, in words."""
    counts = Counter(row["verdict"] for row in rows)
    words = [verdict if verdict != "differs" or counts[verdict] == 1 else "differ" for verdict in VERDICTS]
    return ", ".join(f"{counts[verdict]} {word}" for verdict, word in zip(VERDICTS, words, strict=True))


def to_markdown(rows: list[dict[str, Any]]) -> str:
    """Return the scorecard as markdown, a table for each source."""
    lines = ["# Scorecard", "", f"{len(rows)} numbers and claims: {summary(rows)}.", ""]
    for source, of_source in _by_source(rows):
        lines += [
            f"## {source}",
            "",
            f"| {' | '.join((*COLUMNS, 'note'))} |",
            f"|{'---|' * (len(COLUMNS) + 1)}",
        ]
        for row in of_source:
            cells = [_cell(row, column).replace("|", "\\|") for column in (*COLUMNS, "note")]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def to_html(rows: list[dict[str, Any]]) -> str:
    """Return the scorecard as a page for the report."""
    color = dict(zip(VERDICTS, ("#d8f0d8", "#f6d5d0", "#eeeeee"), strict=True))
    parts = [
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Scorecard</title><style>",
        "body{font-family:sans-serif;font-size:14px;margin:1em} table{border-collapse:collapse}",
        "td,th{border:1px solid #bbb;padding:3px 6px;text-align:left;vertical-align:top}",
        f"</style></head><body><h1>Scorecard</h1><p>{len(rows)} numbers and claims: {summary(rows)}.</p>",
    ]
    for source, of_source in _by_source(rows):
        parts.append(f"<h2>{html_text.escape(source)}</h2><table><tr>")
        parts += [f"<th>{column}</th>" for column in (*COLUMNS, "note")]
        parts.append("</tr>")
        for row in of_source:
            parts.append(f"<tr style='background:{color[row['verdict']]}'>")
            parts += [f"<td>{html_text.escape(_cell(row, column))}</td>" for column in (*COLUMNS, "note")]
            parts.append("</tr>")
        parts.append("</table>")
    return "".join([*parts, "</body></html>"])


def _by_source(rows: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    sources = dict.fromkeys(row["source"] for row in rows)
    return [(source, [row for row in rows if row["source"] == source]) for source in sources]


def _cell(row: dict[str, Any], column: str) -> str:
    value = row[column]
    if column == "reference":
        sign = {"equal": "", "at_least": "at least ", "at_most": "at most "}[row["comparison"]]
        return f"{sign}{value:.8g}"
    if column == "tolerance":
        return f"{100 * value:g} %" if row["tolerance_is_relative"] else f"{value:g}"
    if value is None:
        return ""
    if column == "value":
        # Scores near 1 differ in the seventh digit.
        return f"{value:.8f}" if 0.9999 < value < 1 else f"{value:.5g}"
    return f"{value:.2g}" if isinstance(value, float) else str(value)


def main(
    *,
    results: Path | list[Path],
    json: Path,
    md: Path,
    html: Path,
    claims: dict[str, Any],
    studies: dict[str, Any],
    networks: dict[str, Any],
    not_comparable: str,
) -> None:
    """Write the scorecard in three formats.

    Parameters
    ----------
    results : list of Path
        All files of all studies, so that the rule waits for them.
    json, md, html : Path
        Written, into the folder of the run.
    claims, studies, networks : dict
        Sections of the config.
    not_comparable : str
        Why no number of this run can be compared; empty where they can.
    """
    rows = make_scorecard(Results(json.parent, studies, networks), claims, not_comparable)
    json.write_text(json_text.dumps(rows, indent=1) + "\n")
    md.write_text(to_markdown(rows))
    html.write_text(to_html(rows))


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
