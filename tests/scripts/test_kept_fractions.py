"""Cuts and a network against the fraction of the background that the cuts keep."""

import copy
import math

import numpy as np
import pandas as pd
import pytest
import torch

from cabin_core import EventSample, FullyConnectedNetwork
from scripts import evaluate_network, scan_kept_fractions, train_network
from scripts.config import ConfigError, check_config
from scripts.network_config import parse_network
from scripts.scan_kept_fractions import STRATEGIES, measure_chain, rank_by_network
from scripts.scorecard.measures import MEASURES
from scripts.scorecard.results import NotRun, Results
from tests.scripts.test_config import PAPER, SCHEMA

FEATURES, DIRECTIONS = ["a", "b"], [">", "<"]
JOINT = {
    "model": "joint",
    "kept_fraction": 0.1,
    "start": 2.0,
    "activation_scale": 30.0,
    "hidden_layers": [6],
    "loss": {"joint": {}},
    "optimizer": "adam",
    "learning_rate": 0.05,
    "classifier_learning_rate": 0.02,
    "epochs": 120,
    "seed": 1,
    "schedule": {"first_activation_scale": 3.0, "last_learning_rate": 0.005},
}
SEARCH = {
    "luminosity": 10.0,
    "cross_sections": {"signal": 1.0, "background": 20.0},
    "relative_uncertainty": 0.1,
    "minimum_signal": 0.0,
}


@pytest.fixture(scope="module")
def events():
    generator = np.random.default_rng(2)
    label = np.arange(4000) % 2
    return pd.DataFrame(
        {
            "a": generator.normal(1.5 * label),
            "b": generator.normal(-1.5 * label),
            "label": label.astype(np.int8),
            "split": np.where(np.arange(4000) % 5 == 0, "test", "train"),
            "weight": 1.0,
        }
    )


