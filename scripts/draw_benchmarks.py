"""Draw time and memory against size."""

from pathlib import Path

import pandas as pd

from scripts.benchmarks.drawing import make_figure, points, save


def main(*, epochs: Path, memory: Path, csv: Path, pdf: Path, png: Path) -> None:
    """Write the points that are drawn, then draw the figure from that very file.

    Parameters
    ----------
    epochs, memory : Path
        Tables of the benchmarks.
    csv, pdf, png : Path
        Written.
    """
    points(pd.read_csv(epochs), pd.read_csv(memory)).to_csv(csv, index=False)
    save(make_figure(pd.read_csv(csv)), pdf, png)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
