"""Cuts that can be published, from the config to cuts.csv."""

import logging

import numpy as np
import pandas as pd
import pytest

from scripts.analyses.job import AnalysisJob
from scripts.data.feature_table import make_feature_table
from scripts.kinds import ConfigError, module_of
from scripts.parsing import parse_kind
from scripts.study import Split
from scripts.study_parsing import parse_study
from scripts.tables.inputs import TableInputs
from tests.studies import NETWORKS, make_study, study_entry
from tests.trainings import train

SCAN = {
    "model": "scan",
    "targets": [0.5, 0.9],
    "start": 1.0,
    "loss": {"efficiency": 10.0, "background": 0.3, "smoothness": 1.0},
    "optimizer": "adam",
    "learning_rate": 0.1,
    "epochs": 20,
    "most_epochs": 150,
    "seed": 1,
}
FEATURES = [
    {"name": "met", "direction": ">", "unit": "GeV", "round": 5.0},
    {"name": "mass", "direction": "<", "unit": "GeV", "at_most": 95.0},
]
LIMITS = [{"round": 5.0}, {"at_most": 95.0}]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    random = np.random.default_rng(3)
    signal, background = (
        pd.DataFrame({"met": random.normal(met, 50.0, 400), "mass": random.normal(mass, 10.0, 400)})
        for met, mass in ((250.0, 75.0), (180.0, 90.0))
    )
    path = tmp_path_factory.mktemp("table") / "features.parquet"
    make_feature_table(signal, background, Split(test_fraction=0.2, seed=1)).to_parquet(path)
    return path


def trained(table, folder, entry, limits, directions=(">", "<")):
    files = train(table, folder, entry, ["met", "mass"], list(directions), limits=limits)
    cuts = pd.read_csv(files["cuts"])
    return files, cuts, pd.read_csv(files["metrics"])


def cuts_on(cuts, feature):
    return cuts.loc[cuts["feature"] == feature, "cut"].to_numpy()


def test_rounded_and_bounded_cuts_hold_exactly_and_meet_targets(table, tmp_path):
    files, cuts, metrics = trained(table, tmp_path, SCAN, LIMITS)
    rounded = cuts_on(cuts, "met")
    assert (rounded % 5 == 0).all()
    assert (cuts_on(cuts, "mass") <= 95.0).all()
    assert metrics["target_met"].to_list() == ["yes", "yes"]
    history = pd.read_csv(files["history"])
    assert history["epoch"].to_list() == list(range(len(history)))
    assert f",{rounded[0]:.1f}," in files["cuts"].read_text()


def test_fixed_cuts_and_a_background_as_target(table, tmp_path):
    entry = SCAN | {"targets": [0.1, 0.3], "target_of": "background"}
    _, cuts, metrics = trained(table, tmp_path, entry, [{}, {"fixed": 88.3}])
    assert cuts_on(cuts, "mass").tolist() == [88.3, 88.3]
    assert metrics["target_met"].to_list() == ["yes", "yes"]


def test_all_cuts_rounded(table, tmp_path):
    _, cuts, metrics = trained(table, tmp_path, SCAN, [{"round": 5.0}, {"round": 0.5}])
    assert (cuts["cut"] % 0.5 == 0).all()
    assert metrics["target_met"].to_list() == ["yes", "yes"]


def test_limits_without_more_epochs(table, tmp_path):
    entry = {key: value for key, value in SCAN.items() if key != "most_epochs"}
    _, cuts, metrics = trained(table, tmp_path, entry, LIMITS)
    assert (cuts_on(cuts, "met") % 5 == 0).all()
    assert metrics["target_met"].to_list() == ["yes", "yes"]


def test_limits_that_leave_no_cuts_are_told(table, tmp_path):
    _, _, metrics = trained(table, tmp_path, SCAN, [{"at_least": 300.0}, {}])
    assert metrics["target_met"].to_list() == ["no", "no"]
    assert metrics["target_note"].unique().tolist() == ["the limits of the cuts leave none that are closer"]


def test_a_bound_outside_of_the_events(table, tmp_path, caplog):
    line = "at_least of met, 900, is outside of the training events, from "
    with pytest.raises(ValueError, match=line):
        trained(table, tmp_path, SCAN, [{"at_least": 900.0}, {}])
    with caplog.at_level(logging.WARNING):
        trained(table, tmp_path, SCAN | {"epochs": 1, "most_epochs": 1}, [{"at_least": -900.0}, {}])
    assert any("at_least of met, -900, is outside" in text for text in caplog.messages)


