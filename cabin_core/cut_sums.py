"""Sums over events for cuts with fixed weights and sigmoids, by the kernel, as tensors with gradients."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from .arrangement import ArrangedEvents, Part
from .cuts import CutNetwork
from .events import EventSample
from .stream import ArrangedStream, EventBlock, EventStream

if TYPE_CHECKING:
    from .kernel_rows import Room, Rooms


def can_fuse(network: nn.Module, features: Tensor) -> bool:
    """Return whether the kernel can compute the sums of a network over events."""
    return (
        isinstance(network, CutNetwork)
        and network.may_fuse
        and not isinstance(network.weight, nn.Parameter)
        and features.device.type == network.bias.device.type == "cpu"
        and features.dtype == network.bias.dtype == network.weight.dtype
        and features.dtype in (torch.float32, torch.float64)
    )


def arrange(network: CutNetwork, sample: EventSample | EventStream) -> ArrangedEvents | ArrangedStream:
    """Return the events of a sample as the kernel takes them; a sample keeps what it has arranged."""
    network.check_features(sample.features)
    kept = sample.arranged.get(network.bin_edges)
    if kept is not None:
        return kept
    if isinstance(sample, EventStream):
        # Blocks are kept for one arrangement; another one is made in each epoch.
        keep = None if sample.arranged else sample.kept
        sample.arranged[network.bin_edges] = stream = ArrangedStream(
            sample, lambda block: _arrange(network, block), network.n_bins, keep
        )
        return stream
    sample.arranged[network.bin_edges] = events = _arrange(network, sample)
    return events


def _arrange(network: CutNetwork, events: EventSample | EventBlock) -> ArrangedEvents:
    bins = network.bins_of(events.features) if network.n_bins > 1 else None
    features = events.features[:, : network.n_features]
    return ArrangedEvents.of(features, events.is_signal, events.weights, bins, network.n_bins)


@dataclass
class Totals:
    """Sums over events and their derivatives, added up over pieces of a sample.

    Parameters
    ----------
    sums : array, shape (3, n_bins, n_rows)
        Of the signal's scores, the background's scores and all cross-entropies, each times the weight.
    gradients : array, shape (3, n_bins, n_rows, n_edges)
        Their derivatives by the biases.
    """

    sums: NDArray[np.float64]
    gradients: NDArray[np.float64]


def sum_arranged(
    network: CutNetwork,
    events: ArrangedEvents | ArrangedStream,
    *,
    entropy: bool,
    gradient: bool,
    rooms: Rooms | None = None,
) -> Totals:
    """Return the sums over arranged events, on as many threads as torch has.

    Parameters
    ----------
    network : CutNetwork
    events : ArrangedEvents or ArrangedStream
    entropy, gradient : bool
        Whether the cross-entropy and the derivatives are wanted.
    rooms : Rooms, optional
        Those of the sample, which keep exponentials for its next sum.
    """
    from .kernel_rows import Edges, Rooms, RowGroups, sum_events

    bias = network.bias.detach().numpy()
    totals = Totals(np.zeros((3, *bias.shape[:2])), np.zeros((3, *bias.shape)))
    if isinstance(events, ArrangedStream):

        def sum_block(block: ArrangedEvents) -> tuple[NDArray[np.float64], ...]:
            of_block = sum_arranged(network, block, entropy=entropy, gradient=gradient)
            return of_block.sums, of_block.gradients

        return Totals(*events.sum(sum_block, (totals.sums, totals.gradients)))
    edges = Edges(np.array(network.edge_features()), network.weight.numpy(), network.activation_scale)
    rows = {at: RowGroups.of(bias[at], edges.sharpness) for at in {part.bin for part in events.parts}}
    pieces = [(part, piece) for part in events.parts for piece in part.pieces()]

    def sum_piece(part: Part, piece: slice, room: Room) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return sum_events(
            events.features[:, piece],
            events.weights[piece],
            edges,
            rows[part.bin],
            of_signal=part.of_signal,
            entropy=entropy,
            gradient=gradient,
            room=room,
        )

    if not pieces:
        return totals
    memory = sum(rows[part.bin].memory(part.stop - part.start) for part in events.parts)
    with (rooms or Rooms()).taken(len(pieces), memory) as taken:
        tasks = *zip(*pieces, strict=True), taken
        threads = min(torch.get_num_threads(), len(pieces))
        results = list((_pool(threads).map if threads > 1 else map)(sum_piece, *tasks))
    for (part, _), (sums, gradients) in zip(pieces, results, strict=True):
        of_class = 0 if part.of_signal else 1
        totals.sums[of_class, part.bin] += sums[0]
        totals.gradients[of_class, part.bin] += gradients[0]
        if entropy:
            totals.sums[2, part.bin] += sums[1]
            totals.gradients[2, part.bin] += gradients[1]
    totals.sums *= events.weight_unit
    totals.gradients *= events.weight_unit
    return totals


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return threads that are kept: to start them takes as long as a tenth of an epoch."""
    return ThreadPoolExecutor(threads)