@pytest.fixture(scope="module")
def table(events, tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "features.parquet"
    events.to_parquet(path)
    return path


def scan(table, path, **changes):
    arguments = {
        "table": table,
        "kept_fractions": path,
        "name": "toy",
        "settings": {"fractions": [0.3, 0.05], "seeds": [1, 2]},
        "network": JOINT,
        "features": FEATURES,
        "directions": DIRECTIONS,
        "split": {"test_fraction": 0.2, "seed": 0},
        "search": SEARCH,
    }
    scan_kept_fractions.main(**arguments | changes)
    return pd.read_csv(path)


def test_scan_of_three_strategies(table, tmp_path):
    rows = scan(table, tmp_path / "scan.csv")
    assert list(rows["strategy"].unique()) == list(STRATEGIES)
    assert len(rows) == 3 * 2 * 2
    # Fitted on the training sample: on the test sample within its statistics, 400 background events.
    spread = np.sqrt(rows["fraction"] * (1 - rows["fraction"]) / 400)
    assert ((rows["kept_background"] - rows["fraction"]).abs() < 4 * spread).all()
    means = rows.groupby(["strategy", "fraction"])[["auc", "kept_signal", "cross_entropy"]].mean()
    for fraction, best in ((0.3, 0.9), (0.05, 0.593)):  # of the best cuts, alike on both features
        for strategy in ("together", "cuts first"):
            assert means.loc[(strategy, fraction), "kept_signal"] == pytest.approx(best, abs=0.06)
        # Independent features of the same distance: the network needs both at once and finds their sum.
        assert means.loc[("network alone", fraction), "auc"] > means.loc[("together", fraction), "auc"]
    # The less is kept, the more is lost.
    assert (means["auc"].unstack().diff(axis=1).iloc[:, 1:] > 0).all().all()
    assert (means["cross_entropy"].unstack().diff(axis=1).iloc[:, 1:] < 0).all().all()
    again = tmp_path / "again.csv"
    scan(table, again)
    assert again.read_bytes() == (tmp_path / "scan.csv").read_bytes()


def test_without_a_search_there_is_no_significance(table, tmp_path):
    rows = scan(
        table,
        tmp_path / "scan.csv",
        search=None,
        settings={"fractions": [0.3], "seeds": [1]},
        network=JOINT | {"epochs": 5},
    )
    assert rows["significance"].isna().all()


def test_measures_by_hand():
    events = pd.DataFrame(
        {
            "label": [1, 1, 0, 0, 0, 0, 1, 0],
            "split": ["test"] * 6 + ["train"] * 2,
            "weight": 1.0,
        }
    )
    scores = np.array([[0.8], [0.0], [0.5], [0.0], [0.0], [0.0], [0.9], [0.1]])
    row = measure_chain(events, scores, (0.25,), None).iloc[0]
    assert row["kept_background"] == 0.25
    assert row["kept_signal"] == 0.5
    # The kept signal is above all four background events, the dropped one ties with three of them.
    assert row["auc"] == pytest.approx((4 + 0 + 3 / 2) / 8)
    kept = -0.5 * math.log(0.8) - 0.25 * math.log(0.5)
    dropped = -0.5 * math.log(0.5 / 1.25) - 0.75 * math.log(0.75 / 1.25)
    assert row["cross_entropy"] == pytest.approx(kept + dropped)


def test_thresholds_that_keep_the_same_events_are_alike(monkeypatch):
    """Which of them has the largest sum is a matter of rounding; the choice is not."""
    events = pd.DataFrame({"label": [1] * 3 + [0] * 3, "weight": 1.0})
    events = pd.concat([events.assign(split="train"), events.assign(split="test")], ignore_index=True)
    scores = np.array([0.2, 0.4, 0.8, 0.1, 0.15, 0.9, 0.3, 0.6, 0.9, 0.25, 0.5, 0.0])[:, None]
    search = {"luminosity": 1.0, "cross_sections": {"signal": 1.0, "background": 1.0}}
    search |= {"relative_uncertainty": 0.1, "minimum_signal": 0.0}
    genuine = scan_kept_fractions.selected_yields
    found = set()
    for sign in (-1, 1):

        def rounded(table, passed, search, sign=sign):
            yields = genuine(table, passed, search)
            yields["significance"] *= 1 + sign * 1e-15 * np.arange(len(yields))
            return yields

        monkeypatch.setattr(scan_kept_fractions, "selected_yields", rounded)
        monkeypatch.setattr(scan_kept_fractions, "LEAST_BACKGROUND", 1)
        found.add(measure_chain(events, scores, (0.5,), search)["significance"].iloc[0])
    assert len(found) == 1


def test_network_alone_keeps_by_its_score():
    torch.manual_seed(1)
    network = FullyConnectedNetwork(2, (4,))
    sample = EventSample(torch.randn(500, 2), torch.arange(500) % 2 == 0, torch.ones(500))
    scores = rank_by_network(network, sample, sample.features, (0.1, 1.0))
    of_background = scores[~sample.is_signal.numpy()]
    assert (of_background[:, 0] > 0).mean() == pytest.approx(0.1, abs=0.005)
    assert (of_background[:, 1] > 0).all()
    kept = scores[:, 0] > 0
    assert scores[kept, 0].min() > scores[~kept, 1].max()


def test_joint_network_as_a_tool(table, events, tmp_path):
    paths = {name: tmp_path / name for name in ("model", "history", "timing")}
    arguments = {"table": table, "features": FEATURES, "threads": 1}
    train_network.main(**arguments, **paths, name="toy", network=JOINT, directions=DIRECTIONS)
    paths["model"] = paths["model"].rename(tmp_path / "model.pt")
    outputs = {name: tmp_path / name for name in ("cuts", "metrics", "scores")}
    evaluate_network.main(**arguments, model=paths["model"], **outputs)
    cuts, metrics = pd.read_csv(outputs["cuts"]), pd.read_csv(outputs["metrics"])
    assert list(cuts["feature"]) == FEATURES
    assert list(cuts["direction"]) == DIRECTIONS
    scores = pd.read_parquet(outputs["scores"])["score"].to_numpy()
    passed = (events["a"] > cuts["cut"][0]) & (events["b"] < cuts["cut"][1])
    assert ((scores > 0) == passed).all()
    background = events["label"] == 0
    train = events["split"] == "train"
    assert passed[background & train].mean() == pytest.approx(0.1, abs=1e-3)
    assert passed[background & train].mean() <= 0.1
    assert metrics["background_efficiency"][0] == pytest.approx(passed[background & ~train].mean())
    assert set(pd.read_csv(paths["history"])) >= {"train_efficiency", "train_cross_entropy", "test_total"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kept_fraction": 0.0}, r"a kept fraction must lie in \(0, 1\]"),
        ({"kept_fraction": 1.5}, r"a kept fraction must lie in \(0, 1\]"),
        ({"classifier_output": "raw"}, "classifier_output must be sigmoid"),
        ({"loss": {"joint": {}, "bce": 1.0}}, "joint is a loss of its own: remove bce, or joint"),
        ({"model": "linear", "hidden_layers": []}, "belongs to"),
        ({"loss": {"bce": 1.0}}, "kept_fraction: only the loss joint holds it"),
    ],
)
def test_entries_that_make_no_sense(change, message):
    with pytest.raises(ValueError, match=message):
        parse_network(JOINT | change)


