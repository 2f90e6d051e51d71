"""Find the directions of cuts in the training events, and check those of the config."""

if "snakemake" in globals():
    from scripts.jobs.warm import run_job

    run_job(globals()["snakemake"], "scripts.find_directions")

import logging
from pathlib import Path

from cabin_core.directions import TooFewEvents, find_directions
from scripts.columns import AUTO
from scripts.data.directions import is_wrong, remark_on, tabulate_directions, unknown_directions
from scripts.data.feature_table import read_feature_table
from scripts.data.folds import FOLD
from scripts.data.thinning import is_long, read_shown_events

log = logging.getLogger("cabin.find_directions")


def main(*, table: Path, directions: Path, study_name: str, features: list[str], given: list[str]) -> None:
    """Write the table of directions; each that seems wrong is told.

    Parameters
    ----------
    table : Path
        Feature table (parquet).
    directions : Path
        Written (csv).
    study_name : str
    features, given : list of str
        Names of the features, and their directions in the config: ``>``, ``<``, ``window`` or ``auto``.
    """
    events = read_shown_events(table) if is_long(table) else read_feature_table(table, features)
    # With folds all but one of the trainings see an event; the directions are the same in all.
    training = events if FOLD in events else events[events["split"] == "train"]
    try:
        found = find_directions(
            training[features].to_numpy(dtype=float),
            (training["label"] == 1).to_numpy(),
            training["weight"].to_numpy(dtype=float),
            given,
        )
    except TooFewEvents as error:
        if AUTO in given:
            raise ValueError(f"{table}: {error}") from None
        unknown_directions(features, given, "too few events to tell").to_csv(directions, index=False)
        return
    tabulate_directions(features, given, found).to_csv(directions, index=False)
    taken = [
        f"{name} {one.direction}"
        for name, asked, one in zip(features, given, found, strict=True)
        if asked == AUTO
    ]
    if taken:
        log.info("%s: directions found: %s", study_name, ", ".join(taken))
    for name, one in zip(features, found, strict=True):
        if is_wrong(one) or not one.separates:
            log.warning("%s: %s %s: %s", study_name, name, one.direction, remark_on(one))
