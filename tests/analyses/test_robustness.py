"""Working points where the inputs are shifted."""

import numpy as np
import pandas as pd
import pytest

from scripts import analyse_study, generate_features
from scripts.analyses.robustness import shift_features
from tests.studies import NETWORKS, study_entry
from tests.trainings import train

FEATURES, DIRECTIONS = ["a", "b", "c"], [">", "<", ">"]
LOSS = {"efficiency": 10.0, "background": 0.1}
SCAN = NETWORKS["scan"] | {"targets": [0.5, 0.3, 0.8], "epochs": 15, "loss": LOSS}
SETTINGS = {
    "shifts": [0.0, 0.1, 0.3],
    "seed": 1,
    "selections": [
        {"network": "scan", "target": 0.8, "score_above": 0.5},
        {"network": "linear", "score_above": 0.5},
        {"network": "scan", "target": 0.5, "score_above": 0.5},
    ],
}
STUDY = study_entry(
    features=[{"name": name, "direction": side} for name, side in zip(FEATURES, DIRECTIONS, strict=True)],
    source={
        "kind": "gaussian",
        "signal_events": 300,
        "background_events": 200,
        "seed": 5,
        "mean_scale": 1.0,
        "width_scale": 2.0,
    },
    split={"test_fraction": 0.2, "seed": 42},
    networks={"scan": SCAN, "linear": NETWORKS["linear"]},
    analyses={"robustness": SETTINGS},
)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("shifted") / "features.parquet"
    generate_features.main(table=path, study=STUDY, study_name="toy")
    return path


def test_shifts_move_signal_and_background_against_each_other(table):
    events = pd.read_parquet(table)
    shifted = shift_features(events, FEATURES, DIRECTIONS, np.ones(3), 0.2, seed=1)
    moved = (shifted[FEATURES] - events[FEATURES]).to_numpy() * np.array([1, -1, 1])
    is_signal = events["label"].to_numpy() == 1
    assert (moved[is_signal] <= 0).all()
    assert (moved[~is_signal] >= 0).all()
    assert 0.19 < np.abs(moved).max() <= 0.2


def test_efficiencies_of_shifted_events(table, tmp_path):
    files = {
        name: train(table, tmp_path / name, network, FEATURES, DIRECTIONS)
        for name, network in STUDY["networks"].items()
    }
    analyse_study.main(
        table=tmp_path / "robustness.csv",
        analysis="robustness",
        study=STUDY,
        study_name="toy",
        features=table,
        models=[files[name]["model"] for name in ("scan", "linear")],
    )
    of_selections = pd.read_csv(tmp_path / "robustness.csv")
    assert of_selections["network"].to_list() == [*["scan"] * 3, *["linear"] * 3, *["scan"] * 3]
    for selection, number in zip(SETTINGS["selections"], range(0, 9, 3), strict=True):
        rows = of_selections.iloc[number : number + 3].reset_index()
        assert rows["signal_efficiency"].is_monotonic_decreasing
        assert rows["background_efficiency"].is_monotonic_increasing
        scores = pd.read_parquet(files[selection["network"]]["scores"])
        signal = scores[(scores["split"] == "test") & (scores["label"] == 1)]
        column = f"score_{selection['target']}" if "target" in selection else "score"
        assert rows["signal_efficiency"][0] == pytest.approx((signal[column] > 0.5).mean())
