"""Layers of nodes and products of sigmoids, each as one step of a computation that numba compiles.

Events are the innermost axis. Both functions return None where the kernel cannot be used: on a GPU, in
another precision than float32, or for features that have a gradient. The plain expressions of torch in
:mod:`cabin_core.classifiers` and :mod:`cabin_core.cuts` are used then; results differ in the last digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from .cuts import CutNetwork

#: The product of this many factors of at most 2 does not overflow.
MOST_EDGES = 120


def _is_for_kernel(features: Tensor, *others: Tensor) -> bool:
    return not features.requires_grad and all(
        tensor.device.type == "cpu" and tensor.dtype == torch.float32 for tensor in (features, *others)
    )


class _Layers(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, parameters: Tensor, widths: tuple[int, ...]) -> Tensor:
        import numpy as np

        from .layers_kernel import outputs_of

        ctx.inputs = arrays = features.numpy(), parameters.detach().numpy(), np.array(widths)
        return torch.from_numpy(outputs_of(*arrays))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slopes: Tensor) -> tuple[None, Tensor, None]:
        from .layers_kernel import gradient_of

        of_parameters = gradient_of(*ctx.inputs, slopes.contiguous().numpy())
        return None, torch.from_numpy(of_parameters), None


def fused_layers(features: Tensor, layers: Sequence[nn.Linear]) -> Tensor | None:
    """Return the outputs of layers with ReLU between them, and none after the last.

    Parameters
    ----------
    features : Tensor, shape (n_features, n_events)
    layers : sequence of torch.nn.Linear
        All with a bias.

    Returns
    -------
    Tensor, shape (n_outputs, n_events), or None
    """
    parameters = [parameter for layer in layers for parameter in (layer.weight, layer.bias)]
    if len(features) != layers[0].in_features or not _is_for_kernel(features, *parameters):
        return None
    widths = (layers[0].in_features, *(layer.out_features for layer in layers))
    together = torch.cat([parameter.flatten() for parameter in parameters])
    outputs: Tensor = _Layers.apply(features.contiguous(), together, widths)  # type: ignore[no-untyped-call]
    return outputs


class _LogScores(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, weights: Tensor, biases: Tensor, scale: float) -> Tensor:
        import numpy as np

        from .preselection_kernel import log_scores

        # The biases are copied, since an optimizer changes them in place.
        ctx.inputs = features.numpy(), weights.numpy(), biases.detach().numpy().copy(), np.float32(scale)
        return torch.from_numpy(log_scores(*ctx.inputs))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slopes: Tensor) -> tuple[None, None, Tensor, None]:
        from .preselection_kernel import gradient

        of_biases = gradient(*ctx.inputs, slopes.contiguous().numpy())
        return None, None, torch.from_numpy(of_biases), None


def can_fuse_preselection(cuts: CutNetwork, features: Tensor) -> bool:
    """Return whether a kernel can compute the scores of cuts for features, shape (n_events, n_features)."""
    return (
        cuts.may_fuse
        and not cuts.has_property
        and features.shape[1:] == (cuts.n_features,)
        and cuts.bias.shape[2] <= MOST_EDGES
        and not cuts.weight.requires_grad
        and _is_for_kernel(features, cuts.weight, cuts.bias)
    )


def fused_log_scores(cuts: CutNetwork, features: Tensor) -> Tensor | None:
    """Return the logarithms of the scores of cuts with fixed weights and sigmoids, without bins.

    Parameters
    ----------
    cuts : CutNetwork
    features : Tensor, shape (n_events, n_features)

    Returns
    -------
    Tensor, shape (n_events, n_rows), or None
    """
    if not can_fuse_preselection(cuts, features):
        return None
    if not isinstance(cuts.windows, bool):
        # The kernel knows windows of all features or of none, so here each edge has a column of its own.
        features = features[:, list(cuts.edge_features())]
    logarithms: Tensor = _LogScores.apply(  # type: ignore[no-untyped-call]
        features.T.contiguous(), cuts.weight, cuts.bias[0], cuts.activation_scale
    )
    return logarithms.T


def compile_kernels(dtype: torch.dtype) -> None:
    """Compile the kernels, or read what is compiled, before they are needed; there are none for float64."""
    if dtype != torch.float32:
        return
    from .compilation import arrays_only

    features, layer = torch.zeros(2, 1), nn.Linear(1, 1)
    with arrays_only():
        logarithms = fused_log_scores(CutNetwork(1, 1, [1.0]), features)
        outputs = fused_layers(features.T, [layer, layer])
        if logarithms is not None and outputs is not None:
            (logarithms.sum() + outputs.sum()).backward()
