"""From a network's entry in the config to the objects of the core."""

from __future__ import annotations

from typing import Any

from cabin_core import (
    CutLoss,
    ExpectedYields,
    JointLoss,
    LovaszZLoss,
    NetworkSettings,
    Schedule,
    TrainingSettings,
    WattsLoss,
)
from scripts.data.event_bins import EventBins

NETWORK_KEYS = (
    "model",
    "targets",
    "weights",
    "activation_scale",
    "start",
    "monotone",
    "hidden_layers",
    "bias",
    "precision",
    "cut_function",
    "kept_fraction",
    "classifier_output",
    "initial_weights",
)
#: Cut functions that are flat but for a step.
WITHOUT_GRADIENT = ("hard", "heaviside")
TRAINING_KEYS = ("epochs", "optimizer", "learning_rate", "classifier_learning_rate", "batch_size", "seed")

AnyLoss = CutLoss | JointLoss | LovaszZLoss | WattsLoss


def parse_network(
    entry: dict[str, Any], yields: ExpectedYields | None = None
) -> tuple[NetworkSettings, AnyLoss, TrainingSettings]:
    """Return what a network is, its loss and its training.

    Parameters
    ----------
    entry : dict
        One entry of ``networks`` in the config.
    yields : ExpectedYields, optional
        Of the study that trains the network; needed where its loss has a significance.

    Returns
    -------
    tuple of NetworkSettings, the loss, and TrainingSettings

    Raises
    ------
    ValueError
        If a value is out of range, or the loss asks for what the model does not have.
    """
    bins = EventBins.of_entry(entry)
    settings = NetworkSettings(
        **{key: entry[key] for key in NETWORK_KEYS if key in entry},
        event_property="" if bins is None else bins.name,
        bin_edges=() if bins is None else bins.edges,
    )
    if not settings.has_cuts:
        for term in ("efficiency", "cut_size", "smoothness"):
            if entry["loss"].get(term):
                raise ValueError(
                    f"the {term} term of the loss needs cuts, which a {settings.model} network lacks"
                )
    if entry["loss"].get("bin_smoothness") and settings.n_bins < 3:
        raise ValueError("the bin_smoothness term of the loss needs three bins: give `property`")
    schedule = Schedule(**entry["schedule"]) if "schedule" in entry else None
    if settings.kept_fraction is not None and "joint" not in entry["loss"]:
        raise ValueError("kept_fraction: only the loss joint holds it")
    loss: AnyLoss
    if "joint" in entry["loss"]:
        loss = _joint_loss(entry["loss"], settings)
    elif "watts" in entry["loss"]:
        _check_alone("watts", entry["loss"])
        loss = WattsLoss(entry["loss"]["watts"])
    elif "lovasz_z" in entry["loss"]:
        loss = _lovasz_z_loss(entry["loss"], settings, yields)
    elif settings.classifier_output == "raw":
        raise ValueError("these losses need probabilities: classifier_output must be sigmoid")
    else:
        loss = CutLoss(
            settings.targets if settings.has_cuts else (),
            **entry["loss"],
            n_bins=settings.n_bins,
            yields=yields if entry["loss"].get("significance") else None,
            first_goal=None if schedule is None else schedule.first_goal,
        )
    if schedule is not None:
        _check_schedule(schedule, settings, loss)
    if entry.get("record_cuts"):
        _check_recorded(settings)
    if settings.cut_function == "balanced" and entry["loss"].get("watts") in (None, "cross_entropy"):
        raise ValueError("cut_function: balanced is negative for events that fail, unlike a probability")
    if settings.cut_function in WITHOUT_GRADIENT:
        raise ValueError(f"cut_function: {settings.cut_function} has no gradient to train with")
    if "classifier_learning_rate" in entry and settings.model != "joint":
        raise ValueError(f"classifier_learning_rate belongs to a joint network, not to {settings.model}")
    training = TrainingSettings(
        **{key: entry[key] for key in TRAINING_KEYS if key in entry}, schedule=schedule
    )
    return settings, loss, training


def _joint_loss(entry: dict[str, Any], settings: NetworkSettings) -> JointLoss:
    if settings.model != "joint" or settings.kept_fraction is None:
        raise ValueError("the loss joint is of a joint network with a kept_fraction")
    if settings.classifier_output != "sigmoid":
        raise ValueError("the loss joint needs probabilities: classifier_output must be sigmoid")
    _check_alone("joint", entry)
    return JointLoss([settings.kept_fraction], **entry["joint"])


def _check_alone(name: str, entry: dict[str, Any]) -> None:
    if len(entry) > 1:
        others = ", ".join(other for other in entry if other != name)
        raise ValueError(f"{name} is a loss of its own: remove {others}, or {name}")


def _lovasz_z_loss(
    entry: dict[str, Any], settings: NetworkSettings, yields: ExpectedYields | None
) -> LovaszZLoss:
    if settings.has_cuts:
        raise ValueError(
            f"lovasz_z needs raw outputs, which a {settings.model} network lacks: take a linear network"
        )
    _check_alone("lovasz_z", entry)
    if yields is None:
        raise ValueError("the loss lovasz_z needs the yields that a search expects")
    return LovaszZLoss(**entry["lovasz_z"], signal_yield=yields.signal, background_yield=yields.background)


def _check_recorded(settings: NetworkSettings) -> None:
    if (
        not settings.has_cuts
        or settings.model == "scan"
        or settings.bin_edges
        or settings.weights == "windows"
    ):
        raise ValueError("record_cuts is for a network with one set of one-sided cuts: remove the key")


def _check_schedule(schedule: Schedule, settings: NetworkSettings, loss: AnyLoss) -> None:
    if schedule.first_activation_scale is not None and not settings.has_cuts:
        raise ValueError("schedule.first_activation_scale: a network without cuts has no sigmoids to sharpen")
    if schedule.first_goal is not None and not (isinstance(loss, CutLoss) and loss.constraint is not None):
        raise ValueError("schedule.first_goal: the loss has no constraint whose goals could move")
