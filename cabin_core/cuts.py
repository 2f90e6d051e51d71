"""Selection cuts as networks whose biases are the cuts: one set, or one set for each target efficiency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from .cut_functions import check_cut_function, log_weight, product_of_weights
from .numbers import check_bin_edges, check_targets

if TYPE_CHECKING:
    from .cut_limits import CutLimits

#: Smallest distance from zero at which the edges of a window among one-sided cuts start [scaled units]. Most
#: events lie between them; from edges in one place all events are outside, and no gradient opens them again.
WINDOW_START = 1.0


class CutNetwork(nn.Module):
    r"""Sets of one-sided cuts, one set a row, as a differentiable product of sigmoids.

    A feature is transformed to :math:`z_f = w_f x_f + b_f` (Eq 1 of arXiv:2502.08615) and an event
    passes the cuts of a row where every :math:`z_f > 0`. The score is
    :math:`\prod_f \mathrm{sigmoid}(a z_f)` (Eq 3, 4 and 8), which tends to 0 or 1 for large ``a``.

    The cuts may depend on a property of the event, pT or pileup for example: each bin of it then has a set of
    rows, and an event meets those of its own bin. All bins and rows are one bias tensor of shape
    (n_bins, n_rows, n_edges) and one tensor expression; a scan has one bin, a single set of cuts one row.

    Parameters
    ----------
    n_features : int
        Number of features.
    n_rows : int
        Number of sets of cuts.
    weights : sequence of float, length n_features, optional
        Fixed weights: +1 for a "greater than" cut, -1 for "less than". Learned, one vector for all
        rows, where None; they start at random in (-1, 1).
    activation_scale : float
        The sharpness ``a`` of the sigmoids, per unit of a scaled feature.
    windows : bool or sequence of int
        Whether every feature has a lower and an upper edge instead of one cut; or the positions of those that
        have. One edge of every feature comes first, the "greater than" edge of a window; then the "less than"
        edges of all windows, with the opposite weights.
    start : float
        Starting bias of every edge: distance of the first cuts from zero, on the loose side [scaled units].
        That of windows among one-sided cuts is at least :data:`WINDOW_START`.
    looser_rows : sequence of int, optional
        The rows in order from the tightest to the loosest. No cut of a row may then be tighter than that of a
        row before it; :meth:`project` ensures it. No such condition where None.
    bin_edges : sequence of float, optional
        Edges of the bins of a property [its unit]. The property is then the last column of the features,
        unscaled. An event on an edge is in the bin above it; an event beyond all edges is in the nearest bin.
    cut_function : str
        Function that replaces the step, a key of :data:`cabin_core.cut_functions.CUT_FUNCTIONS`.

    Attributes
    ----------
    fused : bool
        Whether the kernel computes sums over events where it can (:mod:`cabin_core.cut_sums`). Tensor
        expressions compute them otherwise.
    limits : CutLimits, optional
        Limits of the cuts while they are trained.

    Raises
    ------
    ValueError
        If the weights have another length or are zero, a number is not positive, windows everywhere have
        weights or start empty, some windows have no positive weight or are not of a feature, edges do not
        increase, or the cut function is unknown.
    """

    def __init__(
        self,
        n_features: int,
        n_rows: int,
        weights: Sequence[float] | None = None,
        activation_scale: float = 15.0,
        *,
        windows: bool | Sequence[int] = False,
        start: float = 0.0,
        looser_rows: Sequence[int] | None = None,
        bin_edges: Sequence[float] | None = None,
        cut_function: str = "sigmoid",
    ) -> None:
        super().__init__()
        if n_features < 1 or n_rows < 1:
            raise ValueError(f"a cut network needs features and rows, not {n_features} and {n_rows}")
        if not activation_scale > 0:
            raise ValueError(f"activation_scale must be positive, not {activation_scale}")
        self.activation_scale = float(activation_scale)
        self.n_features, self.start = int(n_features), float(start)
        self.cut_function = check_cut_function(cut_function)
        self.fused = True
        self.limits: CutLimits | None = None
        # Plain numbers instead of a buffer: they compare exactly with features of any precision.
        self.bin_edges = None if bin_edges is None else check_bin_edges(bin_edges)
        self.n_bins = 1 if self.bin_edges is None else len(self.bin_edges) - 1
        self.has_property = self.bin_edges is not None
        self.looser_rows = None if looser_rows is None else torch.as_tensor(looser_rows)
        #: True, False, or the positions of the features with windows, in increasing order.
        self.windows: bool | list[int] = windows if isinstance(windows, bool) else sorted(set(windows))
        if self.windows is True:
            if weights is not None:
                raise ValueError("windows have an edge on both sides of every feature: give no weights")
            if not start > 0:
                raise ValueError(f"windows start with their lower edge above the upper one: start = {start}")
            weights = [1.0] * n_features
        elif self.windows:
            if weights is None:
                raise ValueError("windows beside one-sided cuts need weights: one a feature")
            if not 0 <= self.windows[0] <= self.windows[-1] < n_features:
                raise ValueError(f"no such features for windows: {self.windows} of {n_features}")
        self._two_sided = self._positions_of_windows()
        first = torch.full((self.n_bins, n_rows, n_features + len(self._two_sided)), self.start)
        if self.windows is not True and self._two_sided:
            first[..., [*self._two_sided, *range(n_features, first.shape[2])]] = max(self.start, WINDOW_START)
        self.bias = nn.Parameter(first)
        if weights is None:
            self.weight: Tensor = nn.Parameter(torch.empty(n_features).uniform_(-1.0, 1.0))
        else:
            fixed = torch.as_tensor(weights, dtype=torch.get_default_dtype())
            if fixed.shape != (n_features,):
                raise ValueError(
                    f"{fixed.numel()} weights for {n_features} features: one a feature is needed"
                )
            if not ((fixed != 0) & fixed.isfinite()).all():
                raise ValueError(
                    "a weight of zero, NaN or infinity has no cut: use +1 for '>' and -1 for '<'"
                )
            lower = fixed[list(self._two_sided)]
            if not (lower > 0).all():
                raise ValueError("the weight of a window is that of its lower edge, so positive: use +1")
            self.register_buffer("weight", torch.cat([fixed, -lower]))

    def _positions_of_windows(self) -> tuple[int, ...]:
        if isinstance(self.windows, bool):
            return tuple(range(self.n_features * self.windows))
        return tuple(self.windows)

    @property
    def may_fuse(self) -> bool:
        """Whether kernels may compute the score: sigmoids, and no score or margins of another class."""
        kind = type(self)
        return (
            self.fused
            and self.cut_function == "sigmoid"
            and kind.forward is CutNetwork.forward
            and kind.margins is CutNetwork.margins
        )

    def arguments(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain values, without the parameters of the network."""
        learned = isinstance(self.weight, nn.Parameter)
        return {
            "n_features": self.n_features,
            "n_rows": self.bias.shape[1],
            "weights": None if learned or self.windows is True else self.weight[: self.n_features].tolist(),
            "activation_scale": self.activation_scale,
            "windows": self.windows,
            "start": self.start,
            "looser_rows": None if self.looser_rows is None else self.looser_rows.tolist(),
            "bin_edges": None if self.bin_edges is None else list(self.bin_edges),
            "cut_function": self.cut_function,
        }

    def bins_of(self, features: Tensor) -> Tensor:
        """Return the bin of each event, shape (n_events,); a single 0 for a network without bins."""
        if self.bin_edges is None or self.n_bins == 1:
            return features.new_zeros(1, dtype=torch.long)
        inner_edges = features.new_tensor(self.bin_edges[1:-1])
        return torch.bucketize(features[:, -1].contiguous(), inner_edges, right=True)

    def check_features(self, features: Tensor) -> None:
        """Raise ValueError if features have another shape than (n_events, n_features), with the property."""
        n_columns = self.n_features + self.has_property
        if features.dim() != 2 or features.shape[1] != n_columns:
            raise ValueError(f"features need shape (n_events, {n_columns}), not {tuple(features.shape)}")

    def margins(self, features: Tensor) -> Tensor:
        """Return the distance of events from each edge, times the sharpness ``a``; positive if they pass.

        Parameters
        ----------
        features : Tensor, shape (n_events, n_features), or one column more with bins
            Scaled features, then the property.

        Returns
        -------
        Tensor, shape (n_rows, n_edges, n_events)
            Events are the innermost axis, which makes the sum over edges fast.

        Raises
        ------
        ValueError
            If the number of features is another one.
        """
        self.check_features(features)
        bias = self.bias.index_select(0, self.bins_of(features)).permute(1, 2, 0)
        features = features[:, : self.n_features]
        if self._two_sided:
            features = features[:, list(self.edge_features())]
        return self.activation_scale * ((features * self.weight).T + bias)

    def log_score(self, features: Tensor) -> Tensor:
        """Return the logarithm of the score.

        Parameters
        ----------
        features : Tensor
            As :meth:`margins` takes them.

        Returns
        -------
        Tensor, shape (n_events, n_rows)
            A sum of logarithms, which is finite where the product itself would underflow.

        Raises
        ------
        ValueError
            If the number of features is another one, or the cut function is negative somewhere.
        """
        return log_weight(self.cut_function, self.margins(features)).sum(dim=1).T

    def forward(self, features: Tensor) -> Tensor:
        """Return the scores, in the range of the cut function; shapes as in :meth:`log_score`."""
        return product_of_weights(self.cut_function, self.margins(features)).T

    def cuts(self) -> Tensor:
        """Return the cut values ``-b / w`` (Eq 2) in scaled units.

        Returns
        -------
        Tensor, shape (n_bins * n_rows, n_edges)
            All rows of the first bin, then those of the second bin, and so on.
        """
        return (self.bias / -self.weight).flatten(0, 1)

    @torch.no_grad()
    def project(self) -> None:
        """Make the cuts of ``looser_rows`` monotone and keep ``limits``, after each step of a training.

        Biases in the wrong order are set halfway between the loosest of the tighter rows and the tightest of
        the looser rows. All others stay as they are, and each row keeps its own gradient.
        """
        if self.looser_rows is not None:
            order = self.looser_rows.to(self.bias.device)
            ordered = self.bias[:, order]
            above = ordered.cummax(dim=1).values
            below = ordered.flip(1).cummin(dim=1).values.flip(1)
            self.bias[:, order] = (above + below) / 2
        if self.limits is not None:
            self.limits.project()

    def edge_features(self) -> tuple[int, ...]:
        """Return the index of the feature of each edge."""
        return (*range(self.n_features), *self._two_sided)

    def directions(self) -> tuple[str, ...]:
        """Return ``>`` or ``<`` for each edge, from the sign of its weight.

        Raises
        ------
        ValueError
            If a learned weight is exactly zero: then there is no cut.
        """
        if (self.weight == 0).any():
            raise ValueError("a learned weight is exactly zero: this feature has no cut, remove it")
        return tuple(">" if weight > 0 else "<" for weight in self.weight.tolist())


