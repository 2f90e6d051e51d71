"""Generate the events of a study whose source needs no simulation."""

if "snakemake" in globals():
    from scripts.jobs.warm import run_job

    run_job(globals()["snakemake"], "scripts.generate_features")

from pathlib import Path
from typing import Any

from scripts.data.feature_table import check_feature_table, write_feature_table
from scripts.study_parsing import parse_study


def main(*, table: Path, study: dict[str, Any], study_name: str) -> None:
    """Write the feature table of a study.

    Parameters
    ----------
    table : Path
        Written (parquet).
    study : dict
        The study's entry in the config.
    study_name : str

    Raises
    ------
    ValueError
        If the table cannot be trained on.
    """
    parsed = parse_study(study_name, study, check=False)
    events = parsed.source.generate(parsed)
    check_feature_table(events, parsed.column_names, table, parsed.folds)
    write_feature_table(events, table)
