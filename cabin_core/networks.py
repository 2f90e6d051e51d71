"""The networks of arXiv:2502.08615: cuts as biases, the efficiency scan, and two to compare with."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cabin_core.cut_functions import check_cut_function, log_weight, product_of_weights

SIGN_OF_DIRECTION = {">": 1.0, "<": -1.0}
CUT_MODELS = ("one_to_one", "scan")
#: Those with cuts; of a joint network they are its preselection.
WITH_CUTS = (*CUT_MODELS, "joint")
MODELS = ("linear", "fully_connected", *WITH_CUTS)
CLASSIFIER_OUTPUTS = ("sigmoid", "raw")
INITIAL_WEIGHTS = ("uniform", "truncated_normal")
DTYPES = {"float32": torch.float32, "float64": torch.float64}


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
    windows : bool
        Whether every feature has a lower and an upper edge in place of one cut. The edges are all "greater
        than" cuts, then all "less than", with weights +1 and -1; ``n_edges`` is then twice ``n_features``,
        else the same.
    start : float
        Starting bias of every edge: how far on the loose side of zero the cuts start [scaled units].
    looser_rows : sequence of int, optional
        The rows from the tightest to the loosest, where no cut of a looser row may be tighter than that of a
        row before it; any cuts are possible where None. :meth:`project` sees to that.
    bin_edges : sequence of float, optional
        Edges of the bins of a property [its unit], which the features then carry as one more column, the last
        one, unscaled. An event on an edge is in the bin above; beyond the edges it is in the nearest bin.
    cut_function : str
        What stands for the step, of :data:`cabin_core.cut_functions.CUT_FUNCTIONS`.

    Raises
    ------
    ValueError
        If the weights have another length or are zero, a number is not positive, windows have weights or
        start empty, edges do not increase, or the cut function is unknown.
    """

    def __init__(
        self,
        n_features: int,
        n_rows: int,
        weights: Sequence[float] | None = None,
        activation_scale: float = 15.0,
        *,
        windows: bool = False,
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
        self.n_features, self.windows, self.cut_function = (
            n_features,
            windows,
            check_cut_function(cut_function),
        )
        edges = None if bin_edges is None else check_bin_edges(bin_edges)
        self.n_bins = 1 if edges is None else len(edges) - 1
        self.has_property = edges is not None
        # Numbers, not a buffer: in the precision of the features an event on an edge is exactly there.
        self._inner_edges = () if edges is None else edges[1:-1]
        self.looser_rows = None if looser_rows is None else torch.as_tensor(looser_rows)
        if windows:
            if weights is not None:
                raise ValueError("windows have an edge on both sides of every feature: give no weights")
            if not start > 0:
                raise ValueError(f"windows start with their lower edge above the upper one: start = {start}")
            weights = [1.0] * n_features + [-1.0] * n_features
        self.bias = nn.Parameter(torch.full((self.n_bins, n_rows, n_features * (1 + windows)), float(start)))
        if weights is None:
            self.weight: Tensor = nn.Parameter(torch.empty(n_features).uniform_(-1.0, 1.0))
        else:
            fixed = torch.as_tensor(weights, dtype=torch.get_default_dtype())
            if fixed.shape != self.bias.shape[2:]:
                raise ValueError(
                    f"{fixed.numel()} weights for {n_features} features: one a feature is needed"
                )
            if not ((fixed != 0) & fixed.isfinite()).all():
                raise ValueError(
                    "a weight of zero, NaN or infinity has no cut: use +1 for '>' and -1 for '<'"
                )
            self.register_buffer("weight", fixed)

    def bins_of(self, features: Tensor) -> Tensor:
        """Return the bin of each event, shape (n_events,); a single 0 for all events without bins."""
        if self.n_bins == 1:
            return features.new_zeros(1, dtype=torch.long)
        return torch.bucketize(
            features[:, -1].contiguous(), features.new_tensor(self._inner_edges), right=True
        )

    def margins(self, features: Tensor) -> Tensor:
        """Return how far events are on the passing side of each edge, times the sharpness ``a``.

        Parameters
        ----------
        features : Tensor, shape (n_events, n_features), or one column more with bins
            Scaled features, then the property.

        Returns
        -------
        Tensor, shape (n_rows, n_edges, n_events)
            Events are the innermost axis, so that the sum over edges runs along vectors.

        Raises
        ------
        ValueError
            If the number of features is another one.
        """
        n_columns = self.n_features + self.has_property
        if features.dim() != 2 or features.shape[1] != n_columns:
            raise ValueError(f"features need shape (n_events, {n_columns}), not {tuple(features.shape)}")
        bias = self.bias.index_select(0, self.bins_of(features)).permute(1, 2, 0)
        features = features[:, : self.n_features]
        if self.windows:
            features = torch.cat([features, features], dim=1)
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
            Sums of logarithms: finite where the product itself would underflow.

        Raises
        ------
        ValueError
            If the number of features is another one, or the cut function is negative somewhere.
        """
        return log_weight(self.cut_function, self.margins(features)).sum(dim=1).T

    def forward(self, features: Tensor) -> Tensor:
        """Return the scores, in [0, 1] where the cut function is; shapes as for :meth:`log_score`."""
        return product_of_weights(self.cut_function, self.margins(features)).T

    def cuts(self) -> Tensor:
        """Return the cut values ``-b / w`` (Eq 2) in scaled units.

        Returns
        -------
        Tensor, shape (n_bins * n_rows, n_edges)
            All rows of the first bin, then those of the next.
        """
        return (-self.bias / self.weight).flatten(0, 1)

    @torch.no_grad()
    def project(self) -> None:
        """Make the cuts of ``looser_rows`` monotone; to be called after each step of a training.

        Where the order is broken, biases go halfway between the loosest of the tighter rows and the tightest
        of the looser ones. Those in order stay, and each row keeps a gradient of its own.
        """
        if self.looser_rows is None:
            return
        order = self.looser_rows.to(self.bias.device)
        ordered = self.bias[:, order]
        above = ordered.cummax(dim=1).values
        below = ordered.flip(1).cummin(dim=1).values.flip(1)
        self.bias[:, order] = (above + below) / 2

    def edge_features(self) -> tuple[int, ...]:
        """Return the position of the feature that each edge cuts on."""
        return tuple(range(self.n_features)) * (1 + self.windows)

    def directions(self) -> tuple[str, ...]:
        """Return ``>`` or ``<`` for each edge, from the sign of its weight.

        Raises
        ------
        ValueError
            If a learned weight is exactly zero, so that no cut exists.
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
        windows: bool = False,
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
        Whether every cut of a higher target is at least as loose as that of a lower one.

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
        windows: bool = False,
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
        Whether the layers are computed with events as the innermost axis: two thirds of the time where layers
        have a few nodes, and other last digits.

    Raises
    ------
    ValueError
        If there is no hidden layer or one without nodes.
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
        if not hidden_layers or min(hidden_layers) < 1:
            raise ValueError(f"hidden_layers needs positive numbers of nodes, not {list(hidden_layers)}")
        widths = [n_features, *hidden_layers]
        layers: list[nn.Module] = []
        for n_in, n_out in itertools.pairwise(widths):
            layers += [nn.Linear(n_in, n_out), nn.ReLU()]
        last = nn.Sigmoid() if sigmoid else nn.Identity()
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], n_outputs), last)

    def logits(self, features: Tensor) -> Tensor:
        """Return the raw outputs, before the sigmoid; the shapes are those of :meth:`forward`."""
        if not self.events_innermost:
            outputs: Tensor = self.layers[:-1](features)
            return outputs
        hidden = features.T
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
        product: Tensor = self.preselection(features) * self.outputs(features)
        return product

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
        """Return the classifier's outputs for events that pass the hard cuts and 0 for others, as above."""
        passes = (self.preselection.margins(features) > 0).all(dim=1).T
        return passes * self.outputs(features)


