"""Compute the best rectangular cuts in every bin of the property of a toy."""

from pathlib import Path
from typing import Any

from scripts.sources.property_optimum import tabulate_optimum


def main(*, bin_optimum: Path, study: dict[str, Any]) -> None:
    """Write the exact optimum of the bins and targets that the study asks for.

    Parameters
    ----------
    bin_optimum : Path
        Written: as :func:`scripts.sources.property_optimum.tabulate_optimum` returns it (csv).
    study : dict
        The study's entry in the config.
    """
    tabulate_optimum(study).to_csv(bin_optimum, index=False)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
