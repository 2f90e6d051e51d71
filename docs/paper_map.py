"""The page that leads from figures, tables and equations of the papers to the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from scripts import kinds

PAPER = Path(__file__).parent.parent / "config" / "paper"
#: Names of figures that are one of arXiv:2502.08615, and of arXiv:2412.09500.
NUMBERED = {
    "The paper": r"fig\d+|table\d+",
    "arXiv:2412.09500": r"zloss_fig\w+",
    "Watts' notebooks": r"watts_\w+",
}
HEADER = "| entry | study | networks | drawn or made by | shows |\n|---|---|---|---|---|\n"
ABOVE = """# From the paper to the code

Every figure and table of the config, with the file that draws it. `snakemake results/paper/figures/fig08.pdf`
makes one of them and what it needs. In the config of the paper, `config/paper/`, they stand in their study.
"""
BELOW = """
## Equations

| equation | code |
|---|---|
| Eq 1 to 4, 8 of arXiv:2502.08615: cuts as biases, their score | `cabin_core/cuts.py` |
| Eq 9: the linear network | `cabin_core/classifiers.py` |
| Eq 5 to 7, BCE | `cabin_core/cut_loss.py`, a module a term in `cabin_core/terms/` |
| the scan as one network | `EfficiencyScanNetwork` in `cabin_core/cuts.py` |
| significance loss, which the paper leaves to its code | `cabin_core/significance.py` |
| Eq 4 to 6, 27, 28 of arXiv:2412.09500 | `cabin_core/lovasz.py` |
| Watts' losses | `cabin_core/watts_losses.py` |
| cuts and a network (Discussion of arXiv:2502.08615) | `cabin_core/joint_loss.py` |

## Numbers and claims

They are `claims` of their study in `config/paper/`, measured by the functions of
`scripts/scorecard/measures/`; the rows are in `results/paper/scorecard.md`.
"""


def entries() -> Iterator[tuple[str, str, str, str, dict[str, Any]]]:
    """Yield study, section, room, name and settings of every figure and table, in the order of the config."""
    for path in sorted(PAPER.glob("*.yaml")):
        for study, settings in (yaml.safe_load(path.read_text()).get("studies") or {}).items():
            for section, room in (("figures", "plot"), ("tables", "table")):
                for name, entry in (settings.get(section) or {}).items():
                    yield study, section, room, name, entry


def row(study: str, room: str, name: str, entry: dict[str, Any]) -> str:
    """Return a figure or table as a row."""
    module = kinds.modules(room)[entry[kinds.ROOMS[room].key]]
    networks = ", ".join(f"`{network}`" for network in entry.get("networks", ()))
    shows = re.split(r"(?<=[a-z)])\. ", " ".join(entry["caption"].split()))[0].rstrip(".").replace("|", "\\|")
    return f"| `{name}` | {study} | {networks} | `{module.replace('.', '/')}.py` | {shows} |\n"


def paper_page() -> str:
    """Return the page, figures of each paper by their number, then all others."""
    parts: dict[str, list[tuple[str, str]]] = {title: [] for title in [*NUMBERED, "More figures and tables"]}
    for study, _, room, name, entry in entries():
        title = next((title for title, pattern in NUMBERED.items() if re.fullmatch(pattern, name)), None)
        parts[title or "More figures and tables"].append((name, row(study, room, name, entry)))
    text = ABOVE
    for title, found in parts.items():
        ordered = sorted(found) if title in ("The paper", "arXiv:2412.09500") else found
        text += f"\n## {title}\n\n{HEADER}{''.join(line for _, line in ordered)}"
    return text + BELOW
