"""Saving and loading of trained networks: weights, scaling and settings in one file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .network_settings import NetworkSettings, build_network
from .scaling import FeatureScaling

FORMAT = "cabin_core network 2"
_INCOMPLETE = "not a complete model file: delete it and train the network again"


@dataclass(frozen=True)
class TrainedNetwork:
    """A network with all that is needed to apply it to events in physical units.

    Parameters
    ----------
    network : torch.nn.Module
    settings : NetworkSettings
    scaling : FeatureScaling
        Names, means and spreads of the features, in the order of the network's inputs.
    directions : tuple of str
        ``>`` or ``<`` for each feature, as configured.
    training : dict
        Plain values that tell how it was trained (epochs, loss, seed), for the reader of the file.
    """

    network: nn.Module
    settings: NetworkSettings
    scaling: FeatureScaling
    directions: tuple[str, ...]
    training: dict[str, Any]


def save_network(path: Path | str, trained: TrainedNetwork) -> None:
    """Write a trained network to a file that :func:`load_network` reads."""
    # Through memory, so that a full disk is an OSError with its reason rather than torch's own error.
    content = io.BytesIO()
    torch.save(
        {
            "format": FORMAT,
            "settings": asdict(trained.settings),
            "features": list(trained.scaling.features),
            "directions": list(trained.directions),
            "mean": trained.scaling.mean,
            "spread": trained.scaling.spread,
            "training": trained.training,
            "state": trained.network.state_dict(),
        },
        content,
    )
    Path(path).write_bytes(content.getvalue())


def load_network(path: Path | str, features: Sequence[str] | None = None) -> TrainedNetwork:
    """Read a trained network, without running any code from the file.

    Parameters
    ----------
    path : path-like
    features : sequence of str, optional
        The features, in order, that the caller will feed to the network, without the property of the event
        that its cuts may follow.

    Returns
    -------
    TrainedNetwork

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is truncated or not a saved network, or was made for other features.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such model file: train the network first") from None
    except PermissionError:
        raise
    except Exception as error:
        # Damaged bytes end in many types of error; each means the same to the reader.
        raise ValueError(f"{path}: {_INCOMPLETE}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path}: not a model file of this version ({FORMAT}): train the network again")
    stored = content.get("features")
    # A property that cuts follow is the last column, beside the features.
    settings_of_file = content.get("settings") or {}
    followed = [name for name in [settings_of_file.get("event_property")] if name]
    if features is not None and [*features, *followed] != stored:
        raise ValueError(
            f"{path}: made for the features {', '.join(stored or ())}, not {', '.join(features)}: "
            "train the network again"
        )
    try:
        settings = NetworkSettings(**content["settings"])
        network = build_network(settings, content["directions"])
        network.load_state_dict(content["state"])
        scaling = FeatureScaling(content["features"], content["mean"], content["spread"])
        directions, training = tuple(content["directions"]), dict(content["training"])
    except Exception as error:
        raise ValueError(f"{path}: {_INCOMPLETE}") from error
    return TrainedNetwork(network, settings, scaling, directions, training)
