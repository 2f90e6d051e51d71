"""Draw how proofs of the best cuts went on."""

from pathlib import Path

import pandas as pd

from scripts.benchmarks.drawing import save
from scripts.benchmarks.proof_drawing import make_figure


def main(*, progress: Path, pdf: Path, png: Path) -> None:
    """Draw the figure from the points that were written.

    Parameters
    ----------
    progress : Path
        Points of each proof.
    pdf, png : Path
        Written.
    """
    save(make_figure(pd.read_csv(progress)), pdf, png)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
