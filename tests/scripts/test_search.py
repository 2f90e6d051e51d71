"""Searches: events of several processes, expected yields, thresholds, and training on the Z loss."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from cabin_core import FeatureScaling, TrainedNetwork
from scripts import evaluate_model as evaluate_network
from scripts.evaluation.threshold_scan import (
    best_threshold,
    linear_boundary,
    meets_demands,
    scan_network,
    scan_thresholds,
)
from scripts.models import network as train_network
from scripts.models.network_settings import NetworkSettings, build_network
from scripts.scorecard.measures import MEASURES
from scripts.scorecard.results import NotRun, Results
from scripts.sources import processes as generate_processes

FEATURES = ["x1", "x2"]
SOURCE = {
    "seed": 5,
    "processes": {
        "s": {"class": "signal", "events": 600, "mean": [4.0, 7.0], "width": [1.0, 2.0]},
        "b1": {"class": "background", "events": 500, "mean": [2.0, 5.0], "width": [1.0, 1.0]},
        "b2": {"class": "background", "events": 400, "mean": [2.0, 10.0], "width": [1.0, 1.0]},
    },
}
SEARCH = {
    "luminosity": 3000.0,
    "cross_sections": {"s": 0.1, "b1": 1.0, "b2": 100.0},
    "relative_uncertainty": 0.0,
    "minimum_signal": 0.0,
}
NETWORK = {
    "model": "linear",
    "bias": True,
    "loss": {"lovasz_z": {"error": "hinge", "epsilon": 10000.0}},
    "optimizer": "adam",
    "learning_rate": 0.05,
    "epochs": 40,
    "seed": 1,
    "precision": "float64",
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A folder of results with one study and one network trained on the Z loss."""
    root = tmp_path_factory.mktemp("results")
    (root / "toy" / "zloss").mkdir(parents=True)
    table, folder = root / "toy" / "features.parquet", root / "toy" / "zloss"
    generate_processes.main(
        table=table, source=SOURCE, features=FEATURES, split={"test_fraction": 0.5, "seed": 1}
    )
    train_network.main(
        table=table,
        model=folder / "model.pt",
        history=folder / "history.csv",
        timing=folder / "training.tsv",
        name="toy/zloss",
        network=NETWORK,
        features=FEATURES,
        directions=[">", ">"],
        threads=1,
        search=SEARCH,
    )
    outputs = {name: folder / f"{name}.csv" for name in ("cuts", "metrics")}
    evaluate_network.main(
        table=table,
        model=folder / "model.pt",
        features=FEATURES,
        threads=1,
        scores=folder / "scores.parquet",
        **outputs,
    )
    return root


# ---- events ----


def test_processes_have_their_means_widths_and_classes(study):
    events = pd.read_parquet(study / "toy" / "features.parquet")
    assert list(events.columns) == [*FEATURES, "process", "label", "split", "weight"]
    assert (events["weight"] == 1).all()
    for name, process in SOURCE["processes"].items():
        rows = events[events["process"] == name]
        assert len(rows) == process["events"]
        assert set(rows["label"]) == {int(process["class"] == "signal")}
        for feature, mean, width in zip(FEATURES, process["mean"], process["width"], strict=True):
            assert rows[feature].mean() == pytest.approx(mean, abs=5 * width / math.sqrt(len(rows)))
            assert rows[feature].std() == pytest.approx(width, rel=0.15)


def test_the_number_of_events_of_a_process_moves_no_other():
    more = {"seed": 5, "processes": SOURCE["processes"] | {"s": SOURCE["processes"]["s"] | {"events": 9}}}
    first, second = (generate_processes.generate_events(source, FEATURES) for source in (SOURCE, more))
    pd.testing.assert_frame_equal(first["background"], second["background"])
    pd.testing.assert_frame_equal(first["signal"].head(9), second["signal"])
    assert not np.array_equal(first["background"][FEATURES].head(9), first["signal"][FEATURES].head(9))


# ---- thresholds ----

EVENTS = pd.DataFrame(
    {
        "score": [0.9, 0.7, 0.6, 0.8, 0.5, 0.2],
        "label": [1, 1, 1, 0, 0, 0],
        "process": ["s", "s", "s", "b1", "b2", "b2"],
        "weight": 1.0,
    }
)


