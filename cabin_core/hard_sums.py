"""What hard cuts select of a sample: efficiencies of both classes, in double precision."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .cuts import CutNetwork
from .events import EventSample
from .metrics import effective_events
from .stream import EventStream

#: Events whose features are compared with the cuts at a time.
CHUNK = 100_000


@torch.no_grad()
def hard_efficiencies(
    network: CutNetwork, sample: EventSample | EventStream, bias: Tensor | None = None
) -> Tensor:
    """Return the efficiencies of the hard cuts, over all bins of a property.

    Parameters
    ----------
    network : CutNetwork
    sample : EventSample or EventStream
        Scaled features.
    bias : Tensor, shape (n_bins, n_rows, n_edges), optional
        Other biases than those of the network, of any number of rows.

    Returns
    -------
    Tensor of float64, shape (2, n_rows)
        Of signal and background.
    """
    bias = network.bias if bias is None else bias
    sums = torch.zeros(2, bias.shape[1] + 1, dtype=torch.float64)
    for features, is_signal, weights in _chunks(sample):
        passed = torch.cat(
            [_passed(network, features, bias), weights.new_ones(1, len(weights), dtype=torch.bool)]
        )
        of_class = torch.stack([weights * is_signal, weights * ~is_signal]).double()
        sums += (of_class @ passed.double().T).cpu()
    if isinstance(sample, EventStream):
        sums = torch.from_numpy(sample.add_up(sums.numpy().ravel())).reshape(sums.shape)
    return sums[:, :-1] / sums[:, -1:]


def effective_events_of(sample: EventSample | EventStream) -> NDArray[np.float64]:
    """Return how many events of equal weights have the statistical error of each class.

    Returns
    -------
    ndarray, shape (2,)
        Of signal and background, see :func:`cabin_core.metrics.effective_events`.
    """
    sums = torch.zeros(2, 2, dtype=torch.float64)
    for _, is_signal, weights in _chunks(sample):
        of_class = torch.stack([weights * is_signal, weights * ~is_signal]).double()
        sums += torch.stack([of_class.sum(dim=1), (of_class**2).sum(dim=1)]).cpu()
    if isinstance(sample, EventStream):
        sums = torch.from_numpy(sample.add_up(sums.numpy().ravel())).reshape(sums.shape)
    return effective_events(*sums.numpy())


def _passed(network: CutNetwork, features: Tensor, bias: Tensor) -> Tensor:
    """Return which events pass all cuts of a row, shape (n_rows, n_events)."""
    network.check_features(features)
    bins = network.bins_of(features)
    passed = features.new_ones(bias.shape[1], len(features), dtype=torch.bool)
    for edge, column in enumerate(network.edge_features()):
        # (n_rows, n_events or 1)
        of_events = bias[:, :, edge].index_select(0, bins).T
        passed &= features[:, column] * network.weight[edge] + of_events > 0
    return passed


def _chunks(sample: EventSample | EventStream) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    if isinstance(sample, EventStream):
        yield from sample
        return
    parts = (values.split(CHUNK) for values in (sample.by_feature, sample.is_signal, sample.weights))
    yield from zip(*parts, strict=True)
