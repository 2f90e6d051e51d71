"""Expected yields of a counting experiment."""

import math

import numpy as np
import pandas as pd
import pytest

from cabin_core import asimov_significance
from scripts.counting_experiment import CountingExperiment
from scripts.data.yields import expected_weights, expected_yields, selected_yields, with_yields_of

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
            "process ttbar: no event of it in the sample, which has signal, background",
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


#: What the weights of events that are expected ones already say.
PHYSICAL = CountingExperiment(minimum_signal=1.0, uncertainties={"b1": 0.1, "b2": 0.5})


@pytest.fixture
def physical():
    """Events of four processes, half of each for the test; some weights are negative."""
    processes = np.repeat(["s", "b1", "b2", "b3"], 4)
    table = pd.DataFrame({"process": processes, "label": (processes == "s").astype(int)})
    table["split"] = np.tile(["train", "test"], 8)
    table["weight"] = [1.0, 2.0, 3.0, 4.0, *(8.0, 1.0, 2.0, 9.0), *(4.0, 6.0, -1.0, -2.0), *([0.5] * 4)]
    return table


def test_weights_that_are_expected_events(physical):
    experiment = with_yields_of(physical, PHYSICAL)
    assert experiment.cross_sections == {"s": 10.0, "b1": 20.0, "b2": 7.0, "b3": 2.0}
    for split in ("train", "test"):
        events = physical[physical["split"] == split]
        weights = pd.Series(expected_weights(events, experiment)).groupby(events["process"].to_numpy()).sum()
        assert weights.to_dict() == pytest.approx(experiment.cross_sections)
    yields = expected_yields(physical, PHYSICAL)
    assert (yields.signal, yields.background) == pytest.approx((10.0, 29.0))
    # Of the background before the cuts: processes are independent, and the third one is known.
    assert yields.relative_uncertainty == pytest.approx(math.hypot(0.1 * 20, 0.5 * 7) / 29)
    given = EXPERIMENT.model_copy(update={"cross_sections": {"s": 1.0}})
    assert with_yields_of(physical, given) is given


def test_the_uncertainty_of_the_background_depends_on_what_the_cuts_leave(physical):
    experiment = with_yields_of(physical, PHYSICAL)
    test = physical[physical["split"] == "test"].reset_index(drop=True)
    weights = expected_weights(test, experiment)
    assert weights[2:4].tolist() == pytest.approx([2.0, 18.0])
    assert weights[4:6].tolist() == pytest.approx([10.5, -3.5])
    assert weights[6:].tolist() == pytest.approx([1.0, 1.0])
    passed = np.zeros((8, 4), dtype=bool)
    passed[0] = True
    passed[[3, 4], 0] = True  # 18 of b1 and 10.5 of b2
    passed[[3, 6], 1] = True  # 18 of b1 and 1 of b3
    passed[6:, 2] = True  # less than the heaviest event, one of b1, is left
    found = selected_yields(test, passed, experiment)
    expected = [math.hypot(1.8, 5.25) / 28.5, 1.8 / 19, 0.1, 0.1]
    assert found["relative_uncertainty"].to_list() == pytest.approx(expected)
    assumed = [28.5, 19.0, 18.0, 18.0]
    assert found["assumed_background"].to_list() == pytest.approx(assumed)
    signal = found["signal"].iloc[0]
    assert found["significance"].to_list() == pytest.approx(
        [asimov_significance(signal, *one).item() for one in zip(assumed, expected, strict=True)]
    )


def test_one_uncertain_process_is_a_fixed_uncertainty(physical):
    one = physical[physical["process"].isin(["s", "b1"])]
    test = one[one["split"] == "test"]
    passed = np.eye(4, 2, dtype=bool) | [[True, True]] * 3 + [[True, False]]
    of_process = PHYSICAL.model_copy(update={"uncertainties": {"b1": 0.2}})
    fixed = PHYSICAL.model_copy(update={"uncertainties": {}, "relative_uncertainty": 0.2})
    found, expected = (
        selected_yields(test, passed, with_yields_of(one, experiment)) for experiment in (of_process, fixed)
    )
    pd.testing.assert_frame_equal(found.drop(columns="relative_uncertainty"), expected)
    assert expected_yields(one, of_process) == expected_yields(one, fixed)
