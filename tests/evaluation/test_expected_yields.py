"""Yields of the working points of a network."""

import numpy as np
import pandas as pd
import pytest

from scripts.evaluation.expected_yields import tabulate_yields
from tests.studies import make_study

EXPERIMENT = {
    "luminosity": 10.0,
    "cross_sections": {"signal": 0.5, "background": 20.0},
    "relative_uncertainty": 0.1,
    "minimum_signal": 1.0,
}
#: A source whose exact efficiencies are not known.
PROCESSES = {
    "kind": "processes",
    "seed": 1,
    "processes": {
        name: {"class": name, "events": 10, "mean": [0.0, 0.0], "width": [1.0, 1.0]}
        for name in ("signal", "background")
    },
}


def test_yields_of_scores_and_of_cuts_agree(table):
    """A cut on x, and a score that is x."""
    study = make_study(source=PROCESSES, counting_experiment=EXPERIMENT)
    cuts = pd.DataFrame(
        [(0.5, "x", ">", 0.1), (0.9, "x", ">", -1.0)],
        columns=["target_efficiency", "feature", "direction", "cut"],
    )
    metrics = pd.DataFrame(
        {
            "target_efficiency": [0.5, 0.9],
            "signal_efficiency": [0.5, 0.9],
            "background_efficiency": [0.1, 0.2],
            "score_above": [0.1, -1.0],
        }
    )
    scores = table[["split"]].assign(score=table["x"])
    by_cuts = tabulate_yields(study, table, cuts, metrics, scores)
    by_score = tabulate_yields(study, table, cuts.iloc[:0], metrics, scores)
    pd.testing.assert_frame_equal(by_cuts, by_score)
    assert by_cuts["exact_significance"].isna().all()


def test_a_target_that_cuts_nothing_keeps_its_place(table):
    """kCuts may leave a target without edges, where all events pass."""
    features = [{"name": name, "direction": ">"} for name in ("x", "y")]
    study = make_study(features=features, counting_experiment=EXPERIMENT)
    cuts = pd.DataFrame([(0.5, "x", ">", 0.1)], columns=["target_efficiency", "feature", "direction", "cut"])
    metrics = pd.DataFrame(
        {
            "target_efficiency": [0.99, 0.5],
            "signal_efficiency": [1.0, 0.5],
            "background_efficiency": [1.0, 0.1],
            "score_above": [np.nan, np.nan],
        }
    )
    found = tabulate_yields(study, table, cuts, metrics, table[["split"]])
    assert found["signal"].to_list()[0] == pytest.approx(5.0)
    assert found["background"].to_list()[0] == found["exact_background"].to_list()[0] == pytest.approx(200.0)
    assert found["signal"].to_list()[1] < 5.0
    assert found["exact_significance"].notna().all()