def cuts_of(network: nn.Module) -> CutNetwork | None:
    """Return the cuts of a network: itself, or its preselection; None for one without."""
    cuts = network.preselection if isinstance(network, JointNetwork) else network
    return cuts if isinstance(cuts, CutNetwork) else None


@dataclass(frozen=True)
class NetworkSettings:
    """What a network is, apart from its features: enough to build it again.

    Parameters
    ----------
    model : str
        ``linear``, ``fully_connected``, ``one_to_one``, ``scan`` or ``joint``: one set of cuts as a
        preselection, times a fully connected network.
    targets : sequence of float
        Target signal efficiencies: any number for a scan, at most one for a one-to-one network. For a network
        without cuts, working points to find on its score after the training.
    weights : str or sequence of float
        Weights of a cut network: ``directions`` (+-1 from the directions of the features), ``learned``,
        ``windows`` (both sides of every feature, whatever the directions), or one number a feature.
    activation_scale : float
        Sharpness of a cut network's sigmoids.
    start : float
        Where the cuts of a cut network start: this far on the loose side of zero [scaled units].
    monotone : bool
        Whether no cut of a scan may be tighter at a higher target than at a lower one.
    hidden_layers : sequence of int
        Nodes of the hidden layers of a ``fully_connected`` model, or of the classifier of a ``joint`` one.
    bias : bool
        Whether a ``linear`` model has a bias; the layers of a fully connected one always have.
    precision : str
        ``float32`` or ``float64``, of parameters, features and training.
    cut_function : str
        What stands for the step of a cut, of :data:`cabin_core.cut_functions.CUT_FUNCTIONS`.
    event_property : str
        Name of the property that the cuts follow, the last column of the features; none where empty.
    bin_edges : sequence of float
        Of the bins of that property [its unit].
    kept_fraction : float, optional
        The largest fraction of the background that the preselection of a joint network keeps, in (0, 1].
    classifier_output : str
        ``sigmoid`` or ``raw``: whether the classifier of a joint network ends in a sigmoid.
    initial_weights : str
        ``uniform``, as torch has it, or ``truncated_normal``: how the layers of a network with hidden layers
        start.

    Raises
    ------
    ValueError
        If the model or the precision is unknown, or a setting is wrong or not one of this model's.
    """

    model: str
    targets: tuple[float, ...] = ()
    weights: str | tuple[float, ...] = "directions"
    activation_scale: float = 15.0
    start: float = 0.0
    monotone: bool = False
    hidden_layers: tuple[int, ...] = ()
    bias: bool = False
    precision: str = "float32"
    cut_function: str = "sigmoid"
    event_property: str = ""
    bin_edges: tuple[float, ...] = ()
    kept_fraction: float | None = None
    classifier_output: str = "sigmoid"
    initial_weights: str = "uniform"

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise ValueError(f"unknown model {self.model!r}: one of {', '.join(MODELS)}")
        if self.precision not in DTYPES:
            raise ValueError(f"unknown precision {self.precision!r}: one of {', '.join(DTYPES)}")
        object.__setattr__(self, "targets", check_targets(self.targets))
        check_cut_function(self.cut_function)
        if bool(self.event_property) != bool(self.bin_edges):
            raise ValueError("a property of the event needs its bin edges, and bin edges a property")
        if self.bin_edges:
            object.__setattr__(self, "bin_edges", check_bin_edges(self.bin_edges))
        object.__setattr__(self, "hidden_layers", tuple(self.hidden_layers))
        if not isinstance(self.weights, str):
            object.__setattr__(self, "weights", tuple(float(weight) for weight in self.weights))
        elif self.weights not in ("directions", "learned", "windows"):
            raise ValueError(
                f"weights must be 'directions', 'learned', 'windows' or numbers, not {self.weights!r}"
            )
        if self.model == "scan" and not self.targets:
            raise ValueError("an efficiency scan needs at least one target efficiency")
        if self.model == "joint" and self.targets:
            raise ValueError("a joint network has a kept fraction rather than targets")
        if self.kept_fraction is not None:
            check_kept_fractions([self.kept_fraction])
        if self.classifier_output not in CLASSIFIER_OUTPUTS:
            raise ValueError(
                f"unknown classifier_output {self.classifier_output!r}: {' or '.join(CLASSIFIER_OUTPUTS)}"
            )
        if self.initial_weights not in INITIAL_WEIGHTS:
            raise ValueError(
                f"unknown initial_weights {self.initial_weights!r}: {' or '.join(INITIAL_WEIGHTS)}"
            )
        if self.initial_weights != "uniform" and not self.hidden_layers:
            raise ValueError(f"initial_weights belong to a network with hidden layers, not to {self.model}")
        for name, without in (("kept_fraction", None), ("classifier_output", "sigmoid")):
            if self.model != "joint" and getattr(self, name) != without:
                raise ValueError(f"{name} belongs to a joint network, not to {self.model}")
        if self.model == "one_to_one" and len(self.targets) > 1:
            raise ValueError(f"a {self.model} network has at most one target, not {len(self.targets)}")
        if not self.activation_scale > 0:
            raise ValueError(f"activation_scale must be positive, not {self.activation_scale}")
        if bool(self.hidden_layers) != (self.model in ("fully_connected", "joint")):
            raise ValueError(
                f"hidden_layers belong to a fully_connected or joint network, and to these only: {self.model}"
            )
        if self.bias and self.model != "linear":
            raise ValueError(f"bias belongs to a linear network, not to {self.model}")
        if self.model not in WITH_CUTS:
            for name, unset in (
                ("weights", "directions"),
                ("start", 0),
                ("cut_function", "sigmoid"),
                ("event_property", ""),
            ):
                if getattr(self, name) != unset:
                    raise ValueError(f"{name} belongs to a cut network, not to {self.model}")
        if self.monotone and self.model != "scan":
            raise ValueError(f"monotone belongs to a scan, not to {self.model}")
        if self.weights == "windows" and not self.start > 0:
            raise ValueError(
                f"start must be positive for windows, not {self.start}: their lower edges would start above "
                "the upper ones"
            )

    @property
    def n_bins(self) -> int:
        """Bins of the property, 1 without."""
        return max(len(self.bin_edges) - 1, 1)

    @property
    def has_cuts(self) -> bool:
        """Whether the model selects by cuts rather than by its score."""
        return self.model in WITH_CUTS

    @property
    def dtype(self) -> torch.dtype:
        """The floating type that ``precision`` names."""
        return DTYPES[self.precision]