def test_a_search_says_that_it_keeps_no_limits(table, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        trained(table, tmp_path, NETWORKS["kcuts"], LIMITS)
    assert "test: a kcuts does not keep the limits of cuts on features" in caplog.messages


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        ({"fixed": 1.0, "at_most": 2.0}, "a fixed cut has no round"),
        ({"at_least": 3.0, "at_most": 2.0}, "at_least, 3, is above at_most, 2"),
        ({"round": 0.0}, "round"),
        (
            {"direction": "window", "round": 20.0, "at_least": -5.0, "at_most": 15.0},
            "features.0: a window has two edges: round, at_least, at_most leave one cut alone",
        ),
        (
            {"direction": "window", "at_least": 2.0, "at_most": 2.0},
            "a window has two edges: at_least, at_most leave one cut alone",
        ),
    ],
)
def test_faults_of_a_feature(feature, message):
    entry = study_entry(features=[{"name": "met", "direction": ">"} | feature], networks={"scan": SCAN})
    with pytest.raises(ConfigError, match=message):
        parse_study("small", entry)


def test_a_window_with_two_multiples_of_its_step_is_fine():
    feature = {"name": "met", "direction": "window", "round": 20.0, "at_least": -5.0, "at_most": 25.0}
    (found,) = parse_study("small", study_entry(features=[feature], networks={"scan": SCAN})).features
    assert found.limits == {"round": 20.0, "at_least": -5.0, "at_most": 25.0}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"weights": "learned"},
            "networks.scan.weights: features with limits .* need the weights directions or windows",
        ),
        (
            {"weights": "windows"},
            "networks.scan.weights: a window has two edges: met cannot have one fixed cut",
        ),
        ({"most_epochs": 3}, "most_epochs must not be fewer than the 20 epochs"),
        ({"targets": [2.0]}, "an efficiency lies between 0 and 1, not at 2"),
        ({"target_of": "rate", "most_epochs": None}, "target_of: rate needs most_epochs"),
    ],
)
def test_faults_of_a_network(change, message):
    features = [{"name": "met", "direction": ">", "fixed": 1.0}]
    with pytest.raises(ConfigError, match=message):
        parse_study("small", study_entry(features=features, networks={"scan": SCAN | change}))


def test_the_price_of_each_constraint(table, tmp_path):
    files, _, metrics = trained(table, tmp_path, SCAN, LIMITS)
    settings = {"price_of_constraints": {"networks": ["scan"]}}
    study = make_study(features=FEATURES, networks={"scan": SCAN}, analyses=settings)
    job = AnalysisJob(study, {"features": [table], "models": [files["model"]]})
    made = study.analyses["price_of_constraints"].run(job)
    assert made["constraint"].to_list() == ["round 5"] * 2 + ["at_most 95"] * 2
    assert made["target"].to_list() == [0.5, 0.9] * 2
    with_all = made["training_background_efficiency"]
    np.testing.assert_allclose(with_all, [*metrics["training_background_efficiency"]] * 2)
    without = made["training_background_efficiency_without"]
    np.testing.assert_allclose(made["price"], with_all / without - 1)
    assert (np.abs(made["training_signal_efficiency_without"] - made["target"]) < 0.03).all()
    made.to_csv(tmp_path / "price.csv", index=False)
    entry = parse_kind("table", {"table": "price_of_constraints", "caption": "A price."})
    inputs = TableInputs(entry, study, {"price_of_constraints": [tmp_path / "price.csv"]})
    shown = module_of("table", "price_of_constraints").make_table(inputs)
    assert len(shown) == 4
    assert not any("signal" in name for name in shown)


@pytest.mark.parametrize(
    ("features", "network", "message"),
    [
        ([{"name": "met", "direction": ">"}], "scan", "no feature has round, at_least, at_most or fixed"),
        (FEATURES, "kcuts", "kcuts, of the model kcuts, has no targets to meet within limits"),
    ],
)
def test_a_price_of_nothing(features, network, message):
    entry = study_entry(
        features=features,
        networks={network: NETWORKS[network]},
        analyses={"price_of_constraints": {"networks": [network]}},
    )
    with pytest.raises(ConfigError, match=message):
        parse_study("small", entry)
