"""Exchange steps after the training of a network with cuts."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from cabin_core import CutNetwork, EventSample, FeatureScaling
from cabin_core.directions import WINDOW
from cabin_core.feature_limits import FeatureLimits
from cabin_core.polish import Polish, between_events

if TYPE_CHECKING:
    from .base import TrainingTask

log = logging.getLogger("cabin.train_model")


@torch.no_grad()
def polish_network(
    settings: Any, task: TrainingTask, net: CutNetwork, sample: EventSample, scaling: FeatureScaling
) -> None:
    """Move the cuts of a trained network, each bin of a property by itself.

    Parameters
    ----------
    settings : CutNetworkSettings
        With ``polish``.
    task : TrainingTask
    net : CutNetwork
        Its biases are changed.
    sample : EventSample
        The training sample, scaled.
    scaling : FeatureScaling
    """
    features, is_signal = sample.features.cpu().double().numpy(), sample.is_signal.cpu().numpy()
    weights = task.sample("train")["weight"].to_numpy(dtype=float)
    bins = net.bins_of(sample.features).expand(len(features)).cpu().numpy()
    edges: Any = list(zip(net.edge_features(), net.directions(), strict=True))
    targets = settings.working_points or [float("nan")]
    rows = sorted(range(len(targets)), key=targets.__getitem__)
    factor = net.weight.detach().cpu().double().numpy()
    allowed = _allowed(task, net, scaling) if task.limits is not None and settings.keeps_limits else None
    moved = 0
    for at in range(net.n_bins):
        inside = bins == at
        if not (inside & is_signal).any() or not (inside & ~is_signal).any():
            continue
        polish = Polish(
            features[inside],
            is_signal[inside],
            weights[inside],
            edges,
            allowed,
        )
        trained = -net.bias[at].cpu().double().numpy()[rows] / factor
        total = weights[inside & is_signal].sum()
        keeps_own = net.n_bins > 1 or not settings.working_points
        cuts = polish.improve(
            trained,
            [None if keeps_own else targets[row] * total for row in rows],
            starts=settings.polish.starts,
            seed=settings.seed,
            least_events=settings.polish.least_background,
            monotone=net.looser_rows is not None,
            bends_cost=_bends_cost(settings, polish, trained, weights[inside & ~is_signal].sum()),
            main_edges=_main_edges(net, task),
        )
        change = torch.from_numpy(cuts != trained)
        biases = torch.from_numpy(-cuts * factor).to(net.bias)
        net.bias[at, rows] = torch.where(change.to(net.bias.device), biases, net.bias[at, rows])
        moved += int(change.any(dim=1).sum())
    if task.name:
        log.info("%s: polished cuts at %d of %d working points", task.name, moved, len(rows) * net.n_bins)


def _bends_cost(settings: Any, polish: Polish, cuts: NDArray[np.float64], total: float) -> list[float]:
    """Return the price of roughness in the logarithm of the background of each row, as in the loss.

    It is zero for a row without background, which has nothing to gain.
    """
    given = settings.loss.coefficients
    of_background = [polish.count(of_row)[1] / total for of_row in cuts]
    return [
        given["smoothness"] / slope if given["smoothness"] and slope else 0.0
        for slope in (given["log_background"] + given["background"] * left for left in of_background)
    ]


def _allowed(
    task: TrainingTask, net: CutNetwork, scaling: FeatureScaling
) -> list[NDArray[np.float64] | None]:
    """Return the cuts that the limits of the features allow each edge, scaled; None without limits."""
    training = task.sample("train")
    found: list[NDArray[np.float64] | None] = []
    for feature, given in zip(task.features, task.limits or [], strict=True):
        limits = FeatureLimits(**given)
        if not limits.given:
            found.append(None)
            continue
        column = scaling.features.index(feature)
        origin, unit = scaling.mean[column], scaling.spread[column]
        values = training[feature].to_numpy(dtype=float)
        if limits.round is not None:
            # Two on each side, since an event on a cut fails: one of them is below it, and one above.
            steps = np.unique(np.floor(values / limits.round))
            places = np.unique(np.add.outer(steps, [-1.0, 0.0, 1.0, 2.0])) * limits.round
        else:
            # Scaled, for digits beside a large origin are few.
            places = between_events((values - float(origin)) / float(unit)) * float(unit) + float(origin)
        cuts = torch.from_numpy(np.unique(limits.exact(places)))
        scaled = (cuts - origin) / unit
        # As events are rounded, so that one on the cut still is.
        found.append(np.unique(scaled.to(net.bias.dtype).double().numpy()))
    return [found[column] for column in net.edge_features()]


def _main_edges(net: CutNetwork, task: TrainingTask) -> NDArray[np.bool_] | None:
    """Return which edges are in the directions of the features, or alone; None if all are."""
    columns = net.edge_features()
    main = np.array(
        [
            columns.count(column) == 1 or task.directions[column] in (direction, WINDOW)
            for column, direction in zip(columns, net.directions(), strict=True)
        ]
    )
    return None if main.all() else main
