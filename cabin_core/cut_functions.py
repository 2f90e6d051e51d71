"""Functions that replace the step of a cut: the weight of an event by the margin with which it passes."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def _balanced(margin: Tensor) -> Tensor:
    return 2 * torch.sigmoid(margin) - 1


def _hard(margin: Tensor) -> Tensor:
    # An event exactly on the cut passes.
    return torch.sign(torch.sign(margin) + 1)


def _heaviside(margin: Tensor) -> Tensor:
    # An event exactly on the cut fails. torch.heaviside has no gradient at all, not even zero.
    return torch.sign(torch.relu(margin))


def _log_erf(margin: Tensor) -> Tensor:
    logarithm: Tensor = torch.special.log_ndtr(margin * 2.0**0.5)
    return logarithm


def _erf(margin: Tensor) -> Tensor:
    return (torch.erf(margin) + 1) / 2


#: Cut functions by name. The sigmoid is that of arXiv:2502.08615; all are in G. Watts' notebooks.
#: ``balanced`` is negative for an event that fails the cut; the last two have no gradient.
CUT_FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "erf": _erf,
    "balanced": _balanced,
    "hard": _hard,
    "heaviside": _heaviside,
}
_LOGARITHMS: dict[str, Callable[[Tensor], Tensor]] = {"sigmoid": logsigmoid, "erf": _log_erf}


def check_cut_function(name: str) -> str:
    """Return the name of a cut function if it is known.

    Raises
    ------
    ValueError
        If there is no such cut function.
    """
    if name not in CUT_FUNCTIONS:
        raise ValueError(f"unknown cut function {name!r}: one of {', '.join(CUT_FUNCTIONS)}")
    return name


def log_weight(name: str, margins: Tensor) -> Tensor:
    """Return the logarithms of the weights, in the shape of the margins.

    Raises
    ------
    ValueError
        If the cut function reaches zero or less, so that the logarithm would not be finite.
    """
    if name not in _LOGARITHMS:
        raise ValueError(f"the cut function {name} is not positive everywhere: it has no logarithm")
    return _LOGARITHMS[name](margins)


def product_of_weights(name: str, margins: Tensor) -> Tensor:
    """Return the product of the weights of all edges.

    Parameters
    ----------
    name : str
        Name of the cut function.
    margins : Tensor, shape (n_rows, n_edges, n_events)

    Returns
    -------
    Tensor, shape (n_rows, n_events)
    """
    # For other functions a sum of logarithms costs too much: for erf torch takes four times as long.
    if name == "sigmoid":
        return log_weight(name, margins).sum(dim=1).exp()
    # torch's own product has a gradient of a dozen passes over the data.
    return reduce(torch.mul, CUT_FUNCTIONS[name](margins).unbind(dim=1))
