"""Join the events read from the ntuples of all processes into the feature table of a study."""

if "snakemake" in globals():
    from scripts.jobs.warm import run_job

    run_job(globals()["snakemake"], "scripts.merge_ntuples")

from pathlib import Path
from typing import Any

from scripts.data.ntuple_merging import merge_parts
from scripts.jobs.bridge import path_list
from scripts.parsing import parse
from scripts.study import Split


def main(
    *,
    parts: Path | list[Path],
    cutflows: Path | list[Path],
    table: Path,
    cutflow: Path,
    split: dict[str, Any] | None,
    merging: dict[str, Any],
) -> None:
    """Write the feature table and the cutflow of a study.

    Parameters
    ----------
    parts, cutflows : Path or list of Path
        Output of :mod:`scripts.read_ntuples` for each part of each process.
    table, cutflow : Path
        Written (parquet, csv).
    split : dict, optional
        Settings as in :class:`scripts.study.Split`; None where files are of the test sample.
    merging : dict
        Further keywords of :func:`scripts.data.ntuple_merging.merge_parts`: the features, the processes with
        their number of parts and what they are scaled by, and the luminosity.
    """
    parsed = None if split is None else parse(Split, split)
    merge_parts(path_list(parts), path_list(cutflows), table, cutflow, parsed, **merging)
