"""Saving and loading of trained networks: class, arguments, parameters and scaling in one file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from . import classifiers, cuts
from .feature_spread import LARGEST
from .scaling import FeatureScaling

FORMAT = "cabin_core network 3"
#: Classes of networks that can be in a file, by name; each has a method ``arguments``.
NETWORKS: dict[str, type[nn.Module]] = {
    name: value
    for module in (classifiers, cuts)
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, nn.Module) and hasattr(value, "arguments")
}
_INCOMPLETE = "not a complete model file: delete it and train the network again"


@dataclass(frozen=True)
class TrainedNetwork:
    """A network with everything needed to apply it to events in physical units.

    Parameters
    ----------
    network : torch.nn.Module
    scaling : FeatureScaling
        Names, means and spreads of the features, in the order of the network's inputs.
    directions : tuple of str
        ``>`` or ``<`` for each feature, as configured.
    training : dict
        Plain values that describe the training (epochs, loss, seed), for information.
    outcome : dict
        Plain values that the training has found: ``epochs``, whether it has ``converged``, and the signal
        efficiencies of the ``working_points`` where others than these were asked.
    """

    network: nn.Module
    scaling: FeatureScaling
    directions: tuple[str, ...]
    training: dict[str, Any]
    outcome: dict[str, Any] = field(default_factory=dict)

    @property
    def dtype(self) -> torch.dtype:
        """The floating type of the parameters."""
        return next(self.network.parameters()).dtype

    @property
    def event_property(self) -> str | None:
        """The property that the cuts follow, which is the last input; None if there is none."""
        followed = classifiers.cuts_of(self.network)
        return None if followed is None or not followed.has_property else self.scaling.features[-1]


def save_network(path: Path | str, trained: TrainedNetwork) -> None:
    """Write a trained network to a file that :func:`load_network` reads.

    Raises
    ------
    ValueError
        If the network, or a part of it, is not of a class of the core.
    """
    # Written through memory, so that a full disk gives an OSError with the reason instead of torch's error.
    content = io.BytesIO()
    torch.save(
        {
            "format": FORMAT,
            "network": _description(trained.network),
            "state": trained.network.state_dict(),
            "features": list(trained.scaling.features),
            "mean": trained.scaling.mean,
            "spread": trained.scaling.spread,
            "limit": trained.scaling.limit,
            "directions": list(trained.directions),
            "training": trained.training,
            "outcome": trained.outcome,
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
        # Damaged files raise many types of error; all mean the same for the user.
        raise ValueError(f"{path}: {_INCOMPLETE}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path}: not a model file of this version ({FORMAT}): train the network again")
    try:
        trained = TrainedNetwork(
            _restored(content["network"], content["state"]),
            FeatureScaling(
                content["features"], content["mean"], content["spread"], content.get("limit", LARGEST)
            ),
            tuple(content["directions"]),
            dict(content["training"]),
            dict(content.get("outcome", {})),
        )
        followed = [trained.event_property] if trained.event_property else []
    except Exception as error:
        raise ValueError(f"{path}: {_INCOMPLETE}") from error
    stored = trained.scaling.features
    if features is not None and (*features, *followed) != stored:
        raise ValueError(
            f"{path}: made for the features {', '.join(stored)}, not {', '.join(features)}: "
            "train the network again"
        )
    return trained


def _description(network: nn.Module) -> dict[str, Any]:
    """Return the class of a network and its arguments, and the same of networks among the arguments."""
    name = type(network).__name__
    if NETWORKS.get(name) is not type(network):
        raise ValueError(f"a {name} cannot be saved: it is no network of the core")
    arguments: dict[str, Any] = network.arguments()  # type: ignore[operator]
    return {
        "class": name,
        "arguments": {
            key: _description(value) if isinstance(value, nn.Module) else value
            for key, value in arguments.items()
        },
    }


def _restored(description: dict[str, Any], state: dict[str, torch.Tensor]) -> nn.Module:
    # The constructor draws random parameters, which are replaced below.
    with torch.random.fork_rng():
        network = _new(description)
    (precision,) = {value.dtype for value in state.values()}
    network.to(precision).load_state_dict(state)
    return network


def _new(description: dict[str, Any]) -> nn.Module:
    arguments = {
        key: _new(value) if isinstance(value, dict) else value
        for key, value in description["arguments"].items()
    }
    return NETWORKS[description["class"]](**arguments)
