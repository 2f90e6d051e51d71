"""Shifted inputs: sizes in units of the spread, the working point asked for, and weights."""

import numpy as np
import pandas as pd
import pytest
import torch

from cabin_core import FeatureScaling, TrainedNetwork, save_network
from scripts import analyse_study
from scripts.analyses.robustness import shift_features
from scripts.parsing import parse_kind
from tests.studies import NETWORKS, study_entry

DIRECTIONS = (">", "<")
FEATURES = ["x", "y"]
MEAN, SPREAD = [1.0, -2.0], [2.0, 0.5]


def shifted_efficiencies(folder, name, entry, network, **settings):
    """Run the job on a network; the feature table lies in the folder."""
    scaling = FeatureScaling(FEATURES, MEAN, SPREAD)
    save_network(folder / "model.pt", TrainedNetwork(network, scaling, DIRECTIONS, entry))
    study = study_entry(
        features=[{"name": name, "direction": side} for name, side in zip(FEATURES, DIRECTIONS, strict=True)],
        networks={name: entry},
        analyses={"robustness": settings},
    )
    analyse_study.main(
        table=folder / "robustness.csv",
        analysis="robustness",
        study=study,
        study_name="toy",
        features=folder / "features.parquet",
        models=[folder / "model.pt"],
    )
    return pd.read_csv(folder / "robustness.csv")


@pytest.fixture
def events():
    generator = np.random.default_rng(3)
    label = np.arange(4000) % 2
    table = pd.DataFrame(generator.normal(size=(4000, 2)), columns=FEATURES)
    return table.assign(label=label, split="test", weight=1.0 + np.arange(4000) // 2 % 2)


def test_shifts_are_even_up_to_the_largest_in_units_of_the_spread(events):
    shifted = shift_features(events, FEATURES, DIRECTIONS, np.array(SPREAD), 0.3, seed=1)
    towards = np.where(events["label"] == 1, -1.0, 1.0)[:, None] * np.array([1.0, -1.0])
    sizes = (shifted[FEATURES] - events[FEATURES]).to_numpy() * towards / SPREAD
    assert sizes.min() >= -1e-12
    assert sizes.max() == pytest.approx(0.3, abs=1e-3)
    assert sizes.mean() == pytest.approx(0.15, abs=0.005)
    # Each feature of each event by its own.
    assert abs(np.corrcoef(sizes.T)[0, 1]) < 0.1
    again, other = (
        shift_features(events, FEATURES, DIRECTIONS, np.array(SPREAD), 0.3, seed) for seed in (1, 2)
    )
    pd.testing.assert_frame_equal(shifted, again)
    assert not shifted.equals(other)
    pd.testing.assert_frame_equal(shifted.drop(columns=FEATURES), events.drop(columns=FEATURES))


def test_efficiencies_of_the_working_point_of_a_target(events, tmp_path):
    """Cuts so sharp that a score above 1/2 is what passes them."""
    changes = {"targets": [0.9, 0.4], "activation_scale": 1e6, "precision": "float64"}
    entry = NETWORKS["scan"] | changes
    network = parse_kind("model", entry).build(DIRECTIONS)
    network.bias.data = torch.tensor([[[1.0, 1.5], [0.2, 0.3]]], dtype=torch.float64)
    events["y"] -= 2.0
    training = events.iloc[:100].assign(split="train")
    pd.concat([training, events], ignore_index=True).to_parquet(tmp_path / "features.parquet")
    points = [{"network": "scan", "target": target, "score_above": 0.5} for target in (0.9, 0.4)]
    found = shifted_efficiencies(
        tmp_path, "scan", entry, network, shifts=[0.0, 0.4], seed=7, selections=points
    ).set_index(["target_efficiency", "max_shift"])
    for target, (low, high) in {0.9: (-1.0, 1.5), 0.4: (-0.2, 0.3)}.items():
        for shift in (0.0, 0.4):
            moved = shift_features(events, FEATURES, DIRECTIONS, np.array(SPREAD), shift, seed=7)
            scaled = (moved[FEATURES] - MEAN) / SPREAD
            passed = (scaled["x"] > low) & (scaled["y"] < high)
            for name, label in (("signal", 1), ("background", 0)):
                of_class = events["label"] == label
                expected = np.average(passed[of_class], weights=events["weight"][of_class])
                assert found.loc[(target, shift), f"{name}_efficiency"] == pytest.approx(expected)


def test_a_score_at_the_threshold_is_not_above_it(events, tmp_path):
    entry = NETWORKS["linear"] | {"precision": "float64"}
    network = parse_kind("model", entry).build(DIRECTIONS)
    network.linear.weight.data.zero_()
    pd.concat([events, events.assign(split="train")]).to_parquet(tmp_path / "features.parquet")
    points = [{"network": "linear", "score_above": above} for above in (0.5, 0.49)]
    found = shifted_efficiencies(
        tmp_path, "linear", entry, network, shifts=[0.0, 0.1], seed=7, selections=points
    )
    assert found["signal_efficiency"].to_list() == [0.0, 0.0, 1.0, 1.0]
