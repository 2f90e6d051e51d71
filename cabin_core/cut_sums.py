"""Sums over events for cuts with fixed weights and sigmoids, by the kernel, as tensors with gradients."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from .arrangement import ArrangedEvents, Part
from .cuts import CutNetwork
from .events import EventSample
from .stream import ArrangedStream, EventBlock, EventStream


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
    kept = sample.arranged.get(network.bin_edges)
    if kept is not None:
        return kept
    if isinstance(sample, EventStream):
        # Blocks are kept for one arrangement; another one is made in each epoch.
        keep = None if sample.arranged else sample.kept
        network.check_features(sample.features)
        sample.arranged[network.bin_edges] = stream = ArrangedStream(
            sample, lambda block: _arrange(network, block), network.n_bins, keep
        )
        return stream
    sample.arranged[network.bin_edges] = events = _arrange(network, sample)
    return events


def _arrange(network: CutNetwork, events: EventSample | EventBlock) -> ArrangedEvents:
    network.check_features(events.features)
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
    network: CutNetwork, events: ArrangedEvents | ArrangedStream, *, entropy: bool, gradient: bool
) -> Totals:
    """Return the sums over arranged events, on as many threads as torch has.

    Parameters
    ----------
    network : CutNetwork
    events : ArrangedEvents or ArrangedStream
    entropy, gradient : bool
        Whether the cross-entropy and the derivatives are wanted.
    """
    from .kernel import Edges, RowGroups, sum_events

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

    def sum_piece(task: tuple[Part, slice]) -> tuple[NDArray[Any], NDArray[Any]]:
        part, piece = task
        return sum_events(
            events.features[:, piece],
            events.weights[piece],
            edges,
            rows[part.bin],
            of_signal=part.of_signal,
            entropy=entropy,
            gradient=gradient,
        )

    threads = min(torch.get_num_threads(), len(pieces))
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            results = list(pool.map(sum_piece, pieces))
    else:
        results = [sum_piece(piece) for piece in pieces]
    for (part, _), (sums, gradients) in zip(pieces, results, strict=True):
        of_class = 0 if part.of_signal else 1
        for at, number in ((of_class, 0), (2, 1)):
            totals.sums[at, part.bin] += sums[number]
            totals.gradients[at, part.bin] += gradients[number]
    return totals


class _Sums(torch.autograd.Function):
    """The sums of signal scores, background scores and cross-entropies as functions of the biases."""

    @staticmethod
    def forward(
        ctx: Any, bias: Tensor, network: CutNetwork, events: Any, entropy: bool, gradient: bool
    ) -> tuple[Tensor, ...]:
        """Return the three sums, each of shape (n_bins * n_rows,)."""
        totals = sum_arranged(network, events, entropy=entropy, gradient=gradient)
        ctx.set_materialize_grads(False)
        if gradient:
            ctx.gradients = torch.from_numpy(totals.gradients).to(bias.dtype)
        return torch.from_numpy(totals.sums).to(bias.dtype).flatten(1).unbind()

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, *upstream: Tensor | None) -> tuple[Tensor | None, ...]:
        """Return the derivative by the biases."""
        used = [number for number, values in enumerate(upstream) if values is not None]
        if not used:
            return None, None, None, None, None
        factors = torch.stack([values for values in upstream if values is not None])
        gradients = ctx.gradients if len(used) == len(upstream) else ctx.gradients[used]
        factors = factors.reshape(gradients.shape[:-1])[..., None]
        return (factors * gradients).sum(dim=0), None, None, None, None


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
    weights = torch.from_numpy(events.class_weights).to(network.bias.dtype)
    if network.n_bins == 1:
        return signal, background, cross_entropy, weights[0, 0], weights[1, 0]
    return signal, background, cross_entropy, *weights.repeat_interleave(network.bias.shape[1], dim=1)


def compile_kernels(dtype: torch.dtype) -> None:
    """Compile the kernel for a precision, or read what is compiled, before it is needed."""
    from .compilation import arrays_only

    # With several features and events of a class: their arrays have gaps, which is another type for numba.
    network = CutNetwork(2, 1, [1.0, 1.0]).to(dtype)
    with arrays_only():
        fused_sums(network, EventSample.from_arrays([[0.0, 0.0]] * 4, [0, 0, 1, 1], dtype=dtype))
