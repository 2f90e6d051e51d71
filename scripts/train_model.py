"""Train one model of a study, by gradient descent or by another method."""

from pathlib import Path
from typing import Any, Literal

from scripts.data.directions import used_directions
from scripts.jobs.bridge import bridge
from scripts.models.launcher import launch
from scripts.models.training_job import run_training
from scripts.parsing import parse_kind


def main(
    *,
    table: Path,
    model: Path,
    history: Path,
    timing: Path,
    name: str,
    network: dict[str, Any],
    features: list[str],
    directions: list[str],
    threads: int,
    equal_class_weights: bool = False,
    counting_experiment: dict[str, Any] | None = None,
    scaling: Literal["robust", "standard"] = "standard",
    limits: list[dict[str, float]] | None = None,
    found_directions: Path | None = None,
    fold: int | None = None,
    mpi: str | None = None,
) -> None:
    """Fit a model to a feature table and write it with its history.

    Parameters
    ----------
    table : Path
        Feature table (parquet).
    model, history, timing : Path
        Written: the model, the history of the training (csv) and the time that it took (tsv).
    name, features, directions, threads, equal_class_weights
        As in :class:`scripts.models.base.TrainingTask`; a direction can also be ``auto``.
    network : dict
        The model's entry in the config.
    counting_experiment : dict, optional
        Settings of the study's counting experiment, if the training uses its yields.
    scaling : str
        How features are scaled, as in :class:`scripts.study.StudySettings`.
    limits : list of dict, optional
        Limits of the cuts on each feature.
    found_directions : Path, optional
        Table of directions (csv), for those that are ``auto``.
    fold : int, optional
        The fold whose events the training does not see, of a table with folds.
    mpi : str, optional
        Command that starts the processes of a training on several machines, for example ``srun``.
    """
    directions = used_directions(features, directions, found_directions)
    task = {key: value for key, value in locals().items() if key not in ("mpi", "found_directions")}
    processes = getattr(parse_kind("model", network), "processes", 1)
    if processes > 1:
        launch(task, processes, model.parent, mpi)
    else:
        run_training(**task)


if "snakemake" in globals():
    bridge(globals()["snakemake"], main)
