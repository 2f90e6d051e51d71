"""From a network's entry in the config to the objects of the core."""

from __future__ import annotations

from typing import Any

from cabin_core import CutLoss, NetworkSettings, TrainingSettings

NETWORK_KEYS = ("model", "targets", "weights", "activation_scale", "start", "hidden_layers", "precision")
TRAINING_KEYS = ("epochs", "optimizer", "learning_rate", "batch_size", "seed")


def parse_network(entry: dict[str, Any]) -> tuple[NetworkSettings, CutLoss, TrainingSettings]:
    """Return what a network is, its loss and its training.

    Parameters
    ----------
    entry : dict
        One entry of ``networks`` in the config.

    Returns
    -------
    tuple of NetworkSettings, CutLoss and TrainingSettings

    Raises
    ------
    ValueError
        If a value is out of range, or the loss asks for what the model does not have.
    """
    settings = NetworkSettings(**{key: entry[key] for key in NETWORK_KEYS if key in entry})
    if not settings.has_cuts:
        for term in ("efficiency", "cut_size", "smoothness"):
            if entry["loss"].get(term):
                raise ValueError(
                    f"the {term} term of the loss needs cuts, which a {settings.model} network lacks"
                )
    loss = CutLoss(settings.targets if settings.has_cuts else (), **entry["loss"])
    training = TrainingSettings(**{key: entry[key] for key in TRAINING_KEYS if key in entry})
    return settings, loss, training