def test_joint_loss_needs_a_kept_fraction():
    entry = {key: value for key, value in JOINT.items() if key != "kept_fraction"}
    with pytest.raises(ValueError, match="a joint network with a kept_fraction"):
        parse_network(entry)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("fractions", [0.1, 0.0], r"kept_fractions.fractions: a kept fraction must lie in \(0, 1\]"),
        ("fractions", [1.2], r"kept_fractions.fractions: a kept fraction must lie in \(0, 1\]"),
        ("network", "scan", r"kept_fractions.network: scan is not a joint network"),
        ("network", "susy_joint", r"kept_fractions.network: unknown network 'susy_joint'"),
    ],
)
def test_config_faults_are_one_line(path, value, message):
    config = copy.deepcopy(PAPER)
    config["studies"]["gaussian"]["kept_fractions"][path] = value
    with pytest.raises(ConfigError, match=message) as raised:
        check_config(config, SCHEMA)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [("record_cuts", True), ("scale_features", False), ("property", {"name": "x0", "edges": [0, 1]})],
)
def test_a_scan_refuses_settings_that_it_has_not(key, value):
    config = copy.deepcopy(PAPER)
    config["networks"]["joint"][key] = value
    with pytest.raises(ConfigError, match=f"the scan has no {key}, which joint sets: remove it"):
        check_config(config, SCHEMA)


@pytest.mark.parametrize(
    "change",
    [
        {"precision": "float64"},
        {"weights": "learned"},
        {"weights": [2.0, -1.0]},
        {"cut_function": "erf"},
        {"initial_weights": "truncated_normal"},
        {"loss": {"joint": {"order_share": 0.9}}},
        {"loss": {"joint": {"handover": [0.5, 0.5], "coupling": 1.0}}},
    ],
    ids=str,
)
def test_a_scan_ignores_no_setting(table, tmp_path, change):
    few = {"settings": {"fractions": [0.3], "seeds": [1]}}
    plain = scan(table, tmp_path / "plain.csv", network=JOINT | {"epochs": 40}, **few)
    changed = scan(table, tmp_path / "changed.csv", network=JOINT | {"epochs": 40} | change, **few)
    together = plain["strategy"] == "together"
    assert not plain[together].equals(changed[together])


def test_a_scan_of_few_events(events, tmp_path):
    few = events[(events["label"] == 1) | (events.index < 30)]
    few.to_parquet(tmp_path / "features.parquet")
    rows = scan(tmp_path / "features.parquet", tmp_path / "scan.csv", network=JOINT | {"epochs": 3})
    assert rows["significance"].notna().all()


def test_a_figure_of_a_scan_that_is_left_out():
    config = copy.deepcopy(PAPER)
    config["studies"]["gaussian"]["kept_fractions"] = None
    with pytest.raises(ConfigError, match=r"figures.kept_fractions: study gaussian has no key `kept_frac"):
        check_config(config, SCHEMA)


def test_measures_of_the_scorecard(tmp_path):
    (tmp_path / "toy").mkdir()
    rows = [
        (
            strategy,
            seed,
            fraction,
            0.5 + fraction + 0.1 * seed - (0.02 * seed if strategy == "together" else 0),
        )
        for strategy in STRATEGIES
        for seed in (1, 2)
        for fraction in (0.1, 0.2)
    ]
    scan = pd.DataFrame(rows, columns=["strategy", "seed", "fraction", "auc"])
    scan.to_csv(tmp_path / "toy" / "kept_fractions.csv", index=False)
    studies = {"toy": {"networks": [], "kept_fractions": {}}}
    results = Results(tmp_path, studies, {})
    # Deficits of 0.02 and 0.04 in pairs; the seeds themselves spread by 0.1 / sqrt(2) and 0.08 / sqrt(2).
    spread = np.sqrt((0.1**2 + 0.08**2) / 4)
    deficit = MEASURES["largest_joint_deficit"](results, study="toy", quantity="auc")
    assert deficit.value == pytest.approx(0.03 / spread)
    difference = MEASURES["mean_joint_difference"](results, study="toy", quantity="auc")
    assert difference == (pytest.approx(-0.03), pytest.approx(0.01))
    scan[scan["seed"] == 1].to_csv(tmp_path / "toy" / "kept_fractions.csv", index=False)
    with pytest.raises(NotRun, match="one seed of kept fractions"):
        MEASURES["mean_joint_difference"](Results(tmp_path, studies, {}), study="toy", quantity="auc")
