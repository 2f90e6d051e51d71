"""Chains of cuts and a network: how each part is trained, and what they are worth, by hand."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from cabin_core import (
    CutLoss,
    EventSample,
    JointLoss,
    Schedule,
    TrainingSettings,
    asimov_significance,
    fit_kept_fractions,
    train,
)
from scripts.analyses.chains import Chain, FixedCutsLoss, measure_chain
from scripts.counting_experiment import CountingExperiment
from scripts.models import fully_connected, joint
from scripts.parsing import parse

DIRECTIONS = (">", "<")
FRACTIONS = (0.3, 0.6)
SHARED = {"hidden_layers": [3], "precision": "float64", "optimizer": "sgd", "epochs": 2, "seed": 123}
SETTINGS = parse(
    joint.Settings,
    SHARED
    | {
        "model": "joint",
        "kept_fraction": 0.3,
        "activation_scale": 5.0,
        "start": 1.0,
        "loss": {"joint": {}},
        "learning_rate": 0.4,
        "classifier_learning_rate": 0.1,
        "schedule": {"first_activation_scale": 2.0, "last_learning_rate": 0.1},
    },
)
TRAINING = TrainingSettings(
    2,
    learning_rate=0.4,
    classifier_learning_rate=0.1,
    schedule=Schedule(first_activation_scale=2.0, last_learning_rate=0.1),
)


@pytest.fixture
def chain():
    generator = torch.Generator().manual_seed(1)
    is_signal = torch.arange(80) % 2 == 0
    features = torch.randn(80, 2, generator=generator, dtype=torch.float64)
    features += is_signal[:, None] * torch.tensor([1.0, -1.0])
    weights = 0.5 + torch.rand(80, generator=generator, dtype=torch.float64)
    return Chain(SETTINGS, FRACTIONS, DIRECTIONS, EventSample(features, is_signal, weights))


def same_parameters(first, second):
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_a_network_alone_is_trained_at_the_rates_of_the_classifier(chain):
    network = chain.network_alone(seed=3)
    entry = SHARED | {"model": "fully_connected", "loss": {"bce": 1.0}, "learning_rate": 0.1}
    expected = parse(fully_connected.Settings, entry).build(DIRECTIONS, 3)
    # A quarter of the rates of the cuts, the last one too.
    plain = TrainingSettings(2, learning_rate=0.1, schedule=Schedule(last_learning_rate=0.025))
    train(expected, CutLoss(bce=1.0), chain.sample, None, plain)
    same_parameters(network, expected)


def test_cuts_first_do_not_see_the_network(chain):
    network = chain.cuts_first(seed=3)
    expected = SETTINGS.build(DIRECTIONS, 3, n_rows=2)
    train(expected, JointLoss(FRACTIONS, coupling=0.0), chain.sample, None, TRAINING)
    fit_kept_fractions(expected.preselection, chain.sample, FRACTIONS)
    same_parameters(network.preselection, expected.preselection)


def test_the_network_behind_cuts_starts_anew_and_learns_from_events_that_pass(chain):
    network, sample = chain.cuts_first(seed=3), chain.sample
    passes = (network.preselection.margins(sample.features) > 0).all(dim=1).T
    classifier = SETTINGS.build(DIRECTIONS, 3, n_rows=2).classifier
    optimizer = torch.optim.SGD(classifier.parameters(), lr=0.0)
    for rate in (0.1 * math.sqrt(0.25), 0.025):
        outputs = classifier(sample.features)
        lost = -torch.where(sample.is_signal[:, None], outputs, 1 - outputs).log() * passes
        of_classes = [
            (sample.weights[of_class] @ lost[of_class]) / sample.weights[of_class].sum()
            for of_class in (sample.is_signal, ~sample.is_signal)
        ]
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        sum(of_classes).sum().backward()
        optimizer.step()
    same_parameters(network.classifier, classifier)


def test_mini_batches_of_all_events(chain):
    """A batch of all events is a full batch; of fewer events, cuts and network learn something else."""
    whole, same, smaller = (
        replace(chain, settings=SETTINGS.model_copy(update={"batch_size": size})).cuts_first(seed=3)
        for size in (None, 80, 40)
    )
    same_parameters(whole, same)
    for part in ("preselection", "classifier"):
        ours, others = (next(getattr(network, part).parameters()) for network in (whole, smaller))
        assert ours.isfinite().all()
        assert (ours != others).any()


@pytest.mark.parametrize("kept_classes", [(True, False), (True,), ()])
def test_events_that_no_row_keeps_do_not_count(chain, kept_classes):
    """Also where the cuts drop all events of a class, or all events."""
    sample = chain.sample
    passes = torch.zeros(len(sample), 2, dtype=torch.float64)
    for of_class in kept_classes:
        passes[:50, 1] += sample.is_signal[:50] == of_class
    network = SETTINGS.build(DIRECTIONS, 3, n_rows=2).classifier
    loss = FixedCutsLoss(sample, passes)
    found = loss.evaluate(network, loss.kept).total.item()
    outputs = network(sample.features).detach()
    lost = -torch.where(sample.is_signal[:, None], outputs, 1 - outputs).log() * passes
    expected = sum(
        (sample.weights[of_class] @ lost[of_class]).sum().item() / sample.weights[of_class].sum().item()
        for of_class in (sample.is_signal, ~sample.is_signal)
    )
    assert found == pytest.approx(expected)
    assert len(loss.kept) == (50 if len(kept_classes) == 2 else 80)


def test_together_is_one_training_and_a_fit(chain):
    network = chain.together(seed=3)
    expected = SETTINGS.build(DIRECTIONS, 3, n_rows=2)
    train(expected, JointLoss(FRACTIONS), chain.sample, None, TRAINING)
    fit_kept_fractions(expected.preselection, chain.sample, FRACTIONS)
    same_parameters(network, expected)


# ---- what chains are worth ----


def test_measures_count_weights():
    events = pd.DataFrame(
        {"label": [1, 1, 0, 0, 1, 0], "split": ["test"] * 4 + ["train"] * 2, "weight": [3.0, 1, 1, 4, 9, 9]}
    )
    scores = np.array([[0.8], [0.0], [0.9], [0.0], [0.5], [0.5]])
    row = measure_chain(events, scores, (0.2,), None).iloc[0]
    assert row["kept_signal"] == 0.75
    assert row["kept_background"] == pytest.approx(0.2)
    # Pairs: kept signal above dropped background, and both dropped, which count half.
    assert row["auc"] == pytest.approx((3 * 4 + 0.5 * 1 * 4) / (4 * 5))
    kept = -0.75 * math.log(0.8) - 0.2 * math.log(1 - 0.9)
    dropped = -0.25 * math.log(0.25 / 1.05) - 0.8 * math.log(0.8 / 1.05)
    assert row["cross_entropy"] == pytest.approx(kept + dropped)


def test_significance_at_the_best_training_threshold_that_leaves_ten_events_of_background():
    rank = np.arange(1, 41) / 41
    labels = pd.DataFrame({"label": np.repeat([1, 0], 40), "weight": 1.0})
    events = pd.concat([labels.assign(split="train"), labels.assign(split="test")], ignore_index=True)
    # Above 0.7 two thirds of the signal stand against one event, which is too few to know a background by.
    signal, background = 0.6 + 0.35 * rank, np.concatenate([0.5 * rank[:30], [0.7] * 9, [0.75]])
    scores = np.concatenate([signal, background, rank, rank])[:, None]
    experiment = CountingExperiment(
        luminosity=1.0,
        cross_sections={"signal": 40.0, "background": 4000.0},
        relative_uncertainty=0.0,
        minimum_signal=0.0,
    )
    found = measure_chain(events, scores, (1.0,), experiment).iloc[0]["significance"]
    # So the best threshold is the lowest score of the signal, 0.6085: 16 of 40 events of the test sample.
    assert found == pytest.approx(asimov_significance(16.0, 1600.0, 0.0).item())
