"""Measures of the scorecard from tables of a few rows, with their uncertainties by hand."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from cabin_core import FeatureScaling, NetworkSettings, TrainedNetwork, build_network, save_network
from scripts.scorecard.measures import MEASURES
from scripts.scorecard.results import NotRun, Results

STUDIES = {"toy": {"networks": ["net", "other"], "source": {"kind": "gaussian", "inner": {"number": 7}}}}


@pytest.fixture
def write(tmp_path):
    """Write tables of a network of the study ``toy`` and return what reads them."""

    def results(network="net", **tables):
        folder = tmp_path / "toy" / network
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            if name == "features":
                pd.DataFrame(table).to_parquet(tmp_path / "toy" / "features.parquet")
            elif name == "scores":
                pd.DataFrame(table).to_parquet(folder / "scores.parquet")
            else:
                pd.DataFrame(table).to_csv(folder / f"{name}.csv", index=False)
        return Results(tmp_path, STUDIES, {})

    return results


def measure(results, name, **arguments):
    """The value alone where the measure has no uncertainty."""
    found = MEASURES[name](results, study="toy", **arguments)
    return found.value if found.uncertainty is None else tuple(found)


def scores_of(signal, background, **more):
    """Scores of test events, and one training event of each class that must not count."""
    label = [1] * len(signal) + [0] * len(background) + [1, 0]
    split = ["test"] * (len(label) - 2) + ["train"] * 2
    return {"label": label, "split": split, "score": [*signal, *background, 0.99, 0.99], **more}


def hanley_mcneil(auc, n_signal, n_background):
    """The variance of Hanley and McNeil (1982), written out."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    pairs = n_signal * n_background
    return (auc * (1 - auc) + (n_signal - 1) * (q1 - auc**2) + (n_background - 1) * (q2 - auc**2)) / pairs


def test_kept_background_is_in_percent(write):
    metrics = {"background_efficiency": [0.025], "background_efficiency_uncertainty": [0.004]}
    assert measure(write(metrics=metrics), "kept_background_percent", network="net") == pytest.approx(
        (2.5, 0.4)
    )


# ---- areas ----


def test_uncertainty_of_an_auc_by_hand(write):
    """After Hanley and McNeil, of 5 signal and 3 background events of the test sample."""
    results = write(
        metrics={"target_efficiency": [math.nan], "auc": [0.8]}, scores=scores_of([0.5] * 5, [0.5] * 3)
    )
    # Q1 = 0.8 / 1.2 = 2 / 3, Q2 = 2 * 0.64 / 1.8 = 32 / 45
    variance = (0.16 + 4 * (2 / 3 - 0.64) + 2 * (32 / 45 - 0.64)) / 15
    assert measure(results, "auc", network="net") == pytest.approx((0.8, math.sqrt(variance)))


def test_differences_of_areas(write):
    scan = {"target_efficiency": [0.3, 0.6, 0.9], "auc": [0.8, 0.7, 0.85]}
    write(metrics=scan, scores=scores_of([0.5] * 5, [0.5] * 3))
    results = write(
        "other",
        metrics={"target_efficiency": [math.nan], "auc": [0.75]},
        scores=scores_of([0.5] * 4, [0.5] * 6),
    )
    of_other = hanley_mcneil(0.75, 4, 6)
    for name, value, arguments in (
        ("auc_above", 0.8, {"network": "net", "other": "other"}),
        ("smallest_auc_above", 0.7, {"network": "net", "other": "other"}),
    ):
        uncertainty = math.sqrt(hanley_mcneil(value, 5, 3) + of_other)
        assert measure(results, name, **arguments) == pytest.approx((value - 0.75, uncertainty))
    uncertainty = math.sqrt(hanley_mcneil(0.85, 5, 3) + of_other)
    found = measure(results, "auc_above_scan", network="other", scan="net")
    assert found == pytest.approx((0.75 - 0.85, uncertainty))


# ---- a network and its training ----


