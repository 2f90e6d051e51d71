"""Watts' toys: his events bit for bit, and the numbers of his notebooks."""

import hashlib

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from cabin_core import EventSample, WattsLoss, load_network
from cabin_core.classifiers import cuts_of
from scripts import evaluate_model as evaluate_network
from scripts.data.feature_table import check_feature_table
from scripts.evaluation.cut_function_scan import (
    event_gradients,
    network_of,
    sample_of,
    scan_line,
    scan_losses,
    scan_surface,
)
from scripts.models import network as train_network
from scripts.scorecard.measures import MEASURES
from scripts.scorecard.results import NotRun, Results
from scripts.sources import generate_watts
from scripts.sources.watts import PLANE, SAMPLES, SEED, draw_more, n_features, signal_probability
from tests.conftest import ROOT

CONFIG = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
ROWS = yaml.safe_load((ROOT / "config" / "scorecard.yaml").read_text())["scorecard"]
NETWORKS = CONFIG["networks"]
DIGESTS = {"line": "2641441d4e135a10", "line_first": "a727844785669219", "line_again": "52dd55995e748de7"}
#: The first two signal events.
ON_THE_PLANE = [[1.6982265738273847, 2.1581333572004433], [2.0491918908358326, 1.5025191233962385]]


def test_samples_are_his_own():
    """One stream of numpy's legacy generator, in the order of his module."""
    stream = np.random.RandomState(SEED)
    line = stream.normal(5, 1, 10_000), stream.normal(0, 4, 10_000)
    plane = (
        stream.multivariate_normal([1.5, 2.0], [[0.5, 0.2], [0.2, 0.5]], 10_000),
        stream.multivariate_normal([0, 0], [[9, 0], [0, 9]], 10_000),
    )
    for expected, found in zip(line, SAMPLES["line"](), strict=True):
        np.testing.assert_array_equal(found[:, 0], expected)
    for expected, found in zip(plane, SAMPLES["plane"](), strict=True):
        np.testing.assert_array_equal(found, expected)
    stream = np.random.RandomState(SEED)
    first = stream.normal(5, 1, 1_000), stream.normal(0, 4, 10_000)
    stream.normal(size=10_000)
    for expected, found in zip(first, SAMPLES["line_first"](), strict=True):
        np.testing.assert_array_equal(found[:, 0], expected)
    again = SAMPLES["line_again"]()
    np.testing.assert_array_equal(again[0][:, 0], stream.normal(5, 1, 10_000))
    np.testing.assert_array_equal(again[1][:, 0], first[1])


def test_samples_are_bit_for_bit_what_they_were():
    """Those in two dimensions pass through the linear algebra of the machine: the last digit may differ."""
    for name, digest in DIGESTS.items():
        content = b"".join(events.tobytes() for events in SAMPLES[name]())
        assert hashlib.sha256(content).hexdigest()[:16] == digest, name
    assert SAMPLES["plane"]()[0][:2] == pytest.approx(np.array(ON_THE_PLANE), abs=1e-12)


def test_more_events_of_the_same_distributions():
    signal, background = draw_more(2, 40_000, 1)
    for events, name in ((signal, "signal"), (background, "background")):
        mean, covariance = PLANE[name]
        spread = np.sqrt(np.diag(covariance))
        assert events.mean(axis=0) == pytest.approx(mean, abs=5 * spread.max() / 200)
        assert np.cov(events.T) == pytest.approx(np.array(covariance), abs=5 * 9 * np.sqrt(2) / 200)
    assert not np.isin(draw_more(2, 100, 2)[0], signal).any()
    assert draw_more(1, 100, 2)[0].shape == (100, 1)


def test_exact_probability():
    """Equal densities give one half; the mean of the signal is where its own density is 43 times higher."""
    at_signal = signal_probability(np.array([PLANE["signal"][0]]))[0]
    ratio = 9 / np.sqrt(0.21) / np.exp(-(1.5**2 + 2**2) / 18)
    assert at_signal == pytest.approx(ratio / (1 + ratio), rel=1e-12)
    signal, background = draw_more(2, 100_000, 4)
    assert (signal_probability(signal) > 0.5).mean() == pytest.approx(0.968, abs=0.002)
    assert (signal_probability(background) > 0.5).mean() == pytest.approx(0.115, abs=0.003)


@pytest.mark.parametrize("name", [*SAMPLES, "plane_anew"])
def test_feature_table(name):
    source = {"kind": "watts", "sample": name, "test_events": 50, "seed": 1}
    if name == "plane_anew":
        source["events"] = 70
    features = [f"x{i}" for i in range(n_features(name))]
    table = generate_watts.make_table(source, features)
    check_feature_table(table, features, name)
    training = table[table["split"] == "train"]
    if name in SAMPLES:
        np.testing.assert_array_equal(training[features], np.concatenate(SAMPLES[name]()))
    assert table.groupby(["split", "label"]).size()["test"].to_list() == [50, 50]
    assert training["label"].is_monotonic_decreasing
    other = generate_watts.make_table(source | {"seed": 7}, features)
    assert not np.isin(other[other["split"] == "test"][features[0]], table[features[0]]).any()


