"""Tables in LaTeX, with special characters escaped."""

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
        "±": r"$\pm$",
        **{character: "\\" + character for character in "&%$#_{}"},
    }
)


def escaped(text: str) -> str:
    """Escape a text so that LaTeX shows it unchanged."""
    return text.translate(_ESCAPED)


def to_latex(table: pd.DataFrame, caption: str) -> str:
    """Return a table in LaTeX, with four digits for numbers and dashes for missing values."""
    import pandas as pd

    def shown(value: object) -> str:
        if pd.isna(value):
            return "-"
        return escaped(f"{value:.4g}" if isinstance(value, float) else str(value))

    return str(
        table.rename(columns=escaped).map(shown).to_latex(index=False, escape=False, caption=escaped(caption))
    )
