"""The scorecard as markdown and as a page of the report."""

from __future__ import annotations

import html

from .rows import VERDICTS, Row, summary

COLUMNS = ("id", "statement", "reference", "value", "uncertainty", "tolerance", "verdict", "note")


def to_markdown(rows: list[Row]) -> str:
    """Return the scorecard as markdown, with a table for each source."""
    lines = ["# Scorecard", "", f"{len(rows)} numbers and claims: {summary(rows)}.", ""]
    for source, of_source in _by_source(rows):
        lines += [f"## {source}", "", f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
        for row in of_source:
            cells = [_cell(row, column).replace("|", "\\|") for column in COLUMNS]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def to_html(rows: list[Row]) -> str:
    """Return the scorecard as a page for the report."""
    color = dict(zip(VERDICTS, ("#d8f0d8", "#f6d5d0", "#eeeeee"), strict=True))
    parts = [
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Scorecard</title><style>",
        "body{font-family:sans-serif;font-size:14px;margin:1em} table{border-collapse:collapse}",
        "td,th{border:1px solid #bbb;padding:3px 6px;text-align:left;vertical-align:top}",
        f"</style></head><body><h1>Scorecard</h1><p>{len(rows)} numbers and claims: {summary(rows)}.</p>",
    ]
    for source, of_source in _by_source(rows):
        parts.append(f"<h2>{html.escape(source)}</h2><table><tr>")
        parts += [f"<th>{column}</th>" for column in COLUMNS]
        parts.append("</tr>")
        for row in of_source:
            parts.append(f"<tr style='background:{color[row['verdict']]}'>")
            parts += [f"<td>{html.escape(_cell(row, column))}</td>" for column in COLUMNS]
            parts.append("</tr>")
        parts.append("</table>")
    return "".join([*parts, "</body></html>"])


def _by_source(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    sources = dict.fromkeys(row["source"] for row in rows)
    return [(source, [row for row in rows if row["source"] == source]) for source in sources]


def _cell(row: Row, column: str) -> str:
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
