"""Compute how little background the best rectangular cuts of a Gaussian study leave."""

from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from scripts.sources.gaussian_optimum import GaussianClasses


def main(*, optimum: Path, study: dict[str, Any]) -> None:
    """Write the exact optimum at the signal efficiencies that the study asks for.

    Parameters
    ----------
    optimum : Path
        Written: ``signal_efficiency``, and the background efficiency with ``one_sided`` cuts in the
        directions of the features and with ``two_sided`` windows (csv).
    study : dict
        The study's entry in the config.
    """
    classes = GaussianClasses.of_study(study)
    rows = [
        {
            "signal_efficiency": efficiency,
            "one_sided": classes.best_cuts(efficiency, windows=False)[2],
            "two_sided": classes.best_cuts(efficiency, windows=True)[2],
        }
        for efficiency in tqdm(sorted(study["optimum"]), desc="optimum", unit="point", mininterval=5)
    ]
    pd.DataFrame(rows).to_csv(optimum, index=False)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
