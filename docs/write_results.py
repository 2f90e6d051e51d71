"""Write the pages of docs/results from what the workflow made: scorecard, tables and figures of the paper.

``python docs/write_results.py results/paper`` writes them; without results there are none, and the site says
how to make them.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
PAPER = HERE.parent / "config" / "paper"
OUT = HERE / "results"
COLUMNS = ("id", "statement", "reference", "value", "uncertainty", "verdict", "note")


def cell(value: Any) -> str:
    """Return a value as a cell of a Markdown table."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.5g}"
    # A page of Markdown would take dollars for formulas.
    return " ".join(str(value).split()).replace("|", "\\|").replace("$", "\\$")


def markdown_table(rows: list[dict[str, Any]]) -> str:
    """Return rows of the scorecard as a table."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS)]
    lines += [f"| {' | '.join(cell(row.get(column)) for column in COLUMNS)} |" for row in rows]
    return "\n".join(lines) + "\n"


def read_scorecard(results: Path) -> list[dict[str, Any]]:
    """Return the rows of the scorecard; none where it is absent."""
    path = results / "scorecard.json"
    rows: list[dict[str, Any]] = json.loads(path.read_text()) if path.is_file() else []
    signs = {"at_least": "at least ", "at_most": "at most "}
    return [
        row | {"reference": signs.get(str(row.get("comparison")), "") + cell(row["reference"])}
        for row in rows
    ]


def scorecard_table(results: Path, begin: str) -> str:
    """Return the rows of the scorecard whose ids begin with one of some words, empty where there are none."""
    rows = [row for row in read_scorecard(results) if row["id"].startswith(tuple(begin.split()))]
    return markdown_table(rows) if rows else ""


def table_of(results: Path, name: str) -> str:
    """Return a table of the workflow as Markdown, empty where it is absent."""
    path = results / "tables" / f"{name}.md"
    return path.read_text() if path.is_file() else ""


def scorecard_page(results: Path) -> str:
    """Return the scorecard by the place that says something, with the verdicts counted."""
    rows = read_scorecard(results)
    text = "# Scorecard\n\nNumbers and claims, each with what we find and the verdict.\n\n"
    counts = Counter(row["verdict"] for row in rows)
    text += "| verdict | rows |\n|---|---|\n" + "".join(
        f"| {verdict} | {n} |\n" for verdict, n in counts.items()
    )
    for source in dict.fromkeys(row["source"] for row in rows):
        text += f"\n## {source}\n\n" + markdown_table([row for row in rows if row["source"] == source])
    return text


def entries(section: str) -> dict[str, dict[str, Any]]:
    """Return the figures or tables of the paper's config by name, in its order."""
    studies = [
        study
        for path in sorted(PAPER.glob("*.yaml"))
        for study in (yaml.safe_load(path.read_text()).get("studies") or {}).values()
    ]
    return {name: entry for study in studies for name, entry in (study.get(section) or {}).items()}


def tables_page(results: Path) -> str:
    """Return all tables, one below the other."""
    text = "# Tables\n\nAs `.csv` and `.tex` they are beside the results.\n"
    for path in sorted((results / "tables").glob("*.md")):
        text += f"\n## {path.stem}\n\n{path.read_text()}"
    return text


def figures_page(results: Path) -> str:
    """Return all figures with their captions; their images are copied beside the page."""
    captions = {name: entry.get("caption", "") for name, entry in entries("figures").items()}
    images = sorted((results / "figures").glob("*.png"))
    folder = OUT / "figures"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    text = "# Figures\n\nBeside each is a `.csv` with the numbers that it draws.\n"
    for path in images:
        shutil.copyfile(path, folder / path.name)
        caption = " ".join(captions.get(path.stem, "").split())
        text += f"\n## {path.stem}\n\n![{path.stem}](figures/{path.name})\n\n{caption}\n"
    return text


def main(results: Path) -> None:
    """Write the pages of what is there, and remove those of what is not."""
    made = {"scorecard": scorecard_page, "tables": tables_page, "figures": figures_page}
    for name, page in made.items():
        target = OUT / f"{name}.md"
        if (results / "scorecard.json").is_file():
            target.write_text(page(results))
        else:
            target.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "results" / "paper")