def test_scan_by_hand():
    scan = scan_thresholds(EVENTS, SEARCH).set_index("threshold")
    at = scan.loc[0.6]  # above it, not at it
    assert (at["signal_yield"], at["background_yield"], at["background_events"]) == (200.0, 3000.0, 1.0)
    assert at["significance"] == pytest.approx(200 / math.sqrt(3000))
    assert at["signal_efficiency"] == pytest.approx(2 / 3)
    assert at["background_efficiency_generated"] == pytest.approx(1 / 3)
    assert at["background_efficiency_expected"] == pytest.approx(3000 / 303_000)
    assert at[["efficiency_s", "efficiency_b1", "efficiency_b2"]].to_list() == [
        pytest.approx(2 / 3),
        1.0,
        0.0,
    ]
    everything = scan.loc[0.0]
    assert everything["significance"] == pytest.approx(300 / math.sqrt(303_000), rel=1e-12)  # Z2
    assert math.isnan(scan["significance"].iloc[-1])
    assert scan.index.is_monotonic_increasing


def test_demands():
    scan = scan_thresholds(EVENTS, SEARCH)
    best = best_threshold(scan, {"background_events": 1})
    assert best["significance"] == pytest.approx(300 / math.sqrt(3000))
    assert not meets_demands(scan, {"background_yield": 5.0, "signal_efficiency": 0.9}).iloc[-1]
    with pytest.raises(ValueError, match="no threshold meets the demands"):
        best_threshold(scan, {"background_events": 10})


def test_a_scan_needs_one_score(study):
    scores = pd.DataFrame({"score_0.2": [0.0], "score_0.3": [0.0]})
    with pytest.raises(ValueError, match="needs one score an event, not score_0"):
        scan_network(pd.DataFrame({"x": [1.0]}), scores, SEARCH)


def test_boundary_in_physical_units():
    network = build_network(NetworkSettings("linear", bias=True), (">", ">"))
    network.linear.weight.data = torch.tensor([[2.0, -1.0]])
    network.linear.bias.data = torch.tensor([0.5])
    scaling = FeatureScaling(FEATURES, [10.0, 20.0], [4.0, 0.5])
    trained = TrainedNetwork(network, NetworkSettings("linear", bias=True), scaling, (">", ">"), {})
    weights, constant = linear_boundary(trained)
    point = torch.tensor([[11.0, 22.0]], dtype=torch.float64)
    expected = network.double().logits(scaling.scale(point)).item()
    assert point.numpy() @ weights + constant == pytest.approx(expected)
    scan = NetworkSettings("scan", targets=(0.5,))
    cuts = TrainedNetwork(build_network(scan, (">", ">")), scan, scaling, (">", ">"), {})
    with pytest.raises(ValueError, match="only a linear network has a straight boundary, not a scan one"):
        linear_boundary(cuts)


# ---- training ----


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ({"luminosity": -1.0}, "search.luminosity must be a positive number of fb"),
        ({"cross_sections": {"s": 0.1, "b1": 1.0}}, "none of the process b2: give it in fb"),
        (
            {"cross_sections": {"s": 0.1, "b1": 1.0, "b2": -2.0}},
            "cross_sections.b2 must be a positive number",
        ),
        ({"cross_sections": SEARCH["cross_sections"] | {"b3": 1.0}}, "b3: no event of this process in the"),
    ],
)
def test_wrong_searches_get_one_line(search, message):
    with pytest.raises(ValueError, match=message):
        scan_thresholds(EVENTS, SEARCH | search)


# ---- the scorecard ----


@pytest.fixture
def results(study) -> Results:
    config = {"features": [{"name": name} for name in FEATURES], "networks": ["zloss"], "search": SEARCH}
    return Results(study, {"toy": config}, {"zloss": NETWORK})


def measure(results, name, **arguments):
    return MEASURES[name](results, **arguments).value


def test_measures_of_the_toy_itself(results):
    events = results.features("toy")
    assert measure(results, "significance_without_cuts", study="toy") == pytest.approx(0.545, abs=5e-4)
    beyond = events[(events["x1"] > 0.5 * events["x2"] + 0.1) & (events["process"] == "b1")]
    line = {"study": "toy", "slope": 0.5, "intercept": 0.1}
    share = measure(results, "efficiency_beyond_line", process="b1", **line)
    assert share == len(beyond) / 500
    # A line through the median of the signal: what lies beyond it by hand.
    distance = events["x1"] - 0.5 * events["x2"]
    passed = distance > distance[events["process"] == "s"].median()
    counts = events[passed].groupby("process").size()
    yields = 3000 * counts["b1"] / 500 + 300_000 * counts.get("b2", 0) / 400
    value = measure(results, "significance_along", study="toy", slope=0.5, efficiency=0.5)
    assert value == pytest.approx(150 / math.sqrt(yields), rel=0.02)
    background = (counts["b1"] + counts.get("b2", 0)) / 900
    signal = measure(
        results, "signal_along", study="toy", slope=0.5, background="generated", efficiency=background
    )
    assert signal == pytest.approx(0.5, abs=0.02)


