"""Training of networks by gradient descent."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from cabin_core import (
    CutNetwork,
    EventSample,
    EventStream,
    FeatureScaling,
    JointLoss,
    JointNetwork,
    TrainedNetwork,
    fit_kept_fractions,
    train,
)
from cabin_core.classifiers import cuts_of, start_truncated_normal
from cabin_core.cut_sums import can_fuse, compile_kernels
from cabin_core.feature_spread import LARGEST
from cabin_core.fused import can_fuse_preselection
from cabin_core.fused import compile_kernels as compile_fused

from ..data.feature_table import fit_scaling
from ..data.yields import expected_yields
from ..jobs.progress import LineProgress
from .base import TrainingTask, bins_of
from .cut_training import limits_of, outcome_of, points_of, round_cuts
from .network import NetworkModel
from .polishing import polish_network
from .samples import DTYPES, make_sample

log = logging.getLogger("cabin.train_model")


def build_seeded(
    new: Callable[[], nn.Module], seed: int, precision: str, *, truncated_normal: bool = False
) -> nn.Module:
    """Build a network with its starting parameters.

    Parameters
    ----------
    new : callable
        Makes the network, after the seed of torch's generator has been set.
    seed : int
        Seed of the parameters; the state of torch's generator is restored afterwards.
    precision : str
        A key of :data:`DTYPES`.
    truncated_normal : bool
        Whether to draw the weights with :func:`cabin_core.classifiers.start_truncated_normal`.

    Returns
    -------
    torch.nn.Module
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = new()
        if truncated_normal:
            network.apply(start_truncated_normal)
    return network.to(DTYPES[precision])


class Progress:
    """Reports the epoch, the loss and the time left every few seconds."""

    def __init__(self, name: str, epochs: int) -> None:
        self._lines = LineProgress(log, name, "epoch", epochs)

    def __call__(self, row: dict[str, float]) -> None:
        """Take one row of the history."""
        losses = f"training loss {row['train_total']:.5g}"
        if not math.isnan(row["test_total"]):
            losses += f", test loss {row['test_total']:.5g}"
        self._lines.update(int(row["epoch"]) + 1, losses)