def test_weights_and_parameters_of_a_linear_network(write, tmp_path):
    results = write()
    settings = NetworkSettings("linear", bias=True)
    network = build_network(settings, (">", ">"))
    network.linear.weight.data = torch.tensor([[2.0, -1.5]])
    trained = TrainedNetwork(network, settings, FeatureScaling("ab", [0, 0], [1, 1]), (">", ">"), {})
    save_network(tmp_path / "toy" / "net" / "model.pt", trained)
    assert measure(results, "linear_weight", network="net", feature="b") == -1.5
    assert measure(results, "parameter_count", network="net") == 3
    with pytest.raises(NotRun, match="study toy has no feature c"):
        measure(results, "linear_weight", network="net", feature="c")


def test_losses_of_a_history(write):
    history = {
        "epoch": [0, 1],
        "train_total": [10.0, 4.0],
        "train_bce": [1.0, 2.0],
        "train_background": [2.0, 1.0],
    }
    results = write(history=history)
    assert measure(results, "training_loss", network="net", epoch=1) == 4.0
    with pytest.raises(NotRun, match="net is trained for 2 epochs"):
        measure(results, "training_loss", network="net", epoch=2)
    # The mean of the shares, not the share of the means.
    found = measure(results, "loss_share", network="net", terms=["bce", "background"])
    assert found == pytest.approx((0.3 + 0.75) / 2)


# ---- events and their scores ----


def test_a_correlation_within_a_class_is_not_that_of_both(write):
    """Far apart in both features, the classes together are correlated; b and c of the background are most."""
    table = {
        "a": [0, 1, 0, 1, 10, 11, 10, 11],
        "b": [0, 0, 1, 1, 10, 10, 11, 12],
        "c": [0, 1, 1, 0, 10, 9, 9, 8],
        "label": [1] * 4 + [0] * 4,
        "split": "train",
        "weight": 1.0,
    }
    b, c = (np.array(table[name][4:]) for name in "bc")
    expected = abs(np.cov(b, c)[0, 1] / (b.std(ddof=1) * c.std(ddof=1)))
    assert measure(write(features=table), "largest_correlation") == pytest.approx(expected)


def test_threshold_that_a_fraction_of_the_signal_passes(write):
    results = write(scores=scores_of(np.linspace(0, 1, 101), [0.5]))
    spread = math.sqrt(0.2 * 0.8 / 101)
    found = measure(results, "score_threshold", network="net", efficiency=0.2)
    # Scores are even, so the threshold moves as the fraction.
    assert found == pytest.approx((0.8, spread))


def test_fraction_of_a_class_above_a_score(write):
    results = write(scores=scores_of([0.9, 0.5, 0.6, 0.4], [0.1, 0.7, 0.2]))
    for label, share, n_events in ((1, 0.5, 4), (0, 1 / 3, 3)):
        found = measure(results, "efficiency_above", network="net", label=label, score_above=0.5)
        assert found == pytest.approx((share, math.sqrt(share * (1 - share) / n_events)))


def test_scores_on_either_side_of_the_cuts(write):
    table = {
        "x": [0.0, 1.0, 2.0, 3.0, 9.0],
        "label": [0, 0, 1, 1, 1],
        "split": ["test"] * 4 + ["train"],
        "weight": 1.0,
    }
    cuts = {"target_efficiency": [0.9, 0.4], "feature": "x", "direction": ">", "cut": [0.5, 1.5]}
    scores = {
        "label": table["label"],
        "split": table["split"],
        "score_0.4": [0.1, 0.6, 0.3, 0.9, 0.0],
        "score_0.9": [0.2, 0.8, 0.9, 0.7, 0.0],
    }
    results = write(features=table, cuts=cuts, scores=scores)
    # At 0.9 all three that pass are above 1/2 and the one that fails is below; at 0.4 one of two each.
    arguments = {"network": "net", "score_above": 0.5}
    assert measure(results, "passing_events_above", **arguments) == 0.5
    assert measure(results, "failing_events_below", **arguments) == 0.5
    assert measure(results, "passing_events_above", **arguments | {"score_above": 0.75}) == 0.5
    assert measure(results, "failing_events_below", **arguments | {"score_above": 0.05}) == 0.0


