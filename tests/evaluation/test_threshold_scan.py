"""Yields above each threshold on a score, and the boundary of a linear network."""

import math

import pandas as pd
import pytest
import torch

from cabin_core import FeatureScaling, LinearNetwork, OneToOneLinear, TrainedNetwork
from scripts.counting_experiment import CountingExperiment
from scripts.evaluation.threshold_scan import (
    best_threshold,
    linear_boundary,
    meets_demands,
    scan_network,
    scan_thresholds,
)

EXPERIMENT = CountingExperiment(
    luminosity=3000.0,
    cross_sections={"s": 0.1, "b1": 1.0, "b2": 100.0},
    relative_uncertainty=0.0,
    minimum_signal=0.0,
)
EVENTS = pd.DataFrame(
    {
        "score": [0.9, 0.7, 0.6, 0.8, 0.5, 0.2],
        "label": [1, 1, 1, 0, 0, 0],
        "process": ["s", "s", "s", "b1", "b2", "b2"],
        "weight": 1.0,
    }
)


def test_scan_by_hand():
    scan = scan_thresholds(EVENTS, EXPERIMENT).set_index("threshold")
    at = scan.loc[0.6]  # above it, not at it
    assert (at["signal_yield"], at["background_yield"], at["background_events"]) == (200.0, 3000.0, 1.0)
    assert at["significance"] == pytest.approx(200 / math.sqrt(3000))
    assert at["signal_efficiency"] == pytest.approx(2 / 3)
    assert at["background_efficiency_generated"] == pytest.approx(1 / 3)
    assert at["background_efficiency_expected"] == pytest.approx(3000 / 303_000)
    assert at[["efficiency_s", "efficiency_b1", "efficiency_b2"]].to_list() == [
        pytest.approx(2 / 3),
        1.0,
        0.0,
    ]
    everything = scan.loc[0.0]
    assert everything["significance"] == pytest.approx(300 / math.sqrt(303_000), rel=1e-12)  # Z2
    assert math.isnan(scan["significance"].iloc[-1])
    assert scan.index.is_monotonic_increasing


def test_demands():
    scan = scan_thresholds(EVENTS, EXPERIMENT)
    best = best_threshold(scan, {"background_events": 1})
    assert best["significance"] == pytest.approx(300 / math.sqrt(3000))
    assert not meets_demands(scan, {"background_yield": 5.0, "signal_efficiency": 0.9}).iloc[-1]
    with pytest.raises(ValueError, match="no threshold meets the demands"):
        best_threshold(scan, {"background_events": 10})


def test_a_scan_needs_one_score():
    scores = pd.DataFrame({"score_0.2": [0.0], "score_0.3": [0.0]})
    with pytest.raises(ValueError, match="needs one score an event, not score_0"):
        scan_network(pd.DataFrame({"x": [1.0]}), scores, EXPERIMENT)


def test_boundary_in_physical_units():
    network = LinearNetwork(2, bias=True)
    network.linear.weight.data = torch.tensor([[2.0, -1.0]])
    network.linear.bias.data = torch.tensor([0.5])
    scaling = FeatureScaling(["x1", "x2"], [10.0, 20.0], [4.0, 0.5])
    weights, constant = linear_boundary(TrainedNetwork(network, scaling, (">", ">"), {}))
    point = torch.tensor([[11.0, 22.0]], dtype=torch.float64)
    expected = network.double().logits(scaling.scale(point)).item()
    assert point.numpy() @ weights + constant == pytest.approx(expected)
    cuts = TrainedNetwork(OneToOneLinear(2, weights=[1.0, 1.0]), scaling, (">", ">"), {})
    with pytest.raises(ValueError, match="only a linear network has a straight boundary"):
        linear_boundary(cuts)


@pytest.mark.parametrize(
    ("cross_sections", "message"),
    [
        ({"s": 0.1, "b1": 1.0}, "none of the process b2: give it in fb"),
        (EXPERIMENT.cross_sections | {"b3": 1.0}, "process b3: no event of it in the sample"),
    ],
)
def test_wrong_processes_get_one_line(cross_sections, message):
    experiment = EXPERIMENT.model_copy(update={"cross_sections": cross_sections})
    with pytest.raises(ValueError, match=message):
        scan_thresholds(EVENTS, experiment)