def test_measures_of_a_network(results):
    network = {"study": "toy", "network": "zloss"}
    weights, _ = linear_boundary(results.model("toy", "zloss"))
    assert measure(results, "boundary_slope", **network) == pytest.approx(-weights[1] / weights[0])
    assert measure(results, "weight_norm", **network) == pytest.approx(np.hypot(*weights))
    assert measure(results, "slope_above", other="zloss", **network) == 0.0
    history = results.history("toy", "zloss")
    assert measure(results, "least_history", column="train_share", **network) == history["train_share"].min()
    with pytest.raises(NotRun, match="zloss has no train_bce in its history"):
        measure(results, "least_history", column="train_bce", **network)
    events, scores = results.features("toy"), results.scores("toy", "zloss")["score"]
    test = (events["split"] == "test") & (events["process"] == "b2")
    assert measure(results, "process_efficiency", process="b2", **network) == (scores[test] > 0.5).mean()
    gap = measure(results, "process_efficiency_above", process="b1", other="b2", **network)
    assert gap > 0.1
    scan = scan_network(events, results.scores("toy", "zloss"), SEARCH)
    trusted = scan[(scan["background_events"] >= 100) & (scan["signal_efficiency"] >= 0.05)]
    best = trusted.loc[trusted["significance"].idxmax()]
    assert measure(results, "largest_significance", **network) == best["significance"]
    at_best = measure(results, "efficiency_at_largest_significance", **network)
    assert at_best == best["signal_efficiency"]
    assert measure(results, "efficiency_gain_at_largest_significance", other="zloss", **network) == 0.0
    assert measure(results, "significance_at_efficiency", efficiency=at_best, **network) == pytest.approx(
        best["significance"], rel=0.02
    )
    roc = {"background": "expected", "efficiency": best["background_efficiency_expected"]}
    assert measure(results, "signal_at_background", **network, **roc) == pytest.approx(at_best, abs=0.01)
    gain = {"other": "zloss", "background": "expected", "between": [0.1, 0.9]}
    assert measure(results, "smallest_signal_gain", **network, **gain) == 0.0


@pytest.mark.parametrize("error", ["hinge", "sigmoid", "cross_entropy", "focal"])
def test_landscapes_are_convex(results, error):
    bend = measure(results, "landscape_bend", error=error, cross_sections=[1.0, 10.0])
    assert -1e-9 < bend < 1e-3


def test_a_study_without_search_is_not_run(study):
    results = Results(study, {"toy": {"networks": ["zloss"], "features": []}}, {"zloss": NETWORK})
    with pytest.raises(NotRun, match="study toy has no search"):
        measure(results, "significance_without_cuts", study="toy")


def test_lines_of_the_paper_on_the_toy(tmp_path):
    """Z3: 50,000 events a process, the efficiencies beyond the lines of Figure 1 of arXiv:2412.09500."""
    unit = {
        name: process | {"events": 50_000, "width": [1.0, 1.0]}
        for name, process in SOURCE["processes"].items()
    }
    generate_processes.main(
        table=tmp_path / "features.parquet",
        source={"seed": 123, "processes": unit},
        features=FEATURES,
        split={"test_fraction": 0.5, "seed": 1},
    )
    config = {"features": [{"name": name} for name in FEATURES], "networks": [], "search": SEARCH}
    (tmp_path / "toy").mkdir()
    (tmp_path / "features.parquet").rename(tmp_path / "toy" / "features.parquet")
    results = Results(tmp_path, {"toy": config}, {})
    for (slope, intercept), expected in {
        (0.1639, 1.784): (0.854, 0.276, 0.080),
        (0.6627, -0.5173): (0.460, 0.253, 0.0003),
        (-0.3981, 7.0227): (0.413, 0.002, 0.167),
    }.items():
        line = {"study": "toy", "slope": slope, "intercept": intercept}
        found = [
            measure(results, "efficiency_beyond_line", process=name, **line) for name in ("s", "b1", "b2")
        ]
        assert found == pytest.approx(expected, abs=0.005)
