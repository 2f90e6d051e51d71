"""What is trained or searched: a kind is a module, whose settings fit and whose `load` reads the result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Model


def load_model(path: Path, kind: str, features: Sequence[str]) -> Model:
    """Read what a training or search wrote.

    Parameters
    ----------
    path : Path
    kind : str
        The word of the config for the model.
    features : sequence of str
        The features, in order, that it must have been made for.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is truncated or not a saved model of this kind, or was made for other features.
    """
    from ..kinds import module_of

    model: Model = module_of("model", kind).load(path, features)
    return model
