"""Write one table of the config as csv, markdown and LaTeX."""

import importlib
from pathlib import Path
from typing import Any

import pandas as pd

from scripts.jobs.paths import path_list

#: What LaTeX would take for something else.
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": "$<$",
        ">": "$>$",
        **{character: "\\" + character for character in "&%$#_{}"},
    }
)


def _latex(text: str) -> str:
    return text.translate(_LATEX)


def main(
    *,
    csv: Path,
    md: Path,
    tex: Path,
    table: dict[str, Any],
    study: dict[str, Any],
    networks: dict[str, dict[str, Any]],
    caption: str,
    **files: Path | list[Path],
) -> None:
    """Make a table and write it in three formats.

    Parameters
    ----------
    csv, md, tex : Path
        Written.
    table : dict
        The table's entry in the config.
    study : dict
        The config of its study; empty for a table of none.
    networks : dict of dict
        The config of its networks.
    caption : str
        Heads the markdown and LaTeX.
    **files
        By kind, as :data:`scripts.tables.TABLES` asks for them.
    """
    module = importlib.import_module(f"scripts.tables.{table['table']}")
    lists = {kind: path_list(paths) for kind, paths in files.items()}
    made = module.make_table(lists, study, networks)
    made.to_csv(csv, index=False)
    md.write_text(f"{caption}\n\n{made.to_markdown(index=False, floatfmt='.4g', missingval='-')}\n")
    shown = made.rename(columns=_latex).map(
        lambda value: (
            "-" if pd.isna(value) else _latex(f"{value:.4g}" if isinstance(value, float) else str(value))
        )
    )
    tex.write_text(shown.to_latex(index=False, escape=False, caption=_latex(caption)))


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
