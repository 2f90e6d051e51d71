"""Write the tables of the proofs of the best cuts."""

import json
from pathlib import Path

from scripts.benchmarks.pages import PAGES
from scripts.benchmarks.proof_tables import progress_table, proof_table
from scripts.jobs.bridge import path_list


def main(*, measured: Path | list[Path], csv: Path, md: Path, progress: Path) -> None:
    """Write what was proven, and how each proof went on.

    Parameters
    ----------
    measured : list of Path
        Measurements of the cases, each named after its case.
    csv, md : Path
        Written: one row for each case and target.
    progress : Path
        Written: points of each proof (csv).
    """
    cases = {path.stem: json.loads(path.read_text()) for path in path_list(measured)}
    proofs = proof_table(cases)
    proofs.to_csv(csv, index=False)
    md.write_text(PAGES["proofs"](proofs))
    progress_table(cases).to_csv(progress, index=False)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
