"""Chains of cuts and a network: training with three strategies, and efficiencies on the test sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.special import xlogy
from torch import nn

from cabin_core import (
    CutLoss,
    EventSample,
    FullyConnectedNetwork,
    JointLoss,
    JointNetwork,
    LossTerms,
    Schedule,
    TrainingSettings,
    fit_kept_fractions,
    train,
)
from cabin_core.joint_loss import cross_entropy_of
from cabin_core.loss import Loss
from cabin_core.roc import roc_area

from ..data.feature_table import CLASSES
from ..data.yields import ROUNDING, selected_yields, with_yields_of
from ..models import fully_connected, joint
from ..parsing import parse

if TYPE_CHECKING:
    from ..counting_experiment import CountingExperiment

#: Number of thresholds on the score for the best significance, in even steps of the signal efficiency.
N_THRESHOLDS = 200

#: Smallest number of background events of the training sample above a threshold.
LEAST_BACKGROUND = 10

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Chain:
    """Settings and sample for the training of cuts and a network.

    Parameters
    ----------
    settings : joint.Settings
        Settings of a joint network; its kept fraction is replaced by ``fractions``.
    fractions : tuple of float
        Fraction of the background that is kept, for each row.
    directions : sequence of str
        ``>`` or ``<`` for each feature.
    sample : EventSample
        The training sample, scaled.
    """

    settings: joint.Settings
    fractions: tuple[float, ...]
    directions: Sequence[str]
    sample: EventSample

    @property
    def loss(self) -> JointLoss:
        """Loss of the chain, with a kept fraction for each row."""
        loss: JointLoss = self.settings.build_loss()
        return loss.variant(self.fractions)

    @property
    def training(self) -> TrainingSettings:
        """Training settings of cuts and network together."""
        return self.settings.training()

    def together(self, seed: int) -> JointNetwork:
        """Return cuts and network trained together."""
        network = self._new(seed)
        train(network, self.loss.variant(), self.sample, None, self.training)
        fit_kept_fractions(network.preselection, self.sample, self.fractions)
        return network

    def cuts_first(self, seed: int) -> JointNetwork:
        """Return cuts that keep the most signal, and a network trained on the events that pass them."""
        network = self._new(seed)
        # With coupling 0 the cuts ignore the network, so none is needed behind them.
        alone = JointNetwork(network.preselection, _NoClassifier())
        without_classifier = replace(self.training, classifier_learning_rate=None)
        train(alone, self.loss.variant(coupling=0.0), self.sample, None, without_classifier)
        fit_kept_fractions(network.preselection, self.sample, self.fractions)
        network.preselection.requires_grad_(False)
        network.preselection.cut_function = "hard"
        if self.training.batch_size is None:
            fixed = FixedCutsLoss(self.sample, network.preselection(self.sample.features))
            train(network.classifier, fixed, fixed.kept, None, self._without_cuts())
        else:
            all_kept = [1.0] * len(self.fractions)
            loss = self.loss.variant(all_kept, handover=(0.0, 0.0), coupling=1.0)
            train(network, loss, self.sample, None, self._without_cuts())
        return network

    def network_alone(self, seed: int) -> nn.Module:
        """Return a network with one output, trained on all events."""
        shared = ("hidden_layers", "precision", "optimizer", "learning_rate", "epochs", "seed")
        entry = {name: getattr(self.settings, name) for name in shared}
        entry |= {"model": "fully_connected", "loss": {"bce": 1.0}}
        settings = parse(fully_connected.Settings, entry)
        network = settings.build(self.directions, seed)
        assert isinstance(network, FullyConnectedNetwork)
        network.events_innermost = True
        sample = replace(self.sample, features=self.sample.by_feature)
        train(network, CutLoss(bce=1.0), sample, None, self._without_cuts())
        return network

    def _without_cuts(self) -> TrainingSettings:
        """Return the training settings of the network alone, with the learning rates of the classifier."""
        training = self.training
        rate, schedule = training.learning_rate, training.schedule
        of_classifier = training.classifier_learning_rate or rate
        if schedule is not None:
            last = schedule.last_learning_rate
            schedule = Schedule(last_learning_rate=None if last is None else last * of_classifier / rate)
        return replace(
            training, learning_rate=of_classifier, classifier_learning_rate=None, schedule=schedule
        )

    def _new(self, seed: int) -> JointNetwork:
        network = self.settings.build(self.directions, seed, n_rows=len(self.fractions))
        assert isinstance(network, JointNetwork)
        return network


class _NoClassifier(nn.Module):
    """Stands for a classifier where there is none: all outputs are a half."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return outputs of shape (n_events, 1)."""
        return features.new_full((len(features), 1), 0.5)


class FixedCutsLoss(Loss):
    """The cross-entropy of a classifier behind cuts that do not change any more, for one full batch.

    It is that of :class:`cabin_core.JointLoss` less a constant, the part of the events that the cuts drop.

    Parameters
    ----------
    sample : EventSample
    passes : Tensor, shape (n_events, n_rows)
        1 for events that pass the hard cuts of a row, 0 for others.

    Attributes
    ----------
    kept : EventSample
        The events that pass the cuts of at least one row; the others have no part in the loss.
    """

    def __init__(self, sample: EventSample, passes: torch.Tensor) -> None:
        signal, background = sample.signal_weights, sample.background_weights
        shares = signal / signal.sum() + background / background.sum()
        in_some_row = passes.any(dim=1)
        if sample.is_signal[in_some_row].unique().numel() < 2:
            # A sample has both classes; events that no row keeps have no weight in the loss.
            in_some_row = torch.ones_like(in_some_row)
        kept = sample.take(in_some_row.nonzero()[:, 0])
        self.kept = replace(kept, features=kept.by_feature)
        self._weights = (passes * shares[:, None])[in_some_row]

    def evaluate(self, network: nn.Module, sample: EventSample) -> LossTerms:
        """Return the loss of a classifier with an output for each row, on the events ``kept``."""
        lost = cross_entropy_of(network(sample.features), sample.is_signal)
        return LossTerms({"cross_entropy": (lost * self._weights).sum()})