def check_targets(targets: Sequence[float]) -> tuple[float, ...]:
    """Return the target signal efficiencies as floats.

    Raises
    ------
    ValueError
        If one is outside (0, 1) or repeated.
    """
    values = tuple(float(target) for target in targets)
    outside = [target for target in values if not 0.0 < target < 1.0]
    if outside:
        raise ValueError(f"target efficiencies must lie between 0 and 1, both excluded: {outside}")
    if len(set(values)) != len(values):
        repeated = sorted({target for target in values if values.count(target) > 1})
        raise ValueError(f"target efficiencies are repeated: {repeated}")
    return values


def check_kept_fractions(fractions: Sequence[float]) -> tuple[float, ...]:
    """Return kept fractions as floats.

    Raises
    ------
    ValueError
        If there is none, or one is outside (0, 1].
    """
    values = tuple(float(fraction) for fraction in fractions)
    if not values or not all(0 < value <= 1 for value in values):
        raise ValueError(f"a kept fraction must lie in (0, 1], not {list(values)}")
    return values


def check_bin_edges(edges: Sequence[float]) -> tuple[float, ...]:
    """Return the edges of the bins of a property as floats.

    Raises
    ------
    ValueError
        If there are fewer than two, or they are not finite and increasing.
    """
    values = tuple(float(edge) for edge in edges)
    if len(values) < 2:
        raise ValueError(f"bins need at least two edges, not {list(values)}")
    if not all(low < high < math.inf for low, high in itertools.pairwise((-math.inf, *values))):
        raise ValueError(f"the edges of the bins must be finite and increasing: {list(values)}")
    return values


