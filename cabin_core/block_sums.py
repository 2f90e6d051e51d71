"""Sums over the blocks of a stream by tensor expressions, with gradients, one block in memory at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from .stream import EventBlock, EventStream, add_up_arrays, read_ahead

SumBlock = Callable[[EventBlock], tuple[Tensor, ...]]


class _BlockSums(torch.autograd.Function):
    """Sums as a function of the parameters; a second pass over the events gives the derivatives."""

    @staticmethod
    def forward(
        ctx: Any, stream: EventStream, sum_block: SumBlock, *parameters: Tensor
    ) -> tuple[Tensor, ...]:
        """Return the sums over all blocks and processes."""
        ctx.stream, ctx.sum_block, ctx.parameters = stream, sum_block, parameters
        totals: list[NDArray[np.float64]] = []
        for block in read_ahead(stream):
            sums = sum_block(block)
            parts = [values.detach().double().numpy() for values in sums]
            totals = [total + part for total, part in zip(totals, parts, strict=True)] if totals else parts
        added = add_up_arrays(totals, stream.add_up)
        results = tuple(torch.from_numpy(total).to(values) for total, values in zip(added, sums, strict=True))
        ctx.mark_non_differentiable(*results[-2:])
        return results

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        """Return the derivatives by the parameters."""
        totals = [np.zeros(tuple(parameter.shape)) for parameter in ctx.parameters]
        for block in read_ahead(ctx.stream):
            with torch.enable_grad():
                # The weights of a class do not depend on parameters.
                pairs = [
                    (values, factor)
                    for values, factor in zip(ctx.sum_block(block), upstream, strict=True)
                    if values.requires_grad
                ]
            gradients = torch.autograd.grad(
                [values for values, _ in pairs],
                ctx.parameters,
                [factor for _, factor in pairs],
                allow_unused=True,
            )
            for total, gradient in zip(totals, gradients, strict=True):
                if gradient is not None:
                    total += gradient.double().numpy()
        summed = add_up_arrays(totals, ctx.stream.add_up)
        return (
            None,
            None,
            *(
                torch.from_numpy(total).to(parameter)
                for total, parameter in zip(summed, ctx.parameters, strict=True)
            ),
        )


def sum_blocks(network: nn.Module, stream: EventStream, sum_block: SumBlock) -> tuple[Tensor, ...]:
    """Return sums over a stream, as functions of the parameters of a network.

    Parameters
    ----------
    network : torch.nn.Module
    stream : EventStream
    sum_block : callable
        Returns the sums over a block; the last two are the weights of signal and background.

    Raises
    ------
    ValueError
        If the sum of the weights of a class is not positive.
    """
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    sums: tuple[Tensor, ...] = _BlockSums.apply(  # type: ignore[no-untyped-call]
        stream, sum_block, *parameters
    )
    stream.check_classes(*(float(weights.sum()) for weights in sums[-2:]))
    return sums
