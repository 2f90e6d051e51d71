"""Exchange steps after the training of a network with cuts."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from cabin_core import CutNetwork, EventSample
from cabin_core.polish import Polish

if TYPE_CHECKING:
    from .base import TrainingTask

log = logging.getLogger("cabin.train_model")


@torch.no_grad()
def polish_network(settings: Any, task: TrainingTask, net: CutNetwork, sample: EventSample) -> None:
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
    """
    features, is_signal = sample.features.cpu().double().numpy(), sample.is_signal.cpu().numpy()
    weights = task.sample("train")["weight"].to_numpy(dtype=float)
    bins = net.bins_of(sample.features).expand(len(features)).cpu().numpy()
    columns, directions = net.edge_features(), net.directions()
    targets = settings.working_points or [float("nan")]
    rows = sorted(range(len(targets)), key=targets.__getitem__)
    factor = net.weight.detach().cpu().double().numpy()
    moved = 0
    for at in range(net.n_bins):
        inside = bins == at
        if not (inside & is_signal).any() or not (inside & ~is_signal).any():
            continue
        polish = Polish(
            features[inside],
            is_signal[inside],
            weights[inside],
            list(zip(columns, directions, strict=True)),
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


def _bends_cost(settings: Any, polish: Polish, cuts: np.ndarray, total: float) -> list[float]:
    """Return the price of roughness in the logarithm of the background of each row, as in the loss."""
    given = settings.loss.coefficients
    of_background = [polish.count(of_row)[1] / total for of_row in cuts]
    return [
        given["smoothness"] / (given["log_background"] + given["background"] * background)
        if given["smoothness"]
        else 0.0
        for background in of_background
    ]


def _main_edges(net: CutNetwork, task: TrainingTask) -> np.ndarray | None:
    """Return which edges are in the directions of the features; None if all are."""
    main = np.array(
        [
            direction == task.directions[column]
            for column, direction in zip(net.edge_features(), net.directions(), strict=True)
        ]
    )
    return None if main.all() or not net.windows else main