def test_scores_close_to_the_ends(write):
    scores = {"label": [1, 1, 0, 0, 0], "split": ["test"] * 4 + ["train"]}
    scores |= {"score_0.5": [0.99, 0.9, 0.005, 0.03, 0.5], "score_0.7": [0.999, 0.995, 0.5, 0.004, 0.5]}
    assert measure(write(scores=scores), "scores_at_ends", network="net", within=0.02) == 0.5


# ---- efficiencies of a scan ----


def test_background_against_a_scan_at_the_same_signal(write):
    write(
        metrics={
            "target_efficiency": [0.8, 0.4],
            "signal_efficiency": [0.8, 0.4],
            "background_efficiency": [0.3, 0.1],
            "background_efficiency_uncertainty": [0.04, 0.02],
        }
    )
    own = {"signal_efficiency": [0.5], "background_efficiency": [0.2]}
    results = write("other", metrics=own | {"background_efficiency_uncertainty": [0.02]})
    found = measure(results, "background_above_scan", network="other", scan="net")
    # A quarter of the way from 0.4 to 0.8.
    assert found == pytest.approx((0.2 - 0.15, math.hypot(0.02, 0.025)))
    outside = write("other", metrics=own | {"signal_efficiency": [0.9]})
    with pytest.raises(NotRun, match=r"other has a signal efficiency of 0\.90, outside net"):
        measure(outside, "background_above_scan", network="other", scan="net")


def test_steps_and_line_of_the_background_of_a_scan(write):
    metrics = {
        "target_efficiency": [0.9, 0.3, 0.6],
        "signal_efficiency": [0.9, 0.3, 0.6],
        "background_efficiency": [0.5, 0.3, 0.2],
    }
    results = write(metrics=metrics)
    assert measure(results, "smallest_background_step", network="net") == pytest.approx(-0.1)
    # Deviations (0.3, -0.3, 0) and (1, -0.2, -0.8) / 6 of the means.
    expected = (0.3 * 1.0 + 0.3 * 0.2) / math.sqrt(2 * 0.09 * (1 + 0.04 + 0.64))
    assert measure(results, "background_linearity", network="net") == pytest.approx(expected)


# ---- settings and shifts ----


def test_a_number_of_the_source(write):
    results = write()
    assert measure(results, "source_setting", keys=["inner", "number"]) == 7
    with pytest.raises(NotRun, match=r"study toy has no inner\.other in this config"):
        measure(results, "source_setting", keys=["inner", "other"])


def test_efficiencies_under_shifts(write, tmp_path):
    results = write()
    rows = [
        ("net", 0.8, 0.5, 0.0, 0.8, 0.02),
        ("net", 0.8, 0.5, 0.1, 0.6, 0.03),
        ("net", 0.8, 0.7, 0.1, 0.1, 0.01),
        ("net", 0.5, 0.5, 0.1, 0.2, 0.01),
        ("other", math.nan, 0.4, 0.0, 0.5, 0.02),
        ("other", math.nan, 0.4, 0.1, 0.4, 0.04),
    ]
    columns = ["network", "target_efficiency", "score_above", "max_shift", "signal_efficiency"]
    table = pd.DataFrame(rows, columns=[*columns, "signal_efficiency_uncertainty"])
    table.to_csv(tmp_path / "toy" / "robustness.csv", index=False)
    results.studies = {"toy": STUDIES["toy"] | {"robustness": {}}}
    point = {"network": "net", "score_above": 0.5, "target": 0.8, "shift": 0.1}
    assert measure(results, "efficiency_after_shift", **point) == pytest.approx((0.6, 0.03))
    relative = measure(results, "efficiency_after_shift", **point, relative=True)
    assert relative == pytest.approx((0.75, 0.0375))
    gain = measure(results, "robustness_gain", **point, other="other", other_score_above=0.4)
    assert gain == pytest.approx((0.75 - 0.8, math.hypot(0.0375, 0.08)))
    with pytest.raises(NotRun, match=r"no shift 0\.3 of net above 0\.5"):
        measure(results, "efficiency_after_shift", **point | {"shift": 0.3})