@pytest.mark.parametrize("name", ["watts_sigmoid", "watts_erf"])
def test_cuts_in_two_dimensions(name):
    """W1: after 5000 epochs his cuts are at the minimum of the loss, which any optimiser finds."""
    events, loss = sample_of("plane"), WattsLoss("softmax")
    network = network_of(NETWORKS[name]["cut_function"], np.array([[1.0, 1.0]]))
    optimizer = torch.optim.LBFGS(
        network.parameters(), max_iter=60, tolerance_grad=1e-9, line_search_fn="strong_wolfe"
    )

    def closure():
        optimizer.zero_grad()
        value = loss.of_rows(network, events).sum()
        value.backward()
        return value

    key = name.replace("watts_", "watts-2d-")
    assert closure().item() == pytest.approx(ROWS[f"{key}-start"]["reference"], abs=0.02)
    optimizer.step(closure)
    assert network.cuts()[0].tolist() == pytest.approx(ROWS[key]["reference"], abs=2e-5)
    assert closure().item() == pytest.approx(ROWS[f"{key}-loss"]["reference"], abs=0.02)


CLAIMS_WITHOUT_TRAINING = [
    name for name, row in ROWS.items() if name.startswith("watts-") and "study" not in row["arguments"]
]


@pytest.mark.parametrize("name", CLAIMS_WITHOUT_TRAINING)
def test_scans_of_one_cut(name):
    """W2 and all else that the notebooks find without training a network."""
    row = ROWS[name]
    ((argument, values),) = row.get("over", {None: [None]}).items()
    references = row["reference"] if argument else [row["reference"]]
    for value, reference in zip(values, references, strict=True):
        found = MEASURES[row["measure"]](None, **row["arguments"], **({argument: value} if argument else {}))
        tolerance = row.get("tolerance", 0.0) * (abs(reference) if row.get("relative") else 1.0)
        assert found.value == pytest.approx(reference, abs=tolerance), value


