"""What a training of cuts has beyond its loss: targets of hard cuts, and limits of the cuts."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from torch import nn

from cabin_core import CutNetwork, EventSample, EventStream, FeatureScaling, TrainingSettings
from cabin_core.convergence import HALVINGS, ROUND
from cabin_core.cut_limits import CutLimits
from cabin_core.feature_limits import FeatureLimits
from cabin_core.working_points import WorkingPoints, meet_targets, settle

if TYPE_CHECKING:
    from .base import TrainingTask

log = logging.getLogger("cabin.train_model")


def limits_of(task: TrainingTask, net: nn.Module, scaling: FeatureScaling) -> CutLimits:
    """Return the limits of the cuts of a network, which keeps them in its training."""
    assert isinstance(net, CutNetwork)
    limits = [FeatureLimits(**given) for given in task.limits or []]
    for feature, of_feature, (low, high) in zip(task.features, limits, task.ranges(), strict=False):
        least, most = of_feature.bounds
        for name, value in of_feature.given.items():
            if name == "round":
                continue
            where = (
                f"{name} of {feature}, {value:g}, is outside of the training events, from {low:g} to {high:g}"
            )
            if (value == least and value >= high) or (value == most and value <= low):
                raise ValueError(f"{where}: no cut there is of use")
            if not low <= value <= high:
                log.warning("%s: %s", task.name, where)
    return CutLimits(net, limits, scaling)


def round_cuts(
    limits: CutLimits,
    settings: TrainingSettings,
    train_on: Callable[[TrainingSettings], list[dict[str, float]]],
    points: WorkingPoints | None,
) -> list[dict[str, float]]:
    """Round the cuts on one feature after the other, and train the others on after each.

    Parameters
    ----------
    limits : CutLimits
    settings : TrainingSettings
        Of the training before.
    train_on : callable
        Trains the network by other settings.
    points : WorkingPoints, optional

    Returns
    -------
    list of dict
        The history of these trainings.
    """
    last_rate = None if settings.schedule is None else settings.schedule.last_learning_rate
    again = replace(
        settings,
        epochs=ROUND,
        most_epochs=None if settings.most_epochs is None else 10 * ROUND,
        learning_rate=last_rate or settings.learning_rate / 2**HALVINGS,
        schedule=None,
        polish_epochs=0,
    )
    rows = []
    for feature in limits.to_round:
        limits.hold_rounded(feature)
        if limits.free.any():
            rows += train_on(again)
    if points is not None and limits.to_round:
        settle(points)
        meet_targets(points)
    return rows


def points_of(
    settings: Any, task: TrainingTask, net: nn.Module, loss: Any, sample: EventSample | EventStream
) -> WorkingPoints | None:
    """Return what the hard cuts shall meet; None if the training ends after its epochs, or has no targets."""
    asks = settings.most_epochs is not None or (task.limits is not None and settings.keeps_limits)
    if not asks or not isinstance(net, CutNetwork) or not settings.working_points:
        return None
    if settings.target_of == "signal":
        return WorkingPoints(net, loss, settings.targets, sample)
    asked = list(settings.targets)
    if settings.target_of == "rate":
        rate = task.background_weight
        if max(asked) >= rate:
            raise ValueError(
                f"targets: the rate {max(asked):g} is not below that of all background events, {rate:g}"
            )
        asked = [target / rate for target in asked]
    # Good cuts keep more of the signal; the training corrects the guess.
    loss.move_goals([math.sqrt(target) for target in asked])
    return WorkingPoints(net, loss, asked, sample, of_background=True)


def outcome_of(
    settings: Any, task: TrainingTask, epochs: int, points: WorkingPoints | None
) -> dict[str, Any]:
    """Return what a training has found, see :class:`cabin_core.TrainedNetwork`; warn if not converged."""
    if settings.most_epochs is None:
        return {}
    outcome: dict[str, Any] = {"epochs": epochs, "converged": epochs < settings.most_epochs}
    if task.name:
        log.info("%s: %d epochs", task.name, epochs)
    if not outcome["converged"]:
        log.warning("%s: not converged in %d epochs: raise `most_epochs`", task.name, epochs)
    if points is not None and points.of_background:
        reached = points.reached()[0].tolist()
        for at in range(len(reached)):
            # A working point is known by its signal efficiency: no two may have the same.
            while reached[at] in reached[:at]:
                reached[at] = math.nextafter(reached[at], 1.0)
        outcome["working_points"] = reached
    return outcome
