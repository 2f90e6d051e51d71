"""Cuts as a differentiable preselection in front of a network, trained in one go.

After G. Watts, "Differentiable Programming: Neural Networks and Selection Cuts Working Together" (poster),
and the Discussion of arXiv:2502.08615.
"""

from __future__ import annotations

from torch import nn

from cabin_core.networks import CutNetwork, JointNetwork


def cuts_of(network: nn.Module) -> CutNetwork:
    """Return the cuts of a network: itself, or its preselection.

    Raises
    ------
    ValueError
        If it has none.
    """
    cuts = network.preselection if isinstance(network, JointNetwork) else network
    if not isinstance(cuts, CutNetwork):
        raise ValueError(f"a {type(network).__name__} has no cuts")
    return cuts
