"""Train one network of one study."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn

from cabin_core import (
    EventSample,
    FeatureScaling,
    JointLoss,
    JointNetwork,
    TrainedNetwork,
    build_network,
    fit_kept_fractions,
    save_network,
    train,
)
from cabin_core.classifiers import cuts_of
from scripts.data.event_bins import EventBins, columns_of
from scripts.data.feature_table import equal_weights, fit_scaling, read_feature_table
from scripts.data.yields import expected_weights, expected_yields
from scripts.jobs.progress import LineProgress
from scripts.jobs.stopwatch import Stopwatch
from scripts.models.network_settings import parse_network

log = logging.getLogger("cabin.train_network")


def make_sample(
    table: pd.DataFrame,
    scaling: FeatureScaling,
    split: str,
    dtype: torch.dtype,
    *,
    equal_class_weights: bool = False,
    search: dict[str, Any] | None = None,
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
        Whether to weigh both classes the same, as :func:`scripts.data.feature_table.equal_weights` does. Of the
        loss only the binary cross-entropy depends on the ratio of the classes.
    search : dict, optional
        The key ``search`` of the study: weights are then the yields that it expects.

    Returns
    -------
    EventSample
    """
    events = table[table["split"] == split]
    values = torch.from_numpy(events[list(scaling.features)].to_numpy(dtype="float64", copy=True))
    weights = events["weight"]
    if search is not None:
        weights = pd.Series(expected_weights(events, search), index=events.index)
    elif equal_class_weights:
        weights = equal_weights(events)
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
        losses = f"training loss {row['train_total']:.5g}, test loss {row['test_total']:.5g}"
        self._lines.update(int(row["epoch"]) + 1, losses)


def fit_network(
    events: pd.DataFrame,
    network: dict[str, Any],
    features: list[str],
    directions: list[str],
    *,
    equal_class_weights: bool = False,
    search: dict[str, Any] | None = None,
    on_epoch: Callable[[dict[str, float]], None] | None = None,
) -> tuple[TrainedNetwork, pd.DataFrame]:
    """Train a network on a feature table.

    Parameters
    ----------
    events : DataFrame
        With the features and, where cuts follow a property, the property.
    network : dict
        The network's entry in the config.
    features, directions : list of str
        Of the study.
    equal_class_weights, search
        As :func:`main` takes them.
    on_epoch : callable, optional
        Given each row of the history.

    Returns
    -------
    tuple of TrainedNetwork and DataFrame
        The history has one row an epoch.
    """
    yields = None if search is None else expected_yields(events, search)
    settings, loss, training = parse_network(network, yields)
    scaling = scaling_of(events, features, network)
    net = build_network(settings, directions, training.seed)
    train_sample, test_sample = (
        make_sample(
            events, scaling, split, settings.dtype, equal_class_weights=equal_class_weights, search=search
        )
        for split in ("train", "test")
    )
    watch = cut_recorder(scaling) if network.get("record_cuts") else None
    rows = train(net, loss, train_sample, test_sample, training, on_epoch=on_epoch, watch=watch)
    if isinstance(loss, JointLoss) and isinstance(net, JointNetwork):
        fit_kept_fractions(net.preselection, train_sample, loss.kept_fractions)
    history = pd.DataFrame(rows).astype({"epoch": int})
    return TrainedNetwork(net, settings, scaling, tuple(directions), dict(network)), history


def scaling_of(events: pd.DataFrame, features: list[str], network: dict[str, Any]) -> FeatureScaling:
    """Return the scaling of the features that an entry of the config asks for.

    A property that cuts follow comes last and stays as it is.
    """
    scaling = (
        FeatureScaling(features, *fit_scaling(events, features))
        if network.get("scale_features", True)
        else FeatureScaling.identity(features)
    )
    bins = EventBins.of_entry(network)
    if bins is None:
        return scaling
    return FeatureScaling(
        [*features, bins.name], [*scaling.mean.tolist(), 0.0], [*scaling.spread.tolist(), 1.0]
    )


def cut_recorder(scaling: FeatureScaling) -> Callable[[nn.Module], dict[str, float]]:
    """Return what reads the cuts of a network, one set of one-sided ones, in physical units.

    Returns
    -------
    callable
        Of the network; gives ``cut_FEATURE`` of each feature.
    """

    def record(network: nn.Module) -> dict[str, float]:
        cuts = cuts_of(network)
        if cuts is None:
            raise ValueError("record_cuts: this network has no cuts")
        (values,) = scaling.unscale(cuts.cuts().detach()).tolist()
        return {f"cut_{feature}": value for feature, value in zip(scaling.features, values, strict=True)}

    return record


def main(
    *,
    table: Path,
    model: Path,
    history: Path,
    timing: Path,
    name: str,
    network: dict[str, Any],
    features: list[str],
    directions: list[str],
    threads: int,
    equal_class_weights: bool = False,
    search: dict[str, Any] | None = None,
) -> None:
    """Train a network on a feature table and write the model and its history.

    Parameters
    ----------
    table : Path
        Feature table (parquet).
    model, history, timing : Path
        Written: the trained network, the loss terms of every epoch (csv), and how long it took (tsv).
    name : str
        Of study and network, for the progress lines.
    network : dict
        The network's entry in the config.
    features, directions : list of str
        Of the study.
    threads : int
        Threads of torch.
    equal_class_weights : bool
        As :func:`make_sample` takes it.
    search : dict, optional
        The key ``search`` of the study where the loss is about its yields: weights are these, then.
    """
    torch.set_num_threads(threads)
    bins = EventBins.of_entry(network)
    events = read_feature_table(table, columns_of(features, bins))
    if bins is not None:
        bins.check(events, table)
    stopwatch = Stopwatch()
    trained, rows = fit_network(
        events,
        network,
        features,
        directions,
        equal_class_weights=equal_class_weights,
        search=search,
        on_epoch=Progress(name, network["epochs"]),
    )
    stopwatch.write(timing)
    rows.to_csv(history, index=False)
    save_network(model, trained)


if "snakemake" in globals():
    from scripts.jobs.bridge import bridge

    bridge(globals()["snakemake"], main)
