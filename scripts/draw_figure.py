"""Draw one figure of the config."""

import importlib
from pathlib import Path
from typing import Any

import pandas as pd

from scripts.figures.inputs import FigureInputs
from scripts.figures.style import paper_style
from scripts.jobs.paths import path_list

#: Resolution of the png [dots an inch].
DPI = 150


def main(
    *,
    csv: Path,
    pdf: Path,
    png: Path,
    figure: dict[str, Any],
    study: dict[str, Any],
    caption: str,
    **files: Path | list[Path],
) -> None:
    """Write the numbers that a figure draws, then draw the figure from that very file.

    Parameters
    ----------
    csv, pdf, png : Path
        Written.
    figure : dict
        The figure's entry in the config.
    study : dict
        The config of its study; empty for a figure of none.
    caption : str
        For the report; not drawn.
    **files
        By kind, as :data:`scripts.figures.PLOTS` asks for them.
    """
    module = importlib.import_module(f"scripts.figures.{figure['plot']}")
    lists = {kind: path_list(paths) for kind, paths in files.items()}
    module.tabulate(FigureInputs(figure, study, lists)).to_csv(csv, index=False)
    table = pd.read_csv(csv)
    with paper_style():
        drawn = module.make_figure(table, figure, study)
        drawn.savefig(pdf, metadata={"CreationDate": None})
        drawn.savefig(png, dpi=DPI)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