def build_network(
    settings: NetworkSettings, directions: Sequence[str], seed: int = 0, *, n_rows: int = 1
) -> nn.Module:
    """Build a network with its starting parameters.

    Parameters
    ----------
    settings : NetworkSettings
        Model and targets.
    directions : sequence of str
        ``>`` or ``<`` for each feature.
    seed : int
        Seed of the starting parameters; the generator of the caller is left as it was.
    n_rows : int
        Sets of cuts of a joint network, each with an output of the classifier.

    Returns
    -------
    torch.nn.Module
        A function of features (n_events, n_features) that gives scores (n_events, n_rows).

    Raises
    ------
    ValueError
        If a direction is neither ``>`` nor ``<``, and as the networks do.
    """
    for direction in directions:
        if direction not in SIGN_OF_DIRECTION:
            raise ValueError(f"unknown direction {direction!r} of a cut: '>' or '<'")
    n_features = len(directions)
    weights: Sequence[float] | None
    if settings.weights == "directions":
        weights = [SIGN_OF_DIRECTION[direction] for direction in directions]
    elif isinstance(settings.weights, str):  # learned, or set by the windows
        weights = None
    else:
        weights = settings.weights
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = _new_network(settings, n_features, weights, n_rows)
        if settings.initial_weights == "truncated_normal":
            network.apply(_start_truncated_normal)
    return network.to(settings.dtype)


def _start_truncated_normal(module: nn.Module) -> None:
    """Draw the weights of a layer anew: normal of width 1 / sqrt(inputs), cut at twice that; biases are 0."""
    if isinstance(module, nn.Linear):
        width = module.in_features**-0.5
        nn.init.trunc_normal_(module.weight, std=width, a=-2 * width, b=2 * width)
        nn.init.zeros_(module.bias)


def _new_network(
    settings: NetworkSettings, n_features: int, weights: Sequence[float] | None, n_rows: int
) -> nn.Module:
    if settings.model == "linear":
        return LinearNetwork(n_features, bias=settings.bias)
    if settings.model == "fully_connected":
        return FullyConnectedNetwork(n_features, settings.hidden_layers)
    edges: dict[str, Any] = {
        "windows": settings.weights == "windows",
        "start": settings.start,
        "bin_edges": settings.bin_edges or None,
        "cut_function": settings.cut_function,
    }
    sharpness = settings.activation_scale
    if settings.model == "one_to_one":
        return OneToOneLinear(n_features, weights, sharpness, **edges)
    if settings.model == "joint":
        cuts = CutNetwork(n_features, n_rows, weights, sharpness, **edges)
        sigmoid = settings.classifier_output == "sigmoid"
        classifier = FullyConnectedNetwork(
            n_features, settings.hidden_layers, n_rows, sigmoid=sigmoid, events_innermost=True
        )
        return JointNetwork(cuts, classifier)
    return EfficiencyScanNetwork(
        n_features, settings.targets, weights, sharpness, monotone=settings.monotone, **edges
    )
