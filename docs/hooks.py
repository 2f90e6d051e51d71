"""What the site adds to its pages: formulas as MathML, results of the workflow, their pages in the menu."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from write_results import scorecard_table, table_of

#: What the extension arithmatex makes of ``$...$`` and ``$$...$$``.
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)
#: A place for results: ``<!-- table: NAME -->`` or ``<!-- scorecard: BEGIN OF IDS -->``.
PLACE = re.compile(r"^<!-- (table|scorecard): (.+) -->$", re.MULTILINE)


def on_config(config: Any) -> Any:
    """Put the generated pages of results into the menu, where there are any."""
    pages = sorted(Path(config.docs_dir, "results").glob("*.md"))
    results = next(part["Results"] for part in config.nav if "Results" in part)
    results += [f"results/{page.name}" for page in pages if page.stem != "index"]
    return config


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Put results in their places, or the command that makes them."""
    folder = Path(config.config_file_path).parent / config.extra["results"]

    def shown(place: re.Match[str]) -> str:
        kind, name = place.groups()
        found = table_of(folder, name) if kind == "table" else scorecard_table(folder, name)
        file = f"tables/{name}.md" if kind == "table" else "scorecard.md"
        where = f"`{config.extra['results']}/{file}`"
        return (
            found
            or f'!!! note "Not made yet"\n    `make results` writes {where}, and `make docs` shows it here.'
        )

    return PLACE.sub(shown, markdown)


def on_page_content(content: str, **_: Any) -> str:
    """Replace TeX by MathML, which browsers draw without a script or a font from elsewhere."""

    def drawn(formula: re.Match[str]) -> str:
        tag, _, tex = formula.groups()
        display = "block" if tag == "div" else "inline"
        return f"<{tag} class='formula'>{convert(html.unescape(tex), display=display)}</{tag}>"

    return FORMULA.sub(drawn, content)
