"""Join the histories and times of the trainings of all folds of a network."""

if "snakemake" in globals():
    from scripts.jobs.warm import run_job

    run_job(globals()["snakemake"], "scripts.join_folds")

from pathlib import Path

import pandas as pd

from scripts.data.folds import FOLD
from scripts.data.table_file import read_table


def main(*, histories: list[Path], timings: list[Path], history: Path, timing: Path) -> None:
    """Write one history and one time of a network.

    Parameters
    ----------
    histories, timings : list of Path
        Those of each fold, in their order (csv, tsv).
    history : Path
        Written: the rows of one fold after the other, with a column ``fold`` (csv).
    timing : Path
        Written: the sums of the times, and what computed the sums over events (tsv).
    """
    rows = [read_table(path).assign(**{FOLD: fold}) for fold, path in enumerate(histories)]
    pd.concat(rows, ignore_index=True).to_csv(history, index=False)
    times = pd.concat([read_table(path) for path in timings], ignore_index=True)
    total = times[:1].assign(**{name: times[name].sum().round(3) for name in ("seconds", "cpu_seconds")})
    total.to_csv(timing, sep="\t", index=False)
