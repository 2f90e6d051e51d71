"""Cuts as a differentiable preselection in front of a network, trained in one go.

After G. Watts, "Differentiable Programming: Neural Networks and Selection Cuts Working Together" (poster),
and the Discussion of arXiv:2502.08615.
"""

from __future__ import annotations

from torch import Tensor, nn

from cabin_core.networks import CutNetwork


class JointNetwork(nn.Module):
    """The product of a preselection and a classifier: both weigh an event, and neither is normalised again.

    Parameters
    ----------
    preselection : CutNetwork
        Any cuts: a single set, a scan, windows, or cuts that follow a property.
    classifier : torch.nn.Module
        Of features (n_events, n_features), without the property of a binned preselection, to outputs of shape
        (n_events, 1), or (n_events, n_rows) with one for each row of the preselection. In [0, 1] where the
        product is to be a probability.
    """

    def __init__(self, preselection: CutNetwork, classifier: nn.Module) -> None:
        super().__init__()
        self.preselection = preselection
        self.classifier = classifier

    def forward(self, features: Tensor) -> Tensor:
        """Return the products, shape (n_events, n_rows), of features as the preselection takes them.

        Raises
        ------
        ValueError
            If the classifier has outputs for another number of rows.
        """
        weights = self.preselection(features)
        outputs = self.classifier(features[:, : self.preselection.n_features])
        if outputs.shape not in {weights.shape, (len(weights), 1)}:
            raise ValueError(
                f"the classifier gives outputs of shape {tuple(outputs.shape)} where the preselection has "
                f"{tuple(weights.shape)}: one output, or one for each row, is needed"
            )
        product: Tensor = weights * outputs
        return product


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
