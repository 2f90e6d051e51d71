"""Models: each kind is a module with settings, which fit a model, and a function `load`, which reads it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Model


def load_model(path: Path, kind: str, features: Sequence[str]) -> Model:
    """Read a trained model.

    Parameters
    ----------
    path : Path
    kind : str
        Kind of the model, as in the config.
    features : sequence of str
        Features, in order, that the model must have been trained on.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is truncated or not a saved model of this kind, or is for other features.
    """
    from ..kinds import module_of

    model: Model = module_of("model", kind).load(path, features)
    return model


def load_models(paths: Sequence[Path], kind: str, features: Sequence[str]) -> Model:
    """Read a trained model or, of several paths, those of all folds, as :func:`load_model` reads one."""
    models = [load_model(path, kind, features) for path in paths]
    if len(models) == 1:
        return models[0]
    from .folds import FoldedModel

    return FoldedModel(models)
