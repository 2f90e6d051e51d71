"""Training and evaluation of a model as the workflow does them, for tests."""

from pathlib import Path
from typing import Any

from scripts import evaluate_model, train_model
from scripts.models.base import Model, TrainingTask
from scripts.parsing import parse_kind


def train(
    table: Path,
    folder: Path,
    entry: dict[str, Any],
    features: list[str],
    directions: list[str] | None = None,
    *,
    evaluate: bool = True,
    **options: Any,
) -> dict[str, Path]:
    """Run the scripts of both rules on a feature table; return their files by what the rules call them.

    Parameters
    ----------
    entry : dict
        Of the config.
    directions : list of str, optional
        ``>`` for each feature where None.
    evaluate : bool
        Whether to go on to the evaluation.
    **options
        Of :func:`scripts.train_model.main`.
    """
    folder.mkdir(exist_ok=True, parents=True)
    settings = parse_kind("model", entry)
    files = {
        "model": folder / f"model.{settings.ending}",
        "history": folder / "history.csv",
        "timing": folder / "training.tsv",
    }
    common = {"table": table, "features": features}
    given = {
        "name": "test",
        "network": entry,
        "directions": directions or [">"] * len(features),
        "threads": 1,
    }
    train_model.main(**common, **files, **given | options)
    if evaluate:
        outputs = {name: folder / f"{name}.csv" for name in ("cuts", "metrics", "processes")}
        outputs["scores"] = folder / "scores.parquet"
        evaluate_model.main(**common, **outputs, model=files["model"], kind=settings.model)
        files |= outputs
    return files


def train_folds(
    table: Path, folder: Path, entry: dict[str, Any], features: list[str], n_folds: int, **options: Any
) -> dict[str, Path]:
    """Run the training of each fold and the evaluation; return its files by what the rule calls them."""
    of_folds = [
        train(table, folder / f"fold{fold}", entry, features, evaluate=False, fold=fold, **options)
        for fold in range(n_folds)
    ]
    outputs = {name: folder / f"{name}.csv" for name in ("cuts", "metrics", "processes")}
    outputs["scores"] = folder / "scores.parquet"
    models = [files["model"] for files in of_folds]
    evaluate_model.main(table=table, model=models, kind=entry["model"], features=features, **outputs)
    return outputs


def fit(events: Any, entry: dict[str, Any], features: list[str], **options: Any) -> Model:
    """Return the model of an entry of the config, trained on a feature table; options are of the task."""
    directions = options.pop("directions", [">"] * len(features))
    model, _ = parse_kind("model", entry).fit(TrainingTask("test", events, features, directions, **options))
    return model
