"""Scans over the cut for each cut function: weights of events, losses and their gradients."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from cabin_core import CutNetwork, EventSample, WattsLoss

from ..sources.watts import SAMPLES

#: Losses of a scan; the significance has its own sign, not that of the loss.
SCANNED = ("significance", "cross_entropy", "squares")
#: Number of sets of cuts in a chunk, which limits the memory.
ROWS_AT_ONCE = 64


def sample_of(name: str) -> EventSample:
    """Return a sample of :data:`scripts.sources.watts.SAMPLES` in float64, signal first."""
    classes = SAMPLES[name]()
    labels = np.repeat([1, 0], [len(events) for events in classes])
    return EventSample.from_arrays(np.concatenate(classes), labels, dtype=torch.float64)


def network_of(function: str, cuts: NDArray[np.float64]) -> CutNetwork:
    """Return a network of "greater than" cuts with sharpness 1, one set in each row.

    Parameters
    ----------
    function : str
        A key of :data:`cabin_core.cut_functions.CUT_FUNCTIONS`.
    cuts : ndarray, shape (n_rows, n_features)
    """
    n_rows, n_features = cuts.shape
    network = CutNetwork(n_features, n_rows, [1.0] * n_features, 1.0, cut_function=function).double()
    with torch.no_grad():
        network.bias.copy_(-torch.from_numpy(cuts)[None])
    return network


def scan_losses(
    function: str, cuts: NDArray[np.float64], sample: EventSample, losses: tuple[str, ...] = SCANNED
) -> pd.DataFrame:
    """Return losses and their gradients at each set of cuts.

    Parameters
    ----------
    function : str
        A key of :data:`cabin_core.cut_functions.CUT_FUNCTIONS`.
    cuts : ndarray, shape (n_rows, n_features)
    sample : EventSample
        In float64.
        losses : tuple of str
        Keys of :data:`cabin_core.watts_losses.WATTS_LOSSES`.

    Returns
    -------
    DataFrame
        One row for each set: ``LOSS`` and ``LOSS_gradient``, the derivative by the first cut; NaN where the
        loss is NaN.
    """
    parts = []
    for some in np.array_split(cuts, -(-len(cuts) // ROWS_AT_ONCE)):
        columns = {}
        for name in losses:
            network = network_of(function, some)
            values = WattsLoss(name).of_rows(network, sample)
            values.sum().backward()
            assert network.bias.grad is not None
            # The bias is minus the cut, and the loss is -S / sqrt(B).
            sign = -1.0 if name == "significance" else 1.0
            columns[name] = sign * values.detach().numpy()
            columns[f"{name}_gradient"] = -sign * network.bias.grad[0, :, 0].numpy()
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def scan_line(
    function: str, cuts: NDArray[np.float64], sample: EventSample, losses: tuple[str, ...] = SCANNED
) -> pd.DataFrame:
    """Return weights, losses and gradients for cuts on one feature.

    Parameters
    ----------
    function : str
    cuts : ndarray, shape (n_cuts,)
    sample : EventSample
        With one feature, in float64.
    losses : tuple of str

    Returns
    -------
    DataFrame
        ``cut``; ``signal`` and ``background``, the mean weight of the events of a class; and the columns of
        :func:`scan_losses`.
    """
    sets = cuts[:, None]
    with torch.no_grad():
        weights = network_of(function, sets)(sample.features)
        of_class = {
            name: weights[events].mean(dim=0).numpy()
            for name, events in (("signal", sample.is_signal), ("background", ~sample.is_signal))
        }
    table = pd.DataFrame({"cut": cuts, **of_class})
    return pd.concat([table, scan_losses(function, sets, sample, losses)], axis=1) if losses else table


def scan_surface(function: str, axis: NDArray[np.float64], sample: EventSample) -> pd.DataFrame:
    """Return the losses on a grid of two cuts.

    Parameters
    ----------
    function : str
    axis : ndarray, shape (n_points,)
        Cuts on either feature.
    sample : EventSample
        With two features, in float64.

    Returns
    -------
    DataFrame
        One row for each ``loss`` and pair of cuts, ``x`` and ``y``: the ``value`` for the product of their
        weights, and the ``sum`` of the losses of each cut alone.
    """
    x, y = (grid.ravel() for grid in np.meshgrid(axis, axis))
    product = scan_losses(function, np.stack([x, y], axis=1), sample)
    alone = [
        scan_losses(
            function,
            axis[:, None],
            EventSample(sample.features[:, [feature]], sample.is_signal, sample.weights),
        )
        for feature in (0, 1)
    ]
    parts = []
    for loss in SCANNED:
        first, second = (np.interp(at, axis, table[loss]) for at, table in zip((x, y), alone, strict=True))
        parts.append(
            pd.DataFrame({"x": x, "y": y, "value": product[loss], "sum": first + second}).assign(
                loss=loss, function=function
            )
        )
    return pd.concat(parts, ignore_index=True)


def event_gradients(function: str, cut: float, sample: EventSample) -> NDArray[np.float64]:
    """Return the contribution of each event to d(sum of squares) / d(cut), shape (n_events,)."""
    features = sample.features.clone().requires_grad_()
    network = network_of(function, np.array([[cut]]))
    WattsLoss("squares").of_rows(
        network, EventSample(features, sample.is_signal, sample.weights)
    ).sum().backward()
    assert features.grad is not None
    # Weights depend only on the distance of the event from the cut.
    return -features.grad[:, 0].numpy()
