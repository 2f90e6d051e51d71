"""What a chain of cuts and a network is worth against the fraction of the background that the cuts keep."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.special import xlogy
from sklearn.metrics import roc_auc_score
from torch import nn

from cabin_core import (
    CutLoss,
    EventSample,
    FeatureScaling,
    JointLoss,
    JointNetwork,
    NetworkSettings,
    Schedule,
    TrainingSettings,
    build_network,
    fit_kept_fractions,
    train,
)
from scripts.feature_table import CLASSES, draw_split, fit_scaling, read_feature_table
from scripts.network_config import parse_network
from scripts.progress import LineProgress
from scripts.searches import ROUNDING
from scripts.train_network import make_sample
from scripts.yields import selected_yields

log = logging.getLogger("cabin.scan_kept_fractions")

#: Thresholds on the score that are tried for the best significance: even steps of the signal that is kept.
N_THRESHOLDS = 200

#: Background events of the training sample that a threshold must leave.
LEAST_BACKGROUND = 10

STRATEGIES = ("together", "cuts first", "network alone")

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Chain:
    """How to train cuts and a network, and on what.

    Parameters
    ----------
    settings : NetworkSettings
        Of a joint network.
    training : TrainingSettings
    loss : JointLoss
        With a kept fraction for each row.
    directions : tuple of str
        ``>`` or ``<`` for each feature.
    sample : EventSample
        The training sample, scaled.
    """

    settings: NetworkSettings
    training: TrainingSettings
    loss: JointLoss
    directions: tuple[str, ...]
    sample: EventSample

    def together(self, seed: int) -> JointNetwork:
        """Return cuts and network trained in one go."""
        network = self._new(seed)
        train(network, self.loss.variant(), self.sample, None, self.training)
        fit_kept_fractions(network.preselection, self.sample, self.loss.kept_fractions)
        return network

    def cuts_first(self, seed: int) -> JointNetwork:
        """Return cuts that keep the most signal, and a network trained on the events that pass them."""
        network = self._new(seed)
        train(network, self.loss.variant(coupling=0.0), self.sample, None, self.training)
        fit_kept_fractions(network.preselection, self.sample, self.loss.kept_fractions)
        # As if there had been no network behind them.
        network.classifier = self._new(seed).classifier
        network.preselection.requires_grad_(False)
        network.preselection.cut_function = "hard"
        all_kept = [1.0] * len(self.loss.kept_fractions)
        loss = self.loss.variant(all_kept, handover=(0.0, 0.0), coupling=1.0)
        train(network, loss, self.sample, None, self._without_cuts())
        return network

    def network_alone(self, seed: int) -> nn.Module:
        """Return a network that is trained on all events, with one output."""
        settings = NetworkSettings(
            "fully_connected", hidden_layers=self.settings.hidden_layers, precision=self.settings.precision
        )
        network = build_network(settings, self.directions, seed)
        train(network, CutLoss(bce=1.0), self.sample, None, self._without_cuts())
        return network

    def _without_cuts(self) -> TrainingSettings:
        """Return the training of the network alone, at the rates of the classifier."""
        rate, schedule = self.training.learning_rate, self.training.schedule
        of_classifier = self.training.classifier_learning_rate or rate
        if schedule is not None:
            last = schedule.last_learning_rate
            schedule = Schedule(last_learning_rate=None if last is None else last * of_classifier / rate)
        return replace(
            self.training, learning_rate=of_classifier, classifier_learning_rate=None, schedule=schedule
        )

    def _new(self, seed: int) -> JointNetwork:
        network = build_network(self.settings, self.directions, seed, n_rows=len(self.loss.kept_fractions))
        if not isinstance(network, JointNetwork):
            raise TypeError(f"a chain is of a joint network, not of a {self.settings.model} one")
        return network


def rank_by_network(
    network: nn.Module, sample: EventSample, features: torch.Tensor, fractions: tuple[float, ...]
) -> Scores:
    """Return the scores of a network alone, which keeps events by that very score.

    Parameters
    ----------
    network : torch.nn.Module
        With one output.
    sample : EventSample
        The training sample, whose background sets the thresholds.
    features : Tensor, shape (n_events, n_features)
        Scaled.
    fractions : tuple of float
        Of the background, to be kept.

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
    events: pd.DataFrame, scores: Scores, fractions: tuple[float, ...], search: dict[str, Any] | None
) -> pd.DataFrame:
    """Return what chains are worth on the test sample.

    Parameters
    ----------
    events : DataFrame
        A feature table.
    scores : ndarray, shape (n_events, n_fractions)
        0 for events that are dropped.
    fractions : tuple of float
        Asked for.
    search : dict, optional
        The key ``search`` of the study, for the significance.

    Returns
    -------
    DataFrame
        One row a fraction: ``fraction``; of the test sample ``kept_background``, ``kept_signal`` and the
        ``auc``, dropped events sharing the last rank; the ``cross_entropy``, both classes counting the same
        and dropped events known by their number only; and the ``significance`` of the events above the
        threshold that is best on the training sample (NaN without a search).
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
        area = roc_auc_score(is_signal[is_test], column[is_test], sample_weight=weights[is_test])
        significance = np.nan if search is None else _significance(events, column, is_test, is_signal, search)
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
    """Return the cross-entropy of a chain, as :class:`cabin_core.JointLoss` has it, of hard cuts."""
    dropped, total = [], 0.0
    for of_class, probability in ((is_signal, scores), (~is_signal, 1.0 - scores)):
        share = weights[of_class] / weights[of_class].sum()
        kept = scores[of_class] > 0
        # Float64 scores of exactly 1 would cost an infinity.
        total -= share[kept] @ np.log(np.maximum(probability[of_class][kept], 1e-12))
        dropped.append(share[~kept].sum())
    # -a ln(a / (a + b)) - b ln(b / (a + b))
    return float(total + xlogy(sum(dropped), sum(dropped)) - xlogy(dropped, dropped).sum())


def _significance(
    events: pd.DataFrame,
    scores: Scores,
    is_test: NDArray[np.bool_],
    is_signal: NDArray[np.bool_],
    search: dict[str, Any],
) -> float:
    kept = scores[~is_test & is_signal & (scores > 0)]
    of_background = np.sort(scores[~is_test & ~is_signal])
    # From zero, which takes all that is kept, to where enough background is left to know its yield.
    thresholds = np.quantile(kept, np.linspace(0.0, 1.0, N_THRESHOLDS)[:-1]) if len(kept) else np.zeros(0)
    thresholds = np.append(
        0.0, thresholds[thresholds < of_background[-min(LEAST_BACKGROUND, len(of_background))]]
    )
    of_training = selected_yields(events[~is_test], scores[~is_test, None] > thresholds, search)
    # The first of those that keep the same events, whose sums differ by rounding.
    significance = of_training["significance"]
    best = thresholds[int((significance >= significance.max() * (1 - ROUNDING)).idxmax())]
    return float(
        selected_yields(events[is_test], scores[is_test, None] > best, search)["significance"].iloc[0]
    )


def main(
    *,
    table: Path,
    kept_fractions: Path,
    name: str,
    settings: dict[str, Any],
    network: dict[str, Any],
    features: list[str],
    directions: list[str],
    split: dict[str, Any],
    search: dict[str, Any] | None,
    equal_class_weights: bool = False,
) -> None:
    """Write what chains are worth, of three strategies and several seeds.

    A seed is that of the split into training and test events and of the networks, so that its spread is that
    of another sample.

    Parameters
    ----------
    table : Path
        Feature table.
    kept_fractions : Path
        Written (csv).
    name : str
        Of the study, for the progress lines.
    settings : dict
        The key ``kept_fractions`` of the study: ``fractions`` and ``seeds``.
    network : dict
        The entry of the joint network in the config; its kept fraction is replaced.
    features, directions : list of str
        Of the study.
    split : dict
        Of the study; its seed is replaced.
    search : dict, optional
        The key ``search`` of the study.
    equal_class_weights : bool
        As :func:`scripts.train_network.make_sample` takes it, for the network alone: cuts and a network count
        both classes the same anyway.
    """
    torch.set_num_threads(1)
    events = read_feature_table(table, features)
    fractions = tuple(float(fraction) for fraction in settings["fractions"])
    parsed, loss, training = parse_network(network)
    if not isinstance(loss, JointLoss):
        raise ValueError(f"{name}: the scan of kept fractions needs a network with the loss joint")
    loss = loss.variant(fractions)
    progress = LineProgress(log, name, "training", len(settings["seeds"]) * len(STRATEGIES))
    parts = []
    for seed in settings["seeds"]:
        events["split"] = draw_split(len(events), split | {"seed": seed})
        scaling = FeatureScaling(features, *fit_scaling(events, features))
        sample = make_sample(events, scaling, "train", parsed.dtype, equal_class_weights=equal_class_weights)
        values = torch.from_numpy(events[features].to_numpy(dtype="float64", copy=True))
        scaled = scaling.scale(values).to(parsed.dtype)
        chain = Chain(parsed, training, loss, tuple(directions), sample)
        for strategy in STRATEGIES:
            scores = _scores(chain, strategy, seed, scaled)
            measured = measure_chain(events, scores, fractions, search)
            measured.insert(0, "strategy", strategy)
            measured.insert(1, "seed", seed)
            parts.append(measured)
            progress.update(len(parts), f"{strategy}, mean AUC {measured['auc'].mean():.4f}")
    pd.concat(parts, ignore_index=True).to_csv(kept_fractions, index=False)


def _scores(chain: Chain, strategy: str, seed: int, features: torch.Tensor) -> Scores:
    if strategy == "network alone":
        alone = chain.network_alone(seed)
        return rank_by_network(alone, chain.sample, features, chain.loss.kept_fractions)
    trained = chain.together(seed) if strategy == "together" else chain.cuts_first(seed)
    with torch.no_grad():
        scores: Scores = trained.hard_scores(features).double().numpy()
    return scores


if "snakemake" in globals():
    from scripts._bridge import bridge

    bridge(globals()["snakemake"], main)
