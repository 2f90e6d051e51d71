"""Docstrings are in the numpy style, with roles and formulas as Sphinx writes them; the site is Markdown."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import griffe

ROLE = re.compile(r":(?:class|func|meth|mod|data|attr):`~?(?:[\w.]*\.)?(\w+)`")
INLINE = re.compile(r":math:`([^`]+)`")
DISPLAY = re.compile(r"^( *)\.\. math::(.*(?:\n(?:\1 +.*| *)$)*)", re.MULTILINE)


def to_markdown(text: str) -> str:
    """Return a docstring with roles as code and formulas between dollars."""

    def formula(match: re.Match[str]) -> str:
        indent, tex = match.groups()
        return textwrap.indent(f"$$\n{textwrap.dedent(tex).strip()}\n$$\n", indent)

    return INLINE.sub(r"$\1$", DISPLAY.sub(formula, ROLE.sub(r"`\1`", text)))


class Markdown(griffe.Extension):
    """Rewrites every docstring before it is parsed."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of an object."""
        if obj.docstring:
            obj.docstring.value = to_markdown(obj.docstring.value)
