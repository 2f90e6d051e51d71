"""Training, saving and application of networks."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cabin_core import (
    EventSample,
    EventStream,
    EventSums,
    FeatureScaling,
    JointLoss,
    JointNetwork,
    TrainedNetwork,
    fit_kept_fractions,
    load_network,
    save_network,
    train,
)
from cabin_core.classifiers import cuts_of, start_truncated_normal
from cabin_core.cut_sums import can_fuse, compile_kernels
from cabin_core.feature_limits import FeatureLimits
from cabin_core.feature_spread import LARGEST
from cabin_core.fused import can_fuse_preselection
from cabin_core.fused import compile_kernels as compile_fused
from cabin_core.weight_unit import weight_unit

from ..counting_experiment import CountingExperiment
from ..data.cut_table import CUT_COLUMNS, passes_cut_table
from ..data.feature_table import equal_weights, fit_scaling
from ..data.yields import expected_weights, expected_yields, with_yields_of
from ..jobs.progress import LineProgress
from ..parsing import parse_kind
from .base import Model, TrainingTask, bins_of
from .cut_training import limits_of, outcome_of, points_of, round_cuts

if TYPE_CHECKING:
    from ..data.stored_table import StoredTable
    from ..data.survey import Survey

log = logging.getLogger("cabin.train_model")

DTYPES = {"float32": torch.float32, "float64": torch.float64}


class NetworkModel(Model):
    """A network trained by gradient descent.

    Parameters
    ----------
    trained : TrainedNetwork
    settings : NetworkSettings
    """

    def __init__(self, trained: TrainedNetwork, settings: Any) -> None:
        self.trained, self.settings = trained, settings
        cuts = cuts_of(trained.network)
        if cuts is not None:
            cuts.fused = settings.kernel
        found: list[float] = trained.outcome.get("working_points", settings.working_points)
        self.targets = found or [float("nan")]
        self.target_of = getattr(settings, "target_of", "signal")

    @property
    def asked(self) -> list[float]:
        """Targets as in the config."""
        return self.targets if self.target_of == "signal" else list(self.settings.targets)

    @property
    def caveat(self) -> str:
        """Whether the training has reached its last epoch before it has converged."""
        outcome = self.trained.outcome
        if outcome.get("converged", True):
            return ""
        return f"not converged in {outcome['epochs']} epochs: raise `most_epochs`"

    def why_missed(self, estimate: float) -> str:
        """Return why the hard cuts of a working point miss its target."""
        if not self.has_cuts:
            return super().why_missed(estimate)
        if self.settings.most_epochs is None:
            ended = f"the training ended after {self.settings.epochs} epochs"
            return f"{ended}, with {estimate:.4g} for it in the loss: give `most_epochs`"
        if "limits" in self.trained.outcome:
            return self.caveat or "the limits of the cuts leave none that are closer"
        return self.caveat or (
            "no cuts near the learned ones are closer: many events have the same value, or there are few"
        )

    @classmethod
    def load(cls, path: Path, features: Sequence[str]) -> NetworkModel:
        """Read a network from its file; errors are those of :func:`cabin_core.load_network`."""
        trained = load_network(path, features)
        return cls(trained, parse_kind("model", trained.training))

    def save(self, path: Path) -> None:
        """Write the network with its scaling and settings."""
        save_network(path, self.trained)

    @property
    def has_cuts(self) -> bool:
        """Whether events are selected by cuts."""
        return cuts_of(self.trained.network) is not None

    def cuts(self) -> pd.DataFrame:
        """Return the cuts, one row for each bin, target and edge; empty for a network without cuts."""
        net = cuts_of(self.trained.network)
        if net is None:
            return super().cuts()
        scaled = net.cuts().detach()
        physical = self.trained.scaling.unscale(scaled, net.edge_features())
        for edge, column in enumerate(net.edge_features() if "limits" in self.trained.outcome else ()):
            limits = FeatureLimits(**self.trained.outcome["limits"][column])
            physical[:, edge] = torch.from_numpy(limits.exact(physical[:, edge].numpy()))
        features = [self.trained.scaling.features[position] for position in net.edge_features()]
        # All targets of the first bin come first, then those of the next.
        rows = [
            (target, feature, direction, physical[i, edge].item(), scaled[i, edge].item())
            for i, target in enumerate(self.targets * net.n_bins)
            for edge, (feature, direction) in enumerate(zip(features, net.directions(), strict=True))
        ]
        table = pd.DataFrame(rows, columns=CUT_COLUMNS)
        bins = bins_of(self.settings)
        if bins is None:
            return table
        parts = np.array_split(np.arange(len(table)), net.n_bins)
        return pd.concat([bins.label(table.iloc[part], at) for at, part in enumerate(parts)])

    def scores(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Return the scores of events in float64, shape (n_events, n_rows), without changing the network.

        Signal scores can be so close to 1 that float32 cannot distinguish them. The scores of a joint network
        are the products of both parts. If its cuts have a kept fraction, they are instead the outputs for
        events that pass the hard cuts, and 0 for others.
        """
        scaling = self.trained.scaling
        values = torch.from_numpy(table[list(scaling.features)].to_numpy(dtype="float64", copy=True))
        with torch.no_grad():
            network = copy.deepcopy(self.trained.network).double()
            score: Callable[[Tensor], Tensor] = network
            if (
                isinstance(network, JointNetwork)
                and getattr(self.settings, "kept_fraction", None) is not None
            ):
                # Events that the cuts drop do not get a score from the classifier.
                score = network.hard_scores
            scores: NDArray[np.float64] = score(scaling.scale(values)).numpy()
        return scores

    def select(
        self, table: pd.DataFrame, scores: NDArray[np.number], thresholds: NDArray[np.floating]
    ) -> NDArray[np.bool_]:
        """Apply the hard cuts or, without cuts, the thresholds."""
        if self.has_cuts:
            return passes_cut_table(table, self.cuts())
        return super().select(table, scores, thresholds)

    def mean_scores(self, events: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the mean scores as in the loss, in the precision of the training.

        For a joint network these are the mean scores of the preselection.
        """
        return self._means(make_sample(events, self.trained.scaling, "test", self.trained.dtype))

    def mean_scores_of_table(
        self, table: StoredTable, survey: Survey
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the mean scores as in the loss, block by block."""
        from .streams import StoredEvents

        trained = self.trained
        return self._means(
            StoredEvents(table, survey).sample(trained.scaling, "test", trained.dtype, again=False)
        )

    def _means(self, sample: EventSample | EventStream) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        with torch.no_grad():
            net = cuts_of(self.trained.network) or self.trained.network
            if can_fuse(net, sample.features):
                compile_kernels(self.trained.dtype)
            of_rows = EventSums.from_sample(net, sample)
            sums = of_rows.all_bins(self.settings.n_bins)
        return sums.signal_efficiency().numpy(), sums.background_efficiency().numpy()


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


def make_sample(
    table: pd.DataFrame,
    scaling: FeatureScaling,
    split: str,
    dtype: torch.dtype,
    *,
    equal_class_weights: bool = False,
    experiment: CountingExperiment | None = None,
    exact_unit: bool = False,
) -> EventSample:
    """Return the training or test events of a feature table, scaled.

    Parameters
    ----------
    table : DataFrame
        A feature table.
    scaling : FeatureScaling
    split : str
        ``train`` or ``test``.
    dtype : torch.dtype
        Floating type of features and weights.
    equal_class_weights : bool
        Whether to give both classes the same weight, see :func:`scripts.data.feature_table.equal_weights`.
        Only the binary cross-entropy in the loss depends on the ratio of the classes.
    experiment : CountingExperiment, optional
        If given, the weights are its expected yields.
    exact_unit : bool
        Whether other weights are in units of their mean absolute value, see
        :func:`cabin_core.weight_unit.weight_unit`.

    Returns
    -------
    EventSample
    """
    events = table[table["split"] == split]
    values = torch.from_numpy(events[list(scaling.features)].to_numpy(dtype="float64", copy=True))
    weights = events["weight"]
    if experiment is not None:
        weights = pd.Series(expected_weights(events, with_yields_of(table, experiment)), index=events.index)
    elif equal_class_weights:
        weights = equal_weights(events)
    else:
        weights = weights / weight_unit(float(weights.abs().sum()), len(weights), exact=exact_unit)
    return EventSample.from_arrays(
        scaling.scale(values),
        torch.from_numpy(events["label"].to_numpy(copy=True)),
        torch.from_numpy(weights.to_numpy(copy=True)),
        dtype,
    )


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
