"""Put the numbers of the benchmarks into their places in docs/explanation/speed.md.

``python docs/write_speed.py results/benchmarks`` does it after ``snakemake benchmark``. The page is committed
with its numbers, which belong to the machine that it names. A place whose result is absent stays as it is.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE / "explanation" / "speed.md"
PLACE = re.compile(r"(<!-- begin: (\w+) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)
#: By its place: the file, what is added to the name of the page, the caption, and what it says beside.
FIGURES = {
    "figure": (
        "cost",
        "",
        "Time of an epoch and peak memory against the size; dashed with open markers: more threads.",
        "Bars are the spread of the turns.",
    ),
    "progress": (
        "proof_progress",
        "_proofs",
        "Bound on the background of any cuts, over that of the best found, against the time.",
        "Dotted: the best cuts known by then. A line that meets 1 is a proof.",
    ),
}


def about(results: Path) -> str:
    """Return a sentence about the machine, empty where it is not known."""
    path = results / "about.json"
    if not path.is_file():
        return ""
    facts = json.loads(path.read_text())
    memory = facts["available_memory"]
    free = "" if memory is None else f", {memory / 1e9:.0f} GB of memory free"
    return (
        f"Measured on {facts['cores']} cores of {facts['processor']}{free}; "
        f"the load was {facts['load']:.1f} at the start.\n"
    )


def figure(results: Path, page: Path, name: str) -> str:
    """Return a figure with its caption, copied beside the page; empty where it is absent."""
    file, suffix, caption, more = FIGURES[name]
    image = results / f"{file}.png"
    if not image.is_file():
        return ""
    copied = page.with_name(f"{page.stem}{suffix}.png")
    shutil.copyfile(image, copied)
    return f"![{caption}]({copied.name})\n\n{caption} {more}\n"


def filled(text: str, results: Path, page: Path) -> str:
    """Return the page with what is there in its places."""

    def shown(place: re.Match[str]) -> str:
        begin, name, end = place.groups()
        table = results / f"{name}.md"
        if name == "about":
            found = about(results)
        elif name in FIGURES:
            found = figure(results, page, name)
        else:
            found = table.read_text() if table.is_file() else ""
        # Empty lines around it, or Markdown would take a table for text.
        return f"{begin}\n{found}\n{end}" if found else place.group()

    return PLACE.sub(shown, text)


def main(results: Path, page: Path = PAGE) -> None:
    """Fill the page."""
    page.write_text(filled(page.read_text(), results, page))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "results" / "benchmarks")
