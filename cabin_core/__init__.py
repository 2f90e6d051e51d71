"""Differentiable selection cuts: cut networks, their losses, training and metrics.

The core of the CABIN method (arXiv:2502.08615): a cut is a bias in a small network, the score of an
event is a product of sigmoids, and a loss steers the cuts to a target signal efficiency. The package
knows tensors only: no plots, no tables, no workflow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .box import BoxCertificate, BoxSample, ProofLimits
    from .classifiers import FullyConnectedNetwork, JointNetwork, LinearNetwork
    from .constraint import EfficiencyConstraint
    from .cut_loss import CutLoss
    from .cuts import CutNetwork, EfficiencyScanNetwork, OneToOneLinear
    from .events import EventSample
    from .joint_loss import JointLoss, fit_kept_fractions
    from .loss import LossTerms
    from .lovasz import lovasz_z_loss
    from .lovasz_loss import LovaszZLoss
    from .metrics import CutEfficiencies, hard_cut_efficiencies, passes_cuts
    from .persistence import TrainedNetwork, load_network, save_network
    from .scaling import FeatureScaling
    from .schedule import Schedule
    from .significance import asimov_significance
    from .stream import EventBlock, EventStream
    from .sums import EventSums
    from .training import History, TrainingSettings, train
    from .watts_losses import WattsLoss
    from .yields import ExpectedYields

__all__ = [
    "BoxCertificate",
    "BoxSample",
    "CutEfficiencies",
    "CutLoss",
    "CutNetwork",
    "EfficiencyConstraint",
    "EfficiencyScanNetwork",
    "EventBlock",
    "EventSample",
    "EventStream",
    "EventSums",
    "ExpectedYields",
    "FeatureScaling",
    "FullyConnectedNetwork",
    "History",
    "JointLoss",
    "JointNetwork",
    "LinearNetwork",
    "LossTerms",
    "LovaszZLoss",
    "OneToOneLinear",
    "ProofLimits",
    "Schedule",
    "TrainedNetwork",
    "TrainingSettings",
    "WattsLoss",
    "asimov_significance",
    "fit_kept_fractions",
    "hard_cut_efficiencies",
    "load_network",
    "lovasz_z_loss",
    "passes_cuts",
    "save_network",
    "train",
]

#: The names of each module. It is imported when one of them is first used: torch takes seconds to import, and
#: numbers, metrics and the like do without.
_NAMES = {
    "box": ["BoxCertificate", "BoxSample", "ProofLimits"],
    "classifiers": ["FullyConnectedNetwork", "JointNetwork", "LinearNetwork"],
    "constraint": ["EfficiencyConstraint"],
    "cut_loss": ["CutLoss"],
    "cuts": ["CutNetwork", "EfficiencyScanNetwork", "OneToOneLinear"],
    "events": ["EventSample"],
    "joint_loss": ["JointLoss", "fit_kept_fractions"],
    "loss": ["LossTerms"],
    "lovasz": ["lovasz_z_loss"],
    "lovasz_loss": ["LovaszZLoss"],
    "metrics": ["CutEfficiencies", "hard_cut_efficiencies", "passes_cuts"],
    "persistence": ["TrainedNetwork", "load_network", "save_network"],
    "scaling": ["FeatureScaling"],
    "schedule": ["Schedule"],
    "significance": ["asimov_significance"],
    "stream": ["EventBlock", "EventStream"],
    "sums": ["EventSums"],
    "training": ["History", "TrainingSettings", "train"],
    "watts_losses": ["WattsLoss"],
    "yields": ["ExpectedYields"],
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
