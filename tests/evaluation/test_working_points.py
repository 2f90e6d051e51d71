"""Yields of working points: counted events, exact efficiencies where they are known."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from cabin_core import asimov_significance
from scripts.evaluation.expected_yields import known, tabulate_yields
from scripts.sources.gaussian_optimum import GaussianClasses
from tests.studies import SOURCE, make_study

STUDY = make_study(
    source=SOURCE | {"seed": 3, "mean_scale": 1.0, "width_scale": 1.0},
    features=[{"name": "x", "direction": ">"}],
    counting_experiment={
        "luminosity": 10.0,
        "cross_sections": {"signal": 1.0, "background": 4.0},
        "relative_uncertainty": 0.1,
        "minimum_signal": 0.0,
        "irreducible_background": 3.0,
    },
)
EVENTS = pd.DataFrame(
    {
        "x": [0.25, 0.5, 0.75, 1.0] * 4,
        "label": ([1] * 4 + [0] * 4) * 2,
        "split": ["train"] * 8 + ["test"] * 8,
        "weight": 1.0,
    }
)
METRICS = pd.DataFrame(
    {
        "target_efficiency": [0.5],
        "signal_efficiency": [0.5],
        "background_efficiency": [0.5],
        "score_above": [0.5],
    }
)
CUTS = pd.DataFrame({"target_efficiency": [0.5], "feature": "x", "direction": ">", "cut": [0.5]})


def test_events_on_a_threshold_are_left_out():
    scores = EVENTS[["split"]].assign(score=EVENTS["x"])
    (row,) = tabulate_yields(STUDY, EVENTS, CUTS.iloc[:0], METRICS, scores).itertuples()
    assert (row.signal, row.background) == (pytest.approx(5.0), pytest.approx(23.0))


def test_exact_yields_have_the_irreducible_background():
    found = tabulate_yields(STUDY, EVENTS, CUTS, METRICS, EVENTS[["split"]])
    classes = GaussianClasses.from_study(STUDY)
    signal, background = norm.sf(0.5, classes.means[0], classes.widths[0])
    (row,) = found.itertuples()
    assert row.exact_background == pytest.approx(40 * background + 3)
    significance = asimov_significance(10 * signal, 40 * background + 3, 0.1).item()
    assert row.exact_significance == pytest.approx(significance)
    assert known(found, "background").to_list() == pytest.approx([row.exact_background])
    assert known(found, "significance").to_list() == pytest.approx([row.exact_significance])


def test_counted_numbers_stand_in_for_exact_ones_that_are_not_known():
    points = pd.DataFrame({"background": [5.0, 6.0], "exact_background": [4.0, np.nan]})
    assert known(points, "background").to_list() == [4.0, 6.0]
