"""What a network is, apart from its features, and how it is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from .classifiers import FullyConnectedNetwork, JointNetwork, LinearNetwork, start_truncated_normal
from .cut_functions import check_cut_function
from .cuts import CutNetwork, EfficiencyScanNetwork, OneToOneLinear
from .numbers import SIGN_OF_DIRECTION, check_bin_edges, check_kept_fractions, check_targets

CUT_MODELS = ("one_to_one", "scan")
#: Those with cuts; of a joint network they are its preselection.
WITH_CUTS = (*CUT_MODELS, "joint")
MODELS = ("linear", "fully_connected", *WITH_CUTS)
CLASSIFIER_OUTPUTS = ("sigmoid", "raw")
INITIAL_WEIGHTS = ("uniform", "truncated_normal")
DTYPES = {"float32": torch.float32, "float64": torch.float64}


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
            network.apply(start_truncated_normal)
    return network.to(settings.dtype)


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