def find_device(wanted: str, name: str) -> torch.device:
    """Return the device for a training: the processor where torch finds no GPU.

    Parameters
    ----------
    wanted : str
        ``cpu`` or ``cuda``.
    name : str
        Name of study and network, for the line that says that there is no GPU.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        log.warning("%s: device is cuda, but torch finds no GPU: it trains on the CPU", name)
        return torch.device("cpu")
    return torch.device(wanted)


def prepare_network(settings: Any) -> None:
    """Have the kernels of a network with cuts compiled for its precision."""
    if not getattr(settings, "kernel", False):
        return
    if settings.model == "joint":
        compile_fused(DTYPES[settings.precision])
    else:
        compile_kernels(DTYPES[settings.precision])


def path_of(network: nn.Module, sample: EventSample | EventStream, device: torch.device) -> str:
    """Return what computes the sums over events: ``kernel``, ``torch`` or ``torch on cuda``."""
    if device.type != "cpu":
        return f"torch on {device.type}"
    if isinstance(network, JointNetwork):
        return "kernel" if can_fuse_preselection(network.preselection, sample.features) else "torch"
    return "kernel" if can_fuse(network, sample.features) else "torch"


def fit_network(settings: Any, task: TrainingTask) -> tuple[NetworkModel, pd.DataFrame]:
    """Train a network.

    Parameters
    ----------
    settings : NetworkSettings
    task : TrainingTask
        Must have a counting experiment if the loss uses yields; the weights are then the expected yields.

    Returns
    -------
    tuple of NetworkModel and DataFrame
        The history has one row for each epoch. The model is on the processor, wherever it was trained.

    Raises
    ------
    ValueError
        If the events do not fit into the memory of the GPU, and as :func:`cabin_core.train` does.
    """
    torch.set_num_threads(task.threads)
    experiment = task.counting_experiment if settings.needs_yields else None
    yields = None
    if experiment is not None and task.stored is None:
        yields = expected_yields(task.events, experiment)
    elif experiment is not None and task.stored is not None:
        yields = task.stored.survey.expected_yields(experiment)
    loss = settings.loss.build(settings, yields)
    scaling = scaling_of(settings, task)
    net = settings.build(task.directions)
    sample_of = partial(make_sample, task.events) if task.stored is None else task.stored.sample
    train_sample, test_sample = (
        sample_of(
            scaling,
            split,
            DTYPES[settings.precision],
            equal_class_weights=task.equal_class_weights,
            experiment=experiment,
            exact_unit=settings.loss.depends_on_scale,
        )
        for split in ("train", "test")
    )
    if (
        isinstance(net, JointNetwork)
        and isinstance(train_sample, EventSample)
        and settings.batch_size is None
    ):
        # The loss is one of sums over all events, which do not depend on their order.
        train_sample = train_sample.ordered()
    device = find_device(settings.device, task.name)
    reports = task.stored is None or task.stored.processes.rank == 0
    cuts = cuts_of(net)
    if cuts is not None:
        for part in (cuts, getattr(net, "classifier", cuts)):
            part.fused = settings.kernel
    net.to(device)
    on_device = train_sample.to(device)
    limits = None
    if task.limits is not None and settings.keeps_limits:
        limits = limits_of(task, net, scaling)
    points = points_of(settings, task, net, loss, on_device)
    fitted = partial(
        train,
        net,
        loss,
        on_device,
        test_sample.to(device),
        watch=cut_recorder(scaling) if "cut_history" in settings.offers else None,
        points=points,
    )
    try:
        progress = Progress(task.name if reports else "", settings.most_epochs or settings.epochs)
        rows = fitted(settings.training(), on_epoch=progress)
        converged = len(rows)
        if limits is not None:
            rows += round_cuts(limits, settings.training(), fitted, points)
            limits.detach()
    except torch.OutOfMemoryError:
        raise ValueError(
            f"{len(train_sample.features)} events do not fit into the memory of the GPU: set a batch_size, "
            "or device: cpu"
        ) from None
    # Everything below, the model file too, needs no GPU.
    net.to("cpu")
    if isinstance(loss, JointLoss) and isinstance(net, JointNetwork):
        assert isinstance(train_sample, EventSample)  # this loss needs all events
        fit_kept_fractions(net.preselection, train_sample, loss.kept_fractions)
    if getattr(settings, "polish", None) is not None:
        assert isinstance(net, CutNetwork)
        assert isinstance(train_sample, EventSample)  # `needs_all_events`
        polish_network(settings, task, net, train_sample, scaling)
    entry = settings.model_dump(exclude_unset=True, exclude={"device", "out_of_core", "processes"})
    outcome = outcome_of(settings, task, converged, points)
    if limits is not None:
        outcome["limits"] = task.limits
    model = NetworkModel(TrainedNetwork(net, scaling, tuple(task.directions), entry, outcome), settings)
    model.path = path_of(net, train_sample, device)
    return model, pd.DataFrame(rows).assign(epoch=np.arange(len(rows)))


def scaling_of(settings: Any, task: TrainingTask) -> FeatureScaling:
    """Return the scaling of the features for a network.

    A property that cuts follow is the last column and is not scaled.
    """
    features = task.features
    limit = settings.farthest if task.scaling == "robust" else LARGEST
    if not settings.scale_features:
        scaling = FeatureScaling.identity(features)
    elif task.stored is None:
        scaling = FeatureScaling(features, *fit_scaling(task.events, features, task.scaling), limit)
    else:
        found = task.stored.survey.scaling(len(features), task.scaling)
        scaling = FeatureScaling(features, *found, limit)
    bins = bins_of(settings)
    if bins is None:
        return scaling
    return FeatureScaling(
        [*features, bins.name],
        [*scaling.mean.tolist(), 0.0],
        [*scaling.spread.tolist(), 1.0],
        [*scaling.limit.tolist(), LARGEST],
    )


def cut_recorder(scaling: FeatureScaling) -> Callable[[nn.Module], dict[str, float]]:
    """Return a function that reads the cuts, one set of one-sided cuts, in physical units.

    Returns
    -------
    callable
        Function of the network, which returns ``cut_FEATURE`` for each feature.
    """

    def record(network: nn.Module) -> dict[str, float]:
        cuts = cuts_of(network)
        if cuts is None:
            raise ValueError("record_cuts: this network has no cuts")
        (values,) = scaling.unscale(cuts.cuts().detach().cpu()).tolist()
        return {f"cut_{feature}": value for feature, value in zip(scaling.features, values, strict=True)}

    return record
