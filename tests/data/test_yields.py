"""Expected yields of a counting experiment."""

import math

import numpy as np
import pandas as pd
import pytest

from cabin_core import asimov_significance
from scripts.data.yields import expected_weights, expected_yields, selected_yields
from scripts.study import CountingExperiment

EXPERIMENT = CountingExperiment(
    luminosity=10.0,
    cross_sections={"signal": 0.5, "background": 20.0},
    relative_uncertainty=0.1,
    minimum_signal=1.0,
)


def test_weights_sum_to_cross_section_times_luminosity(table):
    test = table[table["split"] == "test"]
    weights = expected_weights(test, EXPERIMENT)
    of_signal = (test["label"] == 1).to_numpy()
    assert weights[of_signal] == pytest.approx(np.full(10, 0.5))
    assert weights[~of_signal].sum() == pytest.approx(200.0)
    # Weights of events of one process keep their ratios.
    assert np.ptp(weights[~of_signal] / test["weight"][~of_signal]) == pytest.approx(0.0, abs=1e-12)
    yields = expected_yields(table, EXPERIMENT)
    assert (yields.signal, yields.background) == (pytest.approx(5.0), pytest.approx(200.0))
    assert (yields.relative_uncertainty, yields.minimum_signal) == (0.1, 1.0)


def test_several_processes(table):
    table["process"] = np.repeat(["s", "b1", "b2", "b2"], 10)
    table.loc[10:19, "process"] = "s"
    table.loc[20:29, "process"] = "b1"
    experiment = EXPERIMENT.model_copy(update={"cross_sections": {"s": 1.0, "b1": 2.0, "b2": 30.0}})
    weights = pd.Series(expected_weights(table, experiment)).groupby(table["process"]).sum()
    assert weights.to_dict() == pytest.approx({"s": 10.0, "b1": 20.0, "b2": 300.0})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cross_sections": {"signal": 1.0}}, "none of the process background: give it in fb"),
        (
            {"cross_sections": {"signal": 1.0, "background": 2.0, "ttbar": 3.0}},
            "cross_sections.ttbar: no event of this process in the sample: it has signal, background",
        ),
    ],
)
def test_wrong_processes_get_one_line(table, change, message):
    with pytest.raises(ValueError, match=message):
        expected_weights(table, EXPERIMENT.model_copy(update=change))


def test_selected_yields(table):
    test = table[table["split"] == "test"]
    passed = np.zeros((20, 2), dtype=bool)
    passed[:4, 0] = True  # four signal events
    passed[10:12, 0] = True  # two background events
    passed[:2, 1] = True  # signal only
    experiment = EXPERIMENT.model_copy(update={"irreducible_background": 2.0})
    weights = expected_weights(test, experiment)
    found = selected_yields(test, passed, experiment)
    background = weights[10:12].sum()
    assert found["signal"].to_list() == pytest.approx([2.0, 1.0])
    assert found["background"].to_list() == pytest.approx([background + 2.0, 2.0])
    assert found["background_uncertainty"].to_list() == pytest.approx([math.hypot(*weights[10:12]), 0.0])
    one_event = weights[10:].max()
    assert found["assumed_background"].to_list() == pytest.approx([background + 2.0, one_event + 2.0])
    assert found["significance"].to_list() == pytest.approx(
        [
            asimov_significance(2.0, background + 2.0, 0.1).item(),
            asimov_significance(1.0, one_event + 2.0, 0.1).item(),
        ]
    )
