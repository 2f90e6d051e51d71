"""Networks that give events a score: linear, fully connected, or a network behind a preselection by cuts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .cuts import CutNetwork
from .fused import fused_layers, fused_log_scores


class LinearNetwork(nn.Module):
    """The simple linear network (Eq 9, Fig 3): ``sigmoid(sum_f w_f x_f)``.

    Parameters
    ----------
    n_features : int
    bias : bool
        Whether to add a learned constant, which Eq 9 does not have.
    """

    def __init__(self, n_features: int, *, bias: bool = False) -> None:
        super().__init__()
        self.linear = nn.Linear(n_features, 1, bias=bias)

    def arguments(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain values, without the parameters of the network."""
        return {"n_features": self.linear.in_features, "bias": self.linear.bias is not None}

    def logits(self, features: Tensor) -> Tensor:
        """Return the raw outputs, before the sigmoid; the shapes are those of :meth:`forward`."""
        outputs: Tensor = self.linear(features)
        return outputs

    def forward(self, features: Tensor) -> Tensor:
        """Return the scores, shape (n_events, 1), of features of shape (n_events, n_features)."""
        return torch.sigmoid(self.logits(features))


class FullyConnectedNetwork(nn.Module):
    """A small fully connected network with ReLU layers and sigmoid outputs.

    Parameters
    ----------
    n_features : int
        Number of features.
    hidden_layers : sequence of int
        Nodes of each hidden layer, for example ``(20, 20)``.
    n_outputs : int
    sigmoid : bool
        Whether the outputs go through a sigmoid at the end.
    events_innermost : bool
        Whether events are the innermost axis in the computation. It takes a third of the time if layers have
        few nodes, and changes the last digits.

    Attributes
    ----------
    fused : bool
        Whether layers with events innermost are computed by the kernel where it can
        (:mod:`cabin_core.fused`), or always by torch.

    Raises
    ------
    ValueError
        If there is no hidden layer, or a layer without nodes.
    """

    def __init__(
        self,
        n_features: int,
        hidden_layers: Sequence[int],
        n_outputs: int = 1,
        *,
        sigmoid: bool = True,
        events_innermost: bool = False,
    ) -> None:
        super().__init__()
        self.events_innermost = events_innermost
        self.fused = True
        if not hidden_layers or min(hidden_layers) < 1:
            raise ValueError(f"hidden_layers needs positive numbers of nodes, not {list(hidden_layers)}")
        widths = [n_features, *hidden_layers]
        layers: list[nn.Module] = []
        for n_in, n_out in itertools.pairwise(widths):
            layers += [nn.Linear(n_in, n_out), nn.ReLU()]
        last = nn.Sigmoid() if sigmoid else nn.Identity()
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], n_outputs), last)

    def arguments(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain values, without the parameters of the network."""
        *hidden, last = (layer for layer in self.layers if isinstance(layer, nn.Linear))
        return {
            "n_features": hidden[0].in_features,
            "hidden_layers": [layer.out_features for layer in hidden],
            "n_outputs": last.out_features,
            "sigmoid": isinstance(self.layers[-1], nn.Sigmoid),
            "events_innermost": self.events_innermost,
        }

    def logits(self, features: Tensor) -> Tensor:
        """Return the raw outputs, before the sigmoid; the shapes are those of :meth:`forward`."""
        if not self.events_innermost:
            outputs: Tensor = self.layers[:-1](features)
            return outputs
        hidden = features.T
        if self.fused:
            fused = fused_layers(hidden, [layer for layer in self.layers if isinstance(layer, nn.Linear)])
            if fused is not None:
                return fused.T
        for layer in list(self.layers)[:-1]:
            if isinstance(layer, nn.Linear):
                hidden = torch.addmm(layer.bias[:, None], layer.weight, hidden)
            else:
                hidden = torch.relu_(hidden)
        return hidden.T

    def forward(self, features: Tensor) -> Tensor:
        """Return the scores, shape (n_events, n_outputs), of features of shape (n_events, n_features)."""
        scores: Tensor = self.layers[-1](self.logits(features))
        return scores


class JointNetwork(nn.Module):
    """The product of the score of a preselection and the output of a classifier, not normalised again.

    Parameters
    ----------
    preselection : CutNetwork
        Any cuts: a single set, a scan, windows, or cuts that follow a property.
    classifier : torch.nn.Module
        Takes features of shape (n_events, n_features), without the property of a binned preselection. Gives
        outputs of shape (n_events, 1), or (n_events, n_rows) with one for each row of the preselection; they
        lie in [0, 1] if the product has to be a probability.
    """

    def __init__(self, preselection: CutNetwork, classifier: nn.Module) -> None:
        super().__init__()
        self.preselection = preselection
        self.classifier = classifier

    def arguments(self) -> dict[str, Any]:
        """Return the two networks, which are the constructor's arguments."""
        return {"preselection": self.preselection, "classifier": self.classifier}

    def parameter_groups(self) -> dict[str, list[nn.Parameter]]:
        """Return the parameters of each network, which can have its own learning rate."""
        return {
            "cuts": list(self.preselection.parameters()),
            "classifier": list(self.classifier.parameters()),
        }

    def forward(self, features: Tensor) -> Tensor:
        """Return the products, shape (n_events, n_rows); the features are those of the preselection.

        Raises
        ------
        ValueError
            If the classifier has neither one output nor one for each row.
        """
        return self.kept(features) * self.outputs(features)

    def kept(self, features: Tensor) -> Tensor:
        """Return the scores of the preselection, shape (n_events, n_rows)."""
        logarithms = fused_log_scores(self.preselection, features)
        scores: Tensor = self.preselection(features) if logarithms is None else logarithms.exp()
        return scores

    def log_kept(self, features: Tensor) -> Tensor:
        """Return the logarithms of the scores of the preselection, shape (n_events, n_rows)."""
        logarithms = fused_log_scores(self.preselection, features)
        return self.preselection.log_score(features) if logarithms is None else logarithms

    def outputs(self, features: Tensor) -> Tensor:
        """Return the classifier's outputs alone, shape (n_events, n_rows).

        Raises
        ------
        ValueError
            As :meth:`forward` does.
        """
        n_rows = self.preselection.bias.shape[1]
        outputs: Tensor = self.classifier(features[:, : self.preselection.n_features])
        if outputs.shape not in {(len(features), 1), (len(features), n_rows)}:
            raise ValueError(
                f"the classifier gives outputs of shape {tuple(outputs.shape)} for {n_rows} rows of cuts: "
                "one output, or one for each row, is needed"
            )
        return outputs.expand(-1, n_rows)

    def hard_scores(self, features: Tensor) -> Tensor:
        """Return the outputs, shape (n_events, n_rows), with 0 for events that fail the hard cuts."""
        passes = (self.preselection.margins(features) > 0).all(dim=1).T
        return passes * self.outputs(features)


def cuts_of(network: nn.Module) -> CutNetwork | None:
    """Return the cut network: the network itself, or its ``preselection``; None if there is none."""
    cuts = getattr(network, "preselection", network)
    return cuts if isinstance(cuts, CutNetwork) else None


def start_truncated_normal(module: nn.Module) -> None:
    """Draw new weights of a layer, normal with width 1 / sqrt(inputs) up to two widths; biases are 0."""
    if isinstance(module, nn.Linear):
        width = module.in_features**-0.5
        nn.init.trunc_normal_(module.weight, std=width, a=-2 * width, b=2 * width)
        nn.init.zeros_(module.bias)
