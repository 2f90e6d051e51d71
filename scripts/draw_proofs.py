"""Draw how proofs of the best cuts went on."""

from pathlib import Path

import pandas as pd

from scripts.benchmarks.drawing import DPI
from scripts.benchmarks.proof_drawing import make_figure
from scripts.figures.style import paper_style


def main(*, progress: Path, pdf: Path, png: Path) -> None:
    """Draw the figure from the points that were written.

    Parameters
    ----------
    progress : Path
        Points of each proof.
    pdf, png : Path
        Written.
    """
    with paper_style():
        drawn = make_figure(pd.read_csv(progress))
        drawn.savefig(pdf, metadata={"CreationDate": None})
        drawn.savefig(png, dpi=DPI)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
