"""Networks beside the best cuts that keep as much signal."""

import numpy as np
import pandas as pd
import pytest

from scripts.analyses.certified_points import certify_points
from scripts.evaluation.network_points import NetworkPoints
from scripts.kinds import module_of
from scripts.models.best_boxes import box_edges
from scripts.models.boxes import BoxModel
from scripts.parsing import parse_into
from tests.faults import changed, check_line
from tests.studies import NETWORKS, study_entry

FEATURES, DIRECTIONS = ["a", "b"], [">", "<"]
SCALING = np.zeros(2), np.ones(2)


@pytest.fixture(scope="module")
def events():
    random = np.random.default_rng(2)
    label = np.arange(1200) % 2
    return pd.DataFrame(
        {
            "a": random.normal(label),
            "b": random.normal(-label),
            "label": label,
            "weight": np.where(label == 1, 1.0, 0.5),
            "split": np.where(np.arange(1200) < 800, "train", "test"),
        }
    )


def options(**changes):
    settings = {"networks": ["n"], "starts": 3, "seed": 1} | changes
    return parse_into(module_of("analysis", "certify").Settings, settings, "certify", [])


def points(name, model):
    targets = np.array(model.targets)
    return NetworkPoints(name, targets, np.full(len(targets), np.nan), model.cuts())


NETWORKS_WITH_CUTS = {
    "directions": BoxModel.from_edges(
        [[("a", ">", -0.5), ("b", "<", 0.5)], [("a", ">", 0.2)], [("a", ">", 99.0)]],
        [0.6, 0.7, 0.8],
        FEATURES,
        SCALING,
    ),
    "windows": BoxModel.from_edges(
        [[("a", ">", -0.5), ("a", "<", 3.0), ("b", "<", 0.5)]], [0.6], FEATURES, SCALING
    ),
}

BOTH = [points(name, model) for name, model in NETWORKS_WITH_CUTS.items()]


def test_rows_by_hand(events):
    rows = certify_points(events, FEATURES, DIRECTIONS, BOTH, options())
    assert rows["network"].tolist() == ["directions"] * 3 + ["windows"]
    assert rows["cuts"].tolist() == ["directions"] * 3 + ["windows"]
    assert rows["ended"].tolist() == ["proven", "proven", "no signal", "proven"]
    passes = (events["a"] > -0.5) & (events["b"] < 0.5)
    for sample, prefix in (("train", ""), ("test", "test_")):
        of_sample = passes & (events["split"] == sample)
        first = rows.iloc[0]
        assert first[f"{prefix}signal"] == (of_sample & (events["label"] == 1)).sum()
        assert first[f"{prefix}background"] == 0.5 * (of_sample & (events["label"] == 0)).sum()
    known = rows.drop(index=2)
    assert (known["best_signal"] >= known["signal"]).all()
    assert (known["best_background"] == known["bound"]).all()
    assert (known["background"] >= known["bound"]).all()
    assert known["ratio"].tolist() == (known["background"] / known["best_background"]).tolist()
    assert known["difference"].tolist() == (known["background"] - known["best_background"]).tolist()
    assert known["test_difference"].tolist() == pytest.approx(
        (known["test_background"] - known["test_best_background"]).tolist()
    )
    # The best windows for about the same signal are no worse than the best one-sided cuts.
    assert rows.loc[3, "best_background"] <= rows.loc[0, "background"]


def test_a_bound_for_less_signal_holds_for_more(events):
    without = certify_points(events, FEATURES, DIRECTIONS, BOTH, options(nodes=0))
    assert without["ended"].tolist() == ["nodes", "nodes", "no signal", "nodes"]
    assert (without["bound"].dropna() == 0.0).all()
    assert (without["gap"].dropna() == 1.0).all()
    few = certify_points(events, FEATURES, DIRECTIONS, BOTH[:1], options(nodes=1))
    larger, smaller = few.iloc[0], few.iloc[1]
    assert larger["signal"] > smaller["signal"]
    assert larger["bound"] >= smaller["bound"]


def test_targets_choose_the_rows(events):
    rows = certify_points(events, FEATURES, DIRECTIONS, BOTH, options(targets=[0.7]))
    assert rows[["network", "target_efficiency"]].to_numpy().tolist() == [["directions", 0.7]]


def test_the_uncertainty_of_a_ratio_is_of_events_in_one_selection_alone(events):
    best = certify_points(events, FEATURES, DIRECTIONS, BOTH, options()).iloc[0]
    assert (
        0.0
        < best["test_ratio_uncertainty"]
        < best["test_ratio"] * np.sqrt(2 * 0.5 / best["test_best_background"])
    )


STUDY = study_entry(
    networks=NETWORKS
    | {"binned": NETWORKS["scan"] | {"event_property": {"name": "x0", "edges": [-9, 0, 9]}}},
    analyses={"certify": {"networks": ["scan", "kcuts"], "seed": 1}},
)


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        (["bdt"], "analyses.certify.networks: bdt is of the model bdt, which has no cuts to compare"),
        (["binned"], "analyses.certify.networks: binned has cuts that follow a property, for which no best"),
        (["other"], "analyses.certify: unknown network 'other'"),
    ],
)
def test_faults_of_the_config(networks, message):
    check_line(changed(STUDY, "analyses.certify.networks", networks), message)


def test_a_feature_whose_direction_is_a_window_has_two_edges(events):
    rows = certify_points(events, FEATURES, ["window", "<"], BOTH[1:], options())
    assert rows["cuts"].tolist() == ["directions"]
    assert box_edges(["window", "<"], windows=False) == [(0, ">"), (0, "<"), (1, "<")]
