"""Measures against the exact optimum on Gaussian features, by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from cabin_core import asimov_significance
from scripts.scorecard.results import NotRun
from scripts.sources.gaussian_optimum import GaussianClasses
from tests.studies import COUNTING_EXPERIMENT, make_study

EXPERIMENT = COUNTING_EXPERIMENT | {"minimum_signal": 12.0}
CLASSES = GaussianClasses.from_study(make_study())
CUTS = {0.7: (CLASSES.means[0, 0] - 1.0, CLASSES.means[1, 0] + 1.0), 0.5: tuple(CLASSES.means[:, 0])}
PROCESSES = {
    "kind": "processes",
    "seed": 1,
    "processes": {
        name: {"class": name, "events": 9, "mean": [0.0, 0.0], "width": [1.0, 1.0]}
        for name in ("signal", "background")
    },
}


def exact(low, high):
    """Efficiencies of signal and background of a cut on x0 from below and on x1 from above."""
    return tuple(
        norm.sf(low, CLASSES.means[0, column], CLASSES.widths[0, column])
        * norm.cdf(high, CLASSES.means[1, column], CLASSES.widths[1, column])
        for column in (0, 1)
    )


@pytest.fixture
def on_gaussians(make_run, cut_table):
    """Two targets in one network, and the tighter one alone in the other."""
    run = make_run(counting_experiment=EXPERIMENT, analyses={"optimum": {"targets": [0.5, 0.7]}})
    events = pd.DataFrame({"x0": 0.0, "x1": 0.0, "label": [1, 0] * 4, "weight": 1.0})
    events.loc[6, ["x0", "x1"]] = 1e3, -1e3  # One test event of the signal passes all cuts.
    events["split"] = ["train"] * 4 + ["test"] * 4
    points = {"signal_efficiency": [0.3, 0.7, 0.9], "one_sided": [0.001, 0.1, 0.2], "two_sided": [1e-9] * 3}
    metrics = {
        "target_efficiency": [0.7, 0.5],
        "signal_efficiency": [0.6, 0.4],
        "background_efficiency": [0.3, 0.2],
        "background_efficiency_uncertainty": [0.02, 0.01],
    }
    run.write("other", cuts=cut_table([(0.5, *CUTS[0.5])], "cut"))
    return run.write(
        cuts=cut_table([(t, *CUTS[t]) for t in (0.7, 0.5)], "cut"),
        metrics=metrics,
        features=events,
        optimum=points,
    )


@pytest.mark.parametrize("windows", [False, True])
def test_background_over_that_of_the_best_cuts(on_gaussians, windows):
    def best(signal):
        return CLASSES.best_cuts(signal, windows=windows)[2]

    ratios = {target: exact(*cuts)[1] / best(exact(*cuts)[0]) for target, cuts in CUTS.items()}
    arguments = {"network": "net", "windows": windows}
    for target in CUTS:
        found = on_gaussians("background_over_optimum", target=target, **arguments)
        assert found == pytest.approx(ratios[target])
    found = on_gaussians("background_over_optimum", network="other", windows=windows)
    assert found == pytest.approx(ratios[0.5])
    with pytest.raises(NotRun, match="net has not one working point"):
        on_gaussians("background_over_optimum", **arguments)
    counted = on_gaussians("counted_background_over_optimum", target=0.5, **arguments)
    assert counted == pytest.approx((0.2 / best(0.4), 0.01 / best(0.4)))
    assert on_gaussians("optimum_background", efficiency=0.6, windows=windows) == pytest.approx(best(0.6))


def test_exact_signal_against_the_target(on_gaussians):
    # One width on the loose side of both means, and at both means.
    errors = {0.7: norm.cdf(1 / CLASSES.widths[0, 0]) * norm.cdf(1 / CLASSES.widths[1, 0]) - 0.7, 0.5: -0.25}
    for target, error in errors.items():
        found = on_gaussians("exact_target_error", network="net", target=target)
        assert found == pytest.approx(abs(error))


def significance(signal, background):
    """With the yields of the counting experiment, 20 and 300."""
    return asimov_significance(20 * signal, 300 * background, 0.1).item()


def test_largest_significance_of_the_optimum(on_gaussians):
    # At 0.3 only 6 of the 12 events are left that the counting experiment demands.
    best = max(significance(0.7, 0.1), significance(0.9, 0.2))
    assert best < significance(0.3, 0.001)
    assert on_gaussians("optimum_significance") == pytest.approx(best)


def test_exact_significance_of_the_best_working_point(make_run, cut_table):
    """Half of the counted signal of 20 is left, and the exact one decides what it is worth."""
    run = make_run(counting_experiment=COUNTING_EXPERIMENT | {"minimum_signal": 9.0})
    events = pd.DataFrame({"x0": 1e3, "x1": -1e3, "label": [1, 0] * 4, "weight": 1.0})
    events["split"] = ["train"] * 4 + ["test"] * 4
    events.loc[6, "x0"] = -1e3
    targets = {0.5: CUTS[0.5], 0.2: (1e4, -1e4)}  # The second keeps no event.
    names = ["target_efficiency", "signal_efficiency", "background_efficiency"]
    run.write(
        features=events,
        cuts=cut_table([(t, *cuts) for t, cuts in targets.items()], "cut"),
        metrics={name: list(targets) for name in names} | {"score_above": math.nan},
        scores={"split": events["split"]},
    )
    found = run("best_point_significance", network="net")
    assert found == pytest.approx(significance(*exact(*CUTS[0.5])))


def test_counted_significance_of_the_best_working_point(make_run):
    """Counted, where each event stands for one of signal or 15 of background."""
    run = make_run(source=PROCESSES, counting_experiment=EXPERIMENT | {"minimum_signal": 9.0})
    x = np.arange(20.0)
    events = pd.DataFrame({"x0": np.tile(x, 2), "x1": 0.0, "label": np.repeat([1, 0], 20), "weight": 1.0})
    events.loc[20:, "x0"] -= 8.0
    both = pd.concat([events.assign(split="train"), events.assign(split="test")], ignore_index=True)
    cuts = pd.DataFrame([(0.2, 11.5), (0.6, 7.5), (0.8, 3.5)], columns=["target_efficiency", "cut"])
    names = ["target_efficiency", "signal_efficiency", "background_efficiency"]
    run.write(
        features=both,
        cuts=cuts.assign(feature="x0", direction=">"),
        metrics=dict.fromkeys(names, cuts["target_efficiency"]) | {"score_above": math.nan},
        scores={"split": both["split"]},
    )
    # Of the background 0, 4 and 8 events are left; of the signal 8, 12 and 16.
    counted = [asimov_significance(float(s), 15.0 * b, 0.1).item() for s, b in ((12, 4), (16, 8))]
    assert run("best_point_significance", network="net") == pytest.approx(max(counted))
    # The tightest target would be the best, with one event of background for none, but keeps too little.
    assert asimov_significance(8.0, 15.0, 0.1).item() > max(counted)


def test_what_a_study_lacks_is_not_run(make_run):
    run = make_run(source=PROCESSES)
    with pytest.raises(NotRun, match="study toy has no exact optimum"):
        run("optimum_background", efficiency=0.5, windows=False)
    with pytest.raises(NotRun, match="study toy has no optimum in this config"):
        run("optimum_significance")
    with pytest.raises(NotRun, match="study toy has no counting_experiment in this config"):
        run("best_point_significance", network="net")
    run.write(features={"x0": [0.0], "x1": 0.0, "label": 1, "split": "test", "weight": 1.0})
    with pytest.raises(NotRun, match="study toy has no counting_experiment in this config"):
        run("significance_without_cuts")