def rank_by_network(
    network: nn.Module, sample: EventSample, features: torch.Tensor, fractions: tuple[float, ...]
) -> Scores:
    """Return the scores of a network alone, which keeps the events with the largest scores.

    Parameters
    ----------
    network : torch.nn.Module
        A network with one output.
    sample : EventSample
        The training sample, whose background sets the thresholds.
    features : Tensor, shape (n_events, n_features)
        Scaled.
    fractions : tuple of float
        Fractions of the background to keep.

    Returns
    -------
    ndarray, shape (n_events, n_fractions)
        0 below the threshold.
    """
    with torch.no_grad():
        of_background = network(sample.features)[~sample.is_signal, 0].double().numpy()
        scores = network(features).double().numpy()
    thresholds = np.quantile(of_background, 1.0 - np.array(fractions), method="higher")
    thresholds[np.array(fractions) == 1] = -np.inf
    return np.where(scores > thresholds, scores, 0.0)


def measure_chain(
    events: pd.DataFrame, scores: Scores, fractions: tuple[float, ...], experiment: CountingExperiment | None
) -> pd.DataFrame:
    """Return efficiencies, areas and significances of chains on the test sample.

    Parameters
    ----------
    events : DataFrame
        A feature table.
    scores : ndarray, shape (n_events, n_fractions)
        0 for events that are dropped.
    fractions : tuple of float
        The required fractions of the background.
    experiment : CountingExperiment, optional
        Counting experiment for the significance.

    Returns
    -------
    DataFrame
        One row for each fraction, with the columns ``fraction`` and, from the test sample,
        ``kept_background``, ``kept_signal``, ``auc`` (all dropped events share the last rank),
        ``cross_entropy`` (equal class weights; of dropped events only the number counts) and
        ``significance`` of the events above the threshold that is best on the training sample (NaN without
        an experiment).
    """
    is_test = (events["split"] == "test").to_numpy()
    is_signal = (events["label"] == CLASSES["signal"]).to_numpy()
    weights = events["weight"].to_numpy(dtype=float)
    rows = []
    for column, fraction in zip(scores.T, fractions, strict=True):
        of_test = {
            name: np.average(column[is_test & of_class] > 0, weights=weights[is_test & of_class])
            for name, of_class in (("kept_background", ~is_signal), ("kept_signal", is_signal))
        }
        lost = _cross_entropy(column[is_test], is_signal[is_test], weights[is_test])
        area = roc_area(is_signal[is_test], column[is_test], weights[is_test])
        significance = (
            np.nan if experiment is None else _significance(events, column, is_test, is_signal, experiment)
        )
        rows.append(
            {
                "fraction": fraction,
                **of_test,
                "auc": area,
                "cross_entropy": lost,
                "significance": significance,
            }
        )
    return pd.DataFrame(rows)


def _cross_entropy(scores: Scores, is_signal: NDArray[np.bool_], weights: NDArray[np.floating]) -> float:
    """Return the cross-entropy of a chain with hard cuts, defined as in :class:`cabin_core.JointLoss`."""
    dropped, total = [], 0.0
    for of_class, probability in ((is_signal, scores), (~is_signal, 1.0 - scores)):
        share = weights[of_class] / weights[of_class].sum()
        kept = scores[of_class] > 0
        # Scores of exactly 1 would give an infinite cross-entropy.
        total -= share[kept] @ np.log(np.maximum(probability[of_class][kept], 1e-12))
        dropped.append(share[~kept].sum())
    # -a ln(a / (a + b)) - b ln(b / (a + b))
    return float(total + xlogy(sum(dropped), sum(dropped)) - xlogy(dropped, dropped).sum())


def _significance(
    events: pd.DataFrame,
    scores: Scores,
    is_test: NDArray[np.bool_],
    is_signal: NDArray[np.bool_],
    experiment: CountingExperiment,
) -> float:
    experiment = with_yields_of(events, experiment)
    kept = scores[~is_test & is_signal & (scores > 0)]
    of_background = np.sort(scores[~is_test & ~is_signal])
    # From zero, which keeps all events, to where enough background events are left to estimate their yield.
    thresholds = np.quantile(kept, np.linspace(0.0, 1.0, N_THRESHOLDS)[:-1]) if len(kept) else np.zeros(0)
    thresholds = np.append(
        0.0, thresholds[thresholds < of_background[-min(LEAST_BACKGROUND, len(of_background))]]
    )
    of_training = selected_yields(events[~is_test], scores[~is_test, None] > thresholds, experiment)
    # Thresholds that keep the same events differ only by rounding; the first of them is taken.
    significance = of_training["significance"]
    best = thresholds[int((significance >= significance.max() * (1 - ROUNDING)).idxmax())]
    return float(
        selected_yields(events[is_test], scores[is_test, None] > best, experiment)["significance"].iloc[0]
    )
