"""Measures of the scorecard that look at cuts, and at cuts on Gaussian features, by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from cabin_core import asimov_significance
from scripts.gaussian_optimum import GaussianClasses
from scripts.scorecard.measures import MEASURES
from scripts.scorecard.results import NotRun, Results

SEARCH = {
    "luminosity": 10.0,
    "cross_sections": {"signal": 2.0, "background": 30.0},
    "relative_uncertainty": 0.1,
    "minimum_signal": 12.0,
}
STUDY = {
    "networks": ["net", "other"],
    "source": {"kind": "gaussian", "seed": 3, "mean_scale": 1.0, "width_scale": 1.0},
    "features": [{"name": "x", "direction": ">"}, {"name": "y", "direction": "<"}],
    "search": SEARCH,
    "optimum": [],
}


@pytest.fixture
def write(tmp_path):
    def results(network, study=STUDY, **tables):
        folder = tmp_path / "toy" / network
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            pd.DataFrame(table).to_csv(folder / f"{name}.csv", index=False)
        return Results(tmp_path, {"toy": study}, {})

    return results


def measure(results, name, **arguments):
    found = MEASURES[name](results, study="toy", **arguments)
    return found.value if found.uncertainty is None else tuple(found)


def cut_table(rows, column="cut_scaled"):
    """Of target, cut on x from below and cut on y from above."""
    return pd.DataFrame(
        [
            (target, feature, direction, cut)
            for target, *cuts in rows
            for feature, direction, cut in zip("xy", "><", cuts, strict=True)
        ],
        columns=["target_efficiency", "feature", "direction", column],
    )


# ---- the cuts themselves ----


def test_size_and_bend_of_cuts(write):
    cuts = cut_table([(0.8, -2.0, 1.0), (0.2, 0.0, 0.0), (0.4, -1.5, 0.5)])
    results = write("net", cuts=cuts)
    assert measure(results, "largest_scaled_cut", network="net") == 2.0
    # A third of the way in the target: the lines are at -2 / 3 and 1 / 3, the ranges 2 and 1.
    bends = (1.5 - 2 / 3) / 2, (0.5 - 1 / 3) / 1
    assert measure(results, "largest_bend", network="net") == pytest.approx(max(bends))


def test_difference_of_cuts_pairs_feature_and_target(write):
    write("net", cuts=cut_table([(0.2, 1.0, 2.0), (0.4, 0.0, 3.0)]))
    results = write("other", cuts=cut_table([(0.2, 1.25, 2.0), (0.4, 0.0, 2.5)]))
    pair = {"network": "net", "other": "other"}
    assert measure(results, "largest_cut_difference", **pair) == 0.5
    apart = write("other", cuts=cut_table([(0.2, 1.25, 2.0), (0.6, 0.0, 2.5)]))
    with pytest.raises(NotRun, match="net and other have different targets or features"):
        measure(apart, "largest_cut_difference", **pair)


def test_difference_of_what_single_cuts_keep_of_the_test_signal(write, tmp_path):
    write("net", cuts=cut_table([(0.5, 0.5, 3.5)], "cut"))
    results = write("other", cuts=cut_table([(0.5, 2.5, 2.5)], "cut"))
    events = {"x": [0, 1, 2, 3, 1, 1], "y": [0, 1, 2, 3, 3, 3], "label": [1, 1, 1, 1, 1, 0]}
    table = pd.DataFrame(events).assign(weight=1.0, split=["test"] * 4 + ["train", "test"])
    table.to_parquet(tmp_path / "toy" / "features.parquet")
    # On x three of four against one, on y four against three.
    assert measure(results, "single_cut_difference", network="net", other="other") == 0.5


# ---- against the exact optimum ----

CLASSES = GaussianClasses.of_study(STUDY)


def exact(low, high):
    """Efficiencies of signal and background of a cut on x from below and on y from above."""
    return tuple(
        norm.sf(low, CLASSES.means[0, column], CLASSES.widths[0, column])
        * norm.cdf(high, CLASSES.means[1, column], CLASSES.widths[1, column])
        for column in (0, 1)
    )


CUTS = {0.7: (CLASSES.means[0, 0] - 1.0, CLASSES.means[1, 0] + 1.0), 0.5: tuple(CLASSES.means[:, 0])}


@pytest.fixture
def on_gaussians(write, tmp_path):
    """Two targets in one network, and the tighter one alone in the other."""
    events = pd.DataFrame({"x": 0.0, "y": 0.0, "label": [1, 0] * 4, "weight": 1.0})
    events["split"] = ["train"] * 4 + ["test"] * 4
    write("other", cuts=cut_table([(0.5, *CUTS[0.5])], "cut"))
    events.to_parquet(tmp_path / "toy" / "features.parquet")
    points = pd.DataFrame(
        {"signal_efficiency": [0.3, 0.7, 0.9], "one_sided": [0.001, 0.1, 0.2], "two_sided": [1e-9] * 3}
    )
    points.to_csv(tmp_path / "toy" / "optimum.csv", index=False)
    metrics = {
        "target_efficiency": [0.7, 0.5],
        "signal_efficiency": [0.6, 0.4],
        "background_efficiency": [0.3, 0.2],
        "background_efficiency_uncertainty": [0.02, 0.01],
    }
    return write("net", cuts=cut_table([(t, *CUTS[t]) for t in (0.7, 0.5)], "cut"), metrics=metrics)


@pytest.mark.parametrize("windows", [False, True])
def test_background_over_that_of_the_best_cuts(on_gaussians, windows):
    def best(signal):
        return CLASSES.best_cuts(signal, windows=windows)[2]

    ratios = {target: exact(*cuts)[1] / best(exact(*cuts)[0]) for target, cuts in CUTS.items()}
    arguments = {"network": "net", "windows": windows}
    for target in CUTS:
        found = measure(on_gaussians, "background_over_optimum", target=target, **arguments)
        assert found == pytest.approx(ratios[target])
    found = measure(on_gaussians, "background_over_optimum", network="other", windows=windows)
    assert found == pytest.approx(ratios[0.5])
    with pytest.raises(NotRun, match="net has not one working point"):
        measure(on_gaussians, "background_over_optimum", **arguments)
    counted = measure(on_gaussians, "counted_background_over_optimum", target=0.5, **arguments)
    assert counted == pytest.approx((0.2 / best(0.4), 0.01 / best(0.4)))
    found = measure(on_gaussians, "optimum_background", efficiency=0.6, windows=windows)
    assert found == pytest.approx(best(0.6))
    largest = "largest_background_over_optimum"
    for between, value in (
        ([0.5, 0.7], max(ratios.values())),
        ([0.5, 0.6], ratios[0.5]),
        ([0.6, 0.7], ratios[0.7]),
    ):
        assert measure(on_gaussians, largest, between=between, **arguments) == pytest.approx(value)
    with pytest.raises(NotRun, match="net has no target between"):
        measure(on_gaussians, largest, between=[0.1, 0.2], **arguments)


def test_exact_signal_against_the_targets(on_gaussians):
    # One width on the loose side of both means, and at both means.
    errors = {0.7: norm.cdf(1 / CLASSES.widths[0, 0]) * norm.cdf(1 / CLASSES.widths[1, 0]) - 0.7, 0.5: -0.25}
    for target, error in errors.items():
        found = measure(on_gaussians, "exact_target_error", network="net", target=target)
        assert found == pytest.approx(abs(error))
    largest = measure(on_gaussians, "largest_exact_target_error", network="net")
    assert largest == pytest.approx(max(map(abs, errors.values())))


def significance(signal, background):
    """With the yields of the search, 20 and 300."""
    return asimov_significance(20 * signal, 300 * background, 0.1).item()


def test_significance_against_the_best_point_of_the_optimum(on_gaussians):
    own = significance(*exact(*CUTS[0.5]))
    assert measure(on_gaussians, "exact_significance", network="other") == pytest.approx(own)
    # At 0.3 only 6 of the 12 events are left that the search demands.
    best = max(significance(0.7, 0.1), significance(0.9, 0.2))
    assert best < significance(0.3, 0.001)
    found = measure(on_gaussians, "share_of_best_significance", network="other")
    assert found == pytest.approx(own / best)


def test_an_optimum_needs_gaussian_events(write):
    results = write("net", STUDY | {"source": {"kind": "processes"}})
    with pytest.raises(NotRun, match="study toy has no exact optimum"):
        measure(results, "optimum_background", efficiency=0.5, windows=False)


def test_significance_over_the_best_target_of_a_scan(write, tmp_path):
    """Counted, where each event stands for one of signal or 15 of background."""
    search = SEARCH | {"minimum_signal": 9.0}
    study = STUDY | {"source": {"kind": "processes"}, "search": search}
    x = np.arange(20.0)
    events = pd.DataFrame({"x": np.tile(x, 2), "y": 0.0, "label": np.repeat([1, 0], 20), "weight": 1.0})
    events.loc[20:, "x"] -= 8.0
    both = pd.concat([events.assign(split="train"), events.assign(split="test")], ignore_index=True)
    names = ["target_efficiency", "signal_efficiency", "background_efficiency"]
    for network, cuts in (("net", [(0.5, 9.5)]), ("other", [(0.2, 11.5), (0.6, 7.5), (0.8, 3.5)])):
        targets = [target for target, _ in cuts]
        write(
            network,
            study,
            cuts=pd.DataFrame(cuts, columns=["target_efficiency", "cut"]).assign(feature="x", direction=">"),
            metrics=pd.DataFrame(dict.fromkeys(names, targets)).assign(score_above=math.nan),
        )
        both[["split"]].to_parquet(tmp_path / "toy" / network / "scores.parquet")
    both.to_parquet(tmp_path / "toy" / "features.parquet")
    results = write("net", study)
    # Of the background 2 events are left, of the scan 0, 4 and 8; of the signal 10, and 8, 12 and 16.
    own, *of_scan = (
        asimov_significance(float(signal), 15.0 * background, 0.1).item()
        for signal, background in ((10, 2), (12, 4), (16, 8))
    )
    found = measure(results, "significance_over_best_point", network="net", scan="other")
    assert found == pytest.approx(own / max(of_scan))
    # The tightest target would be the best, with one event of background for none, but keeps too little.
    assert asimov_significance(8.0, 15.0, 0.1).item() > max(of_scan)
