"""A table as LaTeX, its text with nothing that LaTeX would take for something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_ESCAPED = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": "$<$",
        ">": "$>$",
        **{character: "\\" + character for character in "&%$#_{}"},
    }
)


def escaped(text: str) -> str:
    """Return a text that LaTeX shows as it is."""
    return text.translate(_ESCAPED)


def to_latex(table: pd.DataFrame, caption: str) -> str:
    """Return a table as LaTeX, numbers with four digits and missing values as dashes."""
    import pandas as pd

    def shown(value: object) -> str:
        if pd.isna(value):
            return "-"
        return escaped(f"{value:.4g}" if isinstance(value, float) else str(value))

    return str(
        table.rename(columns=escaped).map(shown).to_latex(index=False, escape=False, caption=escaped(caption))
    )
