"""Limits of cuts while a network is trained, see :mod:`cabin_core.feature_limits`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .feature_limits import FeatureLimits

if TYPE_CHECKING:
    from .cuts import CutNetwork
    from .scaling import FeatureScaling


class CutLimits:
    """The limits of all cuts of a network, while it is trained.

    Parameters
    ----------
    network : CutNetwork
        With fixed weights of 1 and -1. It keeps the limits from then on, in :meth:`CutNetwork.project`.
    limits : sequence of FeatureLimits
        Of each feature, in order.
    scaling : FeatureScaling
        Of the features.

    Raises
    ------
    ValueError
        If there are more or fewer limits than features, or the network learns its weights.
    """

    def __init__(self, network: CutNetwork, limits: Sequence[FeatureLimits], scaling: FeatureScaling) -> None:
        if len(limits) != network.n_features:
            raise ValueError(f"{len(limits)} limits for {network.n_features} features: one each is needed")
        if isinstance(network.weight, torch.nn.Parameter) or not (network.weight.abs() == 1).all():
            raise ValueError("limits of cuts need fixed weights of 1 and -1")
        self._network, self._limits, self._scaling = network, list(limits), scaling
        self._columns = list(network.edge_features())
        for column, of_feature in enumerate(limits):
            if of_feature.fixed is not None and self._columns.count(column) > 1:
                name = scaling.features[column]
                raise ValueError(f"a window has two edges: {name} cannot have one fixed cut")
        bounds = [self._limits[column].bounds for column in self._columns]
        ends = torch.stack([self._biases(torch.tensor(end)) for end in zip(*bounds, strict=True)])
        self._low, self._high = ends.amin(dim=0), ends.amax(dim=0)
        self._held = torch.zeros(network.bias.shape[2], dtype=torch.bool)
        self._values = torch.zeros_like(network.bias)
        network.limits = self
        network.project()
        self._handle = network.bias.register_hook(self._gradient)

    @property
    def free(self) -> Tensor:
        """Which edges can move, bool of shape (n_edges,)."""
        return ~self._held & (self._low < self._high)

    @property
    def to_round(self) -> list[int]:
        """Features whose cuts are to be rounded, those with the largest steps [scaled units] first."""
        steps = {
            column: limits.round / float(self._scaling.spread[column])
            for column, limits in enumerate(self._limits)
            if limits.round is not None
        }
        return sorted(steps, key=lambda column: -steps[column])

    @property
    def rounded_edges(self) -> list[int]:
        """Edges that are held at rounded cuts."""
        return [edge for edge in range(len(self._columns)) if self._held[edge]]

    def clamp(self, bias: Tensor) -> Tensor:
        """Return biases within the bounds, of any number of rows."""
        low, high = (end.to(bias) for end in (self._low, self._high))
        return bias.clamp(low, high)

    def project(self) -> None:
        """Bring the biases of the network within the limits, and those that are held back."""
        bias = self._network.bias
        held = self._held.to(bias.device)
        bias.copy_(torch.where(held, self._values.to(bias), self.clamp(bias)))

    @torch.no_grad()
    def hold_rounded(self, feature: int) -> None:
        """Round the cuts on a feature, which do not move from then on.

        Raises
        ------
        ValueError
            If both edges of a window become one.
        """
        edges = [edge for edge, column in enumerate(self._columns) if column == feature]
        bias = self._network.bias
        cuts = self._limits[feature].exact(self._physical(bias)[..., edges].cpu().numpy())
        limits = self._limits[feature]
        low, high = (
            [at for at, edge in enumerate(edges) if (self._network.weight[edge] > 0) == is_low]
            for is_low in (True, False)
        )
        if low and high and (cuts[..., low] >= cuts[..., high]).any():
            name = self._scaling.features[feature]
            raise ValueError(
                f"round: a window of {name} is narrower than a step of {limits.round:g}: take less"
            )
        self._set(feature, edges, torch.from_numpy(cuts))

    @torch.no_grad()
    def moved(self, steps: Tensor) -> Tensor:
        """Return biases whose rounded cuts are moved by a number of steps to the loose side.

        Parameters
        ----------
        steps : Tensor, shape (n_edges,)
            Zero for edges that are not rounded.

        Returns
        -------
        Tensor, shape (n_bins, n_rows, n_edges)
            Within the limits. Edges that are not moved stay as they are.
        """
        bias = self._network.bias
        physical = self._physical(bias)
        for edge, column in enumerate(self._columns):
            step = self._limits[column].round
            if step is not None and steps[edge]:
                loose = -float(self._network.weight[edge]) * float(steps[edge]) * step
                cuts = self._limits[column].exact((physical[..., edge] + loose).cpu().numpy())
                physical[..., edge] = torch.from_numpy(cuts)
        of_edges = self._biases(physical).to(bias)
        return torch.where(steps.to(bias.device) != 0, of_edges, bias)

    @torch.no_grad()
    def set_rows(self, rows: Sequence[int], bias: Tensor) -> None:
        """Give some rows other biases, also of edges that are held."""
        self._network.bias[:, rows] = bias
        self._values[:, rows] = bias.to(self._values)

    def detach(self) -> None:
        """Leave the network to itself."""
        self._handle.remove()
        self._network.limits = None

    def _set(self, feature: int, edges: list[int], cuts: Tensor) -> None:
        physical = self._physical(self._network.bias)
        physical[..., edges] = cuts.to(physical)
        self._held[edges] = True
        biases = self._biases(physical).to(self._network.bias)
        self._values[..., edges] = biases[..., edges].to(self._values)
        self.project()

    def _physical(self, bias: Tensor) -> Tensor:
        scaled = bias.detach().cpu().double() / -self._network.weight.cpu().double()
        return self._scaling.unscale(scaled, self._columns)

    def _biases(self, cuts: Tensor) -> Tensor:
        """Return biases of cuts in physical units; events on a cut are there in any precision."""
        columns = self._columns
        scaled = (cuts.double() - self._scaling.mean[columns]) / self._scaling.spread[columns]
        # As events are rounded, so that one on the cut still is.
        return -scaled.to(self._network.bias.dtype).double() * self._network.weight.cpu().double()

    def _gradient(self, gradient: Tensor) -> Tensor:
        """Return the gradient without the parts that push against a limit."""
        bias = self._network.bias.detach()
        low, high = (end.to(bias) for end in (self._low, self._high))
        stays = (
            self._held.to(bias.device) | ((bias <= low) & (gradient > 0)) | ((bias >= high) & (gradient < 0))
        )
        return gradient.masked_fill(stays, 0.0)
