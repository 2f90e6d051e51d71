"""Differentiable selection cuts: cut networks, their losses, training and metrics.

The core of the CABIN method (arXiv:2502.08615): a cut is a bias in a tiny network, the score of an
event is a product of sigmoids, and a loss steers the cuts to a target signal efficiency. The package
knows tensors only: no plots, no tables, no workflow.
"""

from cabin_core.constraint import EfficiencyConstraint
from cabin_core.events import EventSample
from cabin_core.joint import JointLoss, fit_kept_fractions
from cabin_core.losses import CutLoss, EventSums, ExpectedYields, LossTerms
from cabin_core.lovasz import LovaszZLoss, lovasz_z_loss
from cabin_core.metrics import CutEfficiencies, hard_cut_efficiencies, passes_cuts
from cabin_core.networks import (
    CutNetwork,
    EfficiencyScanNetwork,
    FullyConnectedNetwork,
    JointNetwork,
    LinearNetwork,
    NetworkSettings,
    OneToOneLinear,
    build_network,
)
from cabin_core.persistence import TrainedNetwork, load_network, save_network
from cabin_core.scaling import FeatureScaling
from cabin_core.significance import asimov_significance
from cabin_core.training import History, Schedule, TrainingSettings, train
from cabin_core.watts_losses import WattsLoss

__all__ = [
    "CutEfficiencies",
    "CutLoss",
    "CutNetwork",
    "EfficiencyConstraint",
    "EfficiencyScanNetwork",
    "EventSample",
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
    "NetworkSettings",
    "OneToOneLinear",
    "Schedule",
    "TrainedNetwork",
    "TrainingSettings",
    "WattsLoss",
    "asimov_significance",
    "build_network",
    "fit_kept_fractions",
    "hard_cut_efficiencies",
    "load_network",
    "lovasz_z_loss",
    "passes_cuts",
    "save_network",
    "train",
]