@pytest.mark.parametrize("function", ["sigmoid", "erf", "balanced"])
def test_scans_against_numpy(function):
    events = sample_of("line_first")
    cuts = np.array([-3.0, 0.5, 2.0])
    scan = scan_line(function, cuts, events)
    margins = events.features[:, 0].numpy()[:, None] - cuts
    weights = {
        "sigmoid": 1 / (1 + np.exp(-margins)),
        "erf": np.array([[(1 + torch.erf(torch.tensor(m))).item() / 2 for m in row] for row in margins[:50]]),
        "balanced": 2 / (1 + np.exp(-margins)) - 1,
    }[function]
    if function == "erf":
        with torch.no_grad():
            found = network_of("erf", cuts[:, None])(events.features[:50])
        np.testing.assert_allclose(found, weights, rtol=1e-12)
        return
    signal = events.is_signal.numpy()
    np.testing.assert_allclose(scan["signal"], weights[signal].mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(scan["squares"], ((weights - signal[:, None]) ** 2).sum(axis=0), rtol=1e-12)
    with np.errstate(invalid="ignore"):
        expected = weights[signal].sum(axis=0) / np.sqrt(weights[~signal].sum(axis=0))
    np.testing.assert_allclose(scan["significance"], expected, rtol=1e-12)


def test_gradients_of_scans():
    """Against differences; and from event to event, they add up to the whole."""
    events = sample_of("line_first")
    step = 1e-5
    scan = scan_losses("erf", np.array([[1.0 - step], [1.0], [1.0 + step]]), events)
    for loss in ("significance", "cross_entropy", "squares"):
        below, _, above = scan[loss]
        assert scan[f"{loss}_gradient"][1] == pytest.approx((above - below) / (2 * step), rel=1e-6)
    each = event_gradients("erf", 1.0, events)
    assert each.sum() == pytest.approx(scan["squares_gradient"][1], rel=1e-10)
    # Nothing comes from events far from the cut.
    assert np.abs(each[np.abs(events.features[:, 0].numpy() - 1.0) > 6]).max() < 1e-12


def test_surface_is_of_the_product_and_not_the_sum_of_both():
    events = sample_of("plane")
    axis = np.array([-1.0, 0.5, 2.0])
    table = scan_surface("sigmoid", axis, events).set_index(["loss", "x", "y"])
    together = scan_losses("sigmoid", np.array([[0.5, 2.0]]), events)
    for loss in ("significance", "cross_entropy", "squares"):
        assert table.loc[(loss, 0.5, 2.0), "value"] == pytest.approx(together[loss][0], rel=1e-10)
    alone = [
        scan_losses(
            "sigmoid",
            np.array([[at]]),
            EventSample(events.features[:, [i]], events.is_signal, events.weights),
        )
        for i, at in enumerate((0.5, 2.0))
    ]
    assert table.loc[("squares", 0.5, 2.0), "sum"] == pytest.approx(
        sum(a["squares"][0] for a in alone), rel=1e-10
    )


def test_from_events_to_evaluation(tmp_path):
    """Unscaled features, cuts in the history, and the measures of the scorecard on what is written."""
    source = {"kind": "watts", "sample": "plane_anew", "events": 400, "test_events": 100, "seed": 1}
    study = {"features": [{"name": "x1"}, {"name": "x2"}], "networks": ["raw"], "source": source}
    folder = tmp_path / "plane" / "raw"
    folder.mkdir(parents=True)
    table = tmp_path / "plane" / "features.parquet"
    generate_watts.main(table=table, source=source, features=["x1", "x2"])
    entry = NETWORKS["watts_raw"] | {"epochs": 6}
    files = {
        "model": folder / "model.pt",
        "history": folder / "history.csv",
        "timing": folder / "training.tsv",
    }
    common = {"table": table, "features": ["x1", "x2"], "threads": 1}
    train_network.main(**files, **common, name="plane/raw", network=entry, directions=[">", ">"])
    trained = load_network(files["model"], ["x1", "x2"])
    assert trained.scaling.mean.tolist() == [0, 0]
    assert trained.scaling.spread.tolist() == [1, 1]
    outputs = {name: folder / f"{name}.csv" for name in ("cuts", "metrics")}
    evaluate_network.main(**outputs, **common, model=files["model"], scores=folder / "scores.parquet")
    cuts = pd.read_csv(outputs["cuts"])
    assert cuts["cut"].to_list() == cuts["cut_scaled"].to_list()
    assert cuts["cut"].to_list() == pytest.approx(cuts_of(trained.network).cuts()[0].tolist())
    history = pd.read_csv(files["history"])
    assert history["cut_x1"][0] == -4.0
    assert pd.read_csv(outputs["metrics"])["signal_efficiency"][0] == 1.0

    results = Results(tmp_path, {"plane": study}, {"raw": entry})
    named = {"study": "plane", "network": "raw"}
    several = {"study": "plane", "networks": ["raw", "raw"]}

    def measure(measured: str, **arguments) -> float:
        return MEASURES[measured](results, **arguments).value

    assert measure("starting_loss", **named) == history["train_total"][0]
    assert measure("final_loss", **several) == history["train_total"].iloc[-1]
    assert measure("smallest_final_loss", **several) == history["train_total"].iloc[-1]
    assert measure("trained_cut", **several, feature="x2") == cuts["cut"][1]
    moved = history[["cut_x1", "cut_x2"]] + 4.0
    assert measure("cut_movement", **named) == pytest.approx(moved.abs().max(axis=None))
    velocity = (cuts["cut"][0] - history["cut_x1"][2]) / 4 * 1000
    assert measure("cut_velocity", **several, feature="x1", between=[2, 6]) == pytest.approx(velocity)
    inner = (history["cut_x1"][4] - history["cut_x1"][2]) / 2 * 1000
    assert measure("cut_velocity", **several, feature="x1", between=[2, 4]) == pytest.approx(inner)
    steps = history[["cut_x1", "cut_x2"]].iloc[2:].diff().max(axis=None)
    assert measure("largest_cut_step", **named, after=2) == pytest.approx(steps)
    with pytest.raises(NotRun, match="raw is trained for fewer than 9 epochs"):
        measure("largest_cut_step", **named, after=9)
    with pytest.raises(NotRun, match="raw is trained for 6 epochs"):
        measure("cut_velocity", **several, feature="x1", between=[2, 7])
    scores = pd.read_parquet(folder / "scores.parquet")
    of_training = scores[scores["split"] == "train"]
    assert measure("least_output", **named) == of_training["score"].min()
    assert measure("output_outside", **several) == pytest.approx(
        max(0.0, -scores["score"].min(), scores["score"].max() - 1)
    )
    signal = of_training[of_training["label"] == 1]["score"]
    assert measure("output_above_half", **several, label=1) == pytest.approx((signal > 0.5).mean())
    assert measure("sigmoid_above_half", **named, label=1) == pytest.approx((signal > 1e-7).mean(), abs=0.01)
    # 0.0574 an event; 400 of each class.
    assert measure("best_sum_of_squares", study="plane") == pytest.approx(800 * 0.0574, rel=0.25)
