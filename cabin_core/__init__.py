"""Differentiable selection cuts: cut networks, their losses, training and metrics.

The core of the CABIN method (arXiv:2502.08615): a cut is a bias in a small network, the score of an
event is a product of sigmoids, and a loss steers the cuts to a target signal efficiency. The package
knows tensors only: no plots, no tables, no workflow.
"""

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