class OneToOneLinear(CutNetwork):
    """One set of cuts (Fig 2 and Eq 8 of arXiv:2502.08615): a :class:`CutNetwork` with one row."""

    def __init__(
        self,
        n_features: int,
        weights: Sequence[float] | None = None,
        activation_scale: float = 15.0,
        *,
        windows: bool | Sequence[int] = False,
        start: float = 0.0,
        bin_edges: Sequence[float] | None = None,
        cut_function: str = "sigmoid",
    ) -> None:
        super().__init__(
            n_features,
            1,
            weights,
            activation_scale,
            windows=windows,
            start=start,
            bin_edges=bin_edges,
            cut_function=cut_function,
        )

    def arguments(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain values, without the parameters of the network."""
        return _without(super().arguments(), "n_rows", "looser_rows")


class EfficiencyScanNetwork(CutNetwork):
    """A set of cuts for each target signal efficiency (Section 3 of arXiv:2502.08615).

    One module with one bias tensor of shape (n_bins, n_targets, n_features), trained at once.

    Parameters
    ----------
    n_features : int
        Number of features.
    targets : sequence of float
        Target signal efficiencies in (0, 1), without repetition, in any order.
    weights, activation_scale, windows, start, bin_edges, cut_function
        As in :class:`CutNetwork`.
    monotone : bool
        Whether every cut of a higher target must be at least as loose as that of a lower one.

    Raises
    ------
    ValueError
        If targets are missing, repeated or outside (0, 1), and as :class:`CutNetwork` does.
    """

    def __init__(
        self,
        n_features: int,
        targets: Sequence[float],
        weights: Sequence[float] | None = None,
        activation_scale: float = 15.0,
        *,
        windows: bool | Sequence[int] = False,
        start: float = 0.0,
        monotone: bool = False,
        bin_edges: Sequence[float] | None = None,
        cut_function: str = "sigmoid",
    ) -> None:
        self.targets = check_targets(targets)
        if not self.targets:
            raise ValueError("an efficiency scan needs at least one target efficiency")
        super().__init__(
            n_features,
            len(self.targets),
            weights,
            activation_scale,
            windows=windows,
            start=start,
            looser_rows=(
                sorted(range(len(self.targets)), key=self.targets.__getitem__) if monotone else None
            ),
            bin_edges=bin_edges,
            cut_function=cut_function,
        )

    def arguments(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain values, without the parameters of the network."""
        given = {"targets": list(self.targets), "monotone": self.looser_rows is not None}
        return _without(super().arguments(), "n_rows", "looser_rows") | given


def _without(arguments: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in names}