# A forked process has no thread of its parent.
os.register_at_fork(after_in_child=_pool.cache_clear)


class _Sums(torch.autograd.Function):
    """The sums of signal scores, background scores and cross-entropies as functions of the biases."""

    @staticmethod
    def forward(
        ctx: Any, bias: Tensor, network: CutNetwork, events: Any, entropy: bool, gradient: bool
    ) -> tuple[Tensor, ...]:
        """Return the three sums, each of shape (n_bins * n_rows,)."""
        rooms = events.rooms if isinstance(events, ArrangedEvents) else None
        totals = sum_arranged(network, events, entropy=entropy, gradient=gradient, rooms=rooms)
        ctx.set_materialize_grads(False)
        if gradient:
            ctx.gradients, ctx.dtype = totals.gradients, bias.dtype
        return torch.from_numpy(totals.sums).to(bias.dtype).flatten(1).unbind()

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, *upstream: Tensor | None) -> tuple[Tensor | None, ...]:
        """Return the derivative by the biases."""
        # In numpy, where such small arrays cost a fifth of the time.
        total = np.zeros(ctx.gradients.shape[1:])
        for values, gradients in zip(upstream, ctx.gradients, strict=True):
            if values is not None:
                total += values.numpy().reshape(gradients.shape[:-1])[..., None] * gradients
        return torch.from_numpy(total).to(ctx.dtype), None, None, None, None


def fused_sums(
    network: CutNetwork, sample: EventSample | EventStream, *, entropy: bool = True
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return the sums over a sample, with gradients for the biases.

    Parameters
    ----------
    network : CutNetwork
        One for which :func:`can_fuse` holds.
    sample : EventSample or EventStream
    entropy : bool
        Whether the cross-entropy is wanted; it is zero otherwise.

    Returns
    -------
    tuple of Tensor, each of shape (n_bins * n_rows,)
        In the order of :class:`cabin_core.EventSums`; the weights of shape () without bins.

    Raises
    ------
    ValueError
        If a bias is not finite.
    """
    if not np.isfinite(network.bias.detach().numpy()).all():
        raise ValueError("the cuts are NaN or infinite: the training has diverged, lower the learning rate")
    events = arrange(network, sample)
    gradient = torch.is_grad_enabled() and network.bias.requires_grad
    signal, background, cross_entropy = _Sums.apply(  # type: ignore[no-untyped-call]
        network.bias, network, events, entropy, gradient
    )
    of_classes = events.class_weights.astype(network.bias.detach().numpy().dtype)
    if network.n_bins == 1:
        weights = (torch.from_numpy(of_class).squeeze() for of_class in of_classes)
    else:
        weights = (torch.from_numpy(of_class.repeat(network.bias.shape[1])) for of_class in of_classes)
    return signal, background, cross_entropy, *weights


def compile_kernels(dtype: torch.dtype) -> None:
    """Compile the kernel for a precision, or read what is compiled, before it is needed."""
    from .compilation import arrays_only

    # With several features and events of a class: their arrays have gaps, which is another type for numba.
    network = CutNetwork(2, 1, [1.0, 1.0]).to(dtype)
    with arrays_only():
        fused_sums(network, EventSample.from_arrays([[0.0, 0.0]] * 4, [0, 0, 1, 1], dtype=dtype))
