"""Measures of hard cuts on the test sample and of shifted inputs, by hand."""

import math

import pytest

from scripts.scorecard.results import NotRun

SCAN = {
    "target_efficiency": [0.8, 0.4],
    "signal_efficiency": [0.75, 0.45],
    "signal_efficiency_uncertainty": [0.01, 0.02],
    "background_efficiency": [0.3, 0.1],
    "background_efficiency_uncertainty": [0.04, 0.02],
    "loss_signal_efficiency": [0.76, 0.41],
}


def test_efficiencies_at_a_target(run):
    run.write(metrics=SCAN)
    assert run("signal_efficiency", network="net", target=0.4) == (0.45, 0.02)
    assert run("background_efficiency", network="net", target=0.4) == (0.1, 0.02)
    assert run("signal_efficiency", network="net") == (0.75, 0.01)
    assert run("background_efficiency", network="net") == (0.3, 0.04)
    assert run("target_shortfall", network="net", target=0.8) == pytest.approx((0.05, 0.01))
    assert run("target_shortfall", network="net", target=0.4) == pytest.approx((-0.05, 0.02))
    assert run("efficiency_estimate_error", network="net") == pytest.approx(0.04)
    with pytest.raises(NotRun, match=r"no target 0\.5 in this config"):
        run("signal_efficiency", network="net", target=0.5)


def test_background_against_a_scan_at_the_same_signal(run):
    run.write(metrics=SCAN | {"signal_efficiency": [0.8, 0.4]})
    own = {"background_efficiency": [0.2], "background_efficiency_uncertainty": [0.02]}
    run.write("other", metrics=own | {"signal_efficiency": [0.5]})
    found = run("background_above_scan", network="other", scan="net")
    # A quarter of the way from 0.4 to 0.8.
    assert found == pytest.approx((0.2 - 0.15, math.hypot(0.02, 0.025)))
    run.write("other", metrics=own | {"signal_efficiency": [0.9]})
    with pytest.raises(NotRun, match=r"other has a signal efficiency of 0\.90, outside net"):
        run("background_above_scan", network="other", scan="net")


def test_steps_and_line_of_the_background_of_a_scan(run):
    metrics = {
        "target_efficiency": [0.9, 0.3, 0.6],
        "signal_efficiency": [0.9, 0.3, 0.6],
        "background_efficiency": [0.5, 0.3, 0.2],
    }
    run.write(metrics=metrics)
    assert run("smallest_background_step", network="net") == pytest.approx(-0.1)
    # Deviations (0.3, -0.3, 0) and (1, -0.2, -0.8) / 6 of the means.
    expected = (0.3 * 1.0 + 0.3 * 0.2) / math.sqrt(2 * 0.09 * (1 + 0.04 + 0.64))
    assert run("background_linearity", network="net") == pytest.approx(expected)


def test_efficiencies_under_shifts(make_run):
    selections = [{"network": "net", "target": 0.6, "score_above": 0.5}]
    run = make_run(analyses={"robustness": {"shifts": [0.0], "seed": 1, "selections": selections}})
    rows = [
        ("other", 0.8, 0.5, 0.1, 0.3, 0.01),
        ("net", 0.8, 0.5000003, 0.1, 0.1, 0.01),
        ("net", 0.5, 0.5, 0.1, 0.2, 0.01),
        ("net", 0.8, 0.5, 0.0, 0.8, 0.02),
        ("net", 0.8, 0.5, 0.1, 0.6, 0.03),
        ("other", math.nan, 0.4, 0.1, 0.4, 0.04),
    ]
    columns = ["network", "target_efficiency", "score_above", "max_shift", "signal_efficiency"]
    columns += ["signal_efficiency_uncertainty"]
    run.write(robustness=[dict(zip(columns, row, strict=True)) for row in rows])
    point = {"network": "net", "score_above": 0.5, "target": 0.8, "shift": 0.1}
    assert run("efficiency_after_shift", **point) == pytest.approx((0.6, 0.03))
    assert run("efficiency_after_shift", **point, relative=True) == pytest.approx((0.75, 0.0375))
    found = run("efficiency_after_shift", network="other", score_above=0.4, shift=0.1)
    assert found == pytest.approx((0.4, 0.04))
    with pytest.raises(NotRun, match=r"no shift 0\.3 of net above 0\.5"):
        run("efficiency_after_shift", **point | {"shift": 0.3})
