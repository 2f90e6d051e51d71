"""Polished networks, from the config to cuts.csv."""

import numpy as np
import pandas as pd
import pytest

from cabin_core import load_network
from scripts.data.cut_table import passes_cut_table
from scripts.data.feature_table import make_feature_table
from scripts.kinds import ConfigError
from scripts.parsing import parse_kind
from scripts.study import Split
from tests.trainings import train

SCAN = {
    "model": "scan",
    "targets": [0.9, 0.5, 0.7],
    "start": 1.0,
    "loss": {"log_background": 1.0, "constraint": 100.0},
    "optimizer": "adam",
    "learning_rate": 0.1,
    "epochs": 30,
    "seed": 1,
}
POLISH = {"starts": 2, "least_background": 5.0}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    random = np.random.default_rng(3)
    signal, background = (
        pd.DataFrame(
            {
                "met": random.normal(met, 50.0, 500),
                "mass": random.normal(mass, 10.0, 500),
                "pileup": random.uniform(0.0, 2.0, 500),
            }
        )
        for met, mass in ((250.0, 75.0), (180.0, 90.0))
    )
    path = tmp_path_factory.mktemp("table") / "features.parquet"
    make_feature_table(signal, background, Split(test_fraction=0.2, seed=1)).to_parquet(path)
    return path


def trained(table, folder, entry, directions=(">", "<"), **other):
    """Return the sums of signal and background of the training sample, by target, and the cuts."""
    folder.mkdir(exist_ok=True)
    files = train(table, folder, entry, ["met", "mass"], list(directions), **other)
    cuts, events = pd.read_csv(files["cuts"]), pd.read_parquet(table)
    events = events[events["split"] == "train"]
    targets = list(cuts["target_efficiency"].unique())
    passed, is_signal = passes_cut_table(events, cuts, targets), (events["label"] == 1).to_numpy()
    rows = {"signal": passed[is_signal].sum(axis=0), "background": passed[~is_signal].sum(axis=0)}
    table_of = pd.DataFrame(rows, index=targets)
    return table_of.sort_index(), cuts, int(is_signal.sum()), files


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"weights": "windows", "start": 3.0},
        {"monotone": True, "loss": {"log_background": 1.0, "constraint": 100.0, "smoothness": 1.0}},
        {"monotone": True, "loss": {"efficiency": 10.0, "background": 0.3, "smoothness": 1.0}},
    ],
)
def test_targets_are_kept_with_less_background(table, tmp_path, change):
    before, *_ = trained(table, tmp_path / "before", SCAN | change)
    after, cuts, total, files = trained(table, tmp_path / "after", SCAN | change | {"polish": POLISH})
    asked = np.ceil(after.index.to_numpy() * total - 1e-9)
    assert (after["signal"] >= asked).all()
    enough = before["signal"] >= asked
    if "smoothness" not in change.get("loss", {}):
        assert (after["background"] <= before["background"])[enough].all()
        assert (after["background"] < before["background"]).any()
    if "monotone" in change:
        by_target = cuts.pivot_table(index="target_efficiency", columns="feature", values="cut")
        assert (by_target["met"].diff().dropna() <= 0.0).all()
        assert (by_target["mass"].diff().dropna() >= 0.0).all()
    assert load_network(files["model"], ["met", "mass"]).training["polish"] == POLISH


def test_window_beside_a_one_sided_cut(table, tmp_path):
    before, *_ = trained(table, tmp_path / "before", SCAN, directions=(">", "window"))
    after, _, total, _ = trained(
        table, tmp_path / "after", SCAN | {"polish": POLISH}, directions=(">", "window")
    )
    asked = np.ceil(after.index.to_numpy() * total - 1e-9)
    assert (after["signal"] >= asked).all()
    assert (after["background"] <= before["background"])[before["signal"] >= asked].all()


def test_few_events_and_starts_of_the_same_seed(table, tmp_path):
    _, cuts, *_ = trained(table, tmp_path / "before", SCAN)
    _, same, *_ = trained(table, tmp_path / "same", SCAN | {"polish": {"least_background": 1e4}})
    pd.testing.assert_frame_equal(same, cuts)
    _, first, *_ = trained(table, tmp_path / "first", SCAN | {"polish": POLISH})
    _, second, *_ = trained(table, tmp_path / "second", SCAN | {"polish": POLISH})
    pd.testing.assert_frame_equal(first, second)


def test_rows_without_background_have_no_price_for_bends(table, tmp_path):
    entry = SCAN | {"loss": {"efficiency": 10.0, "background": 0.1, "smoothness": 1.0}, "epochs": 3}
    events = pd.read_parquet(table)
    # One background event far from the signal is all there is in the training sample.
    one = events[(events["label"] == 0) & (events["split"] == "train")].index[0]
    events.loc[one, ["met", "mass"]] = [-1e3, 1e3]
    events = events[(events["label"] == 1) | (events["split"] == "test") | (events.index == one)]
    events.to_parquet(tmp_path / "few.parquet")
    after, _, total, _ = trained(
        tmp_path / "few.parquet", tmp_path, entry | {"polish": {"starts": 1, "least_background": 0.0}}
    )
    assert (after["background"] == 0).all()
    assert (after["signal"] >= np.ceil(after.index.to_numpy() * total - 1e-9)).all()


def test_rounded_and_fixed_cuts_hold(table, tmp_path):
    limits = [{"round": 5.0, "at_most": 240.0}, {"at_least": 80.0}]
    after, cuts, total, _ = trained(table, tmp_path, SCAN | {"polish": POLISH}, limits=limits)
    assert (after["signal"] >= after.index.to_numpy() * total).all()
    met, mass = (cuts.loc[cuts["feature"] == name, "cut"] for name in ("met", "mass"))
    assert (met % 5 == 0).all()
    assert (met <= 240.0).all()
    assert (mass >= 80.0).all()
    _, fixed, *_ = trained(table, tmp_path, SCAN | {"polish": POLISH}, limits=[{}, {"fixed": 88.3}])
    assert (fixed.loc[fixed["feature"] == "mass", "cut"] == 88.3).all()


@pytest.mark.parametrize(
    ("limits", "shift"),
    [
        # Events are on multiples of the step, and the lowest of them pass some cuts.
        ([{"round": 50.0}, {"round": 10.0}], 0.0),
        ([{"at_least": 50.0}, {"at_most": 100.0}], 0.0),
        # Few digits are left beside such an origin.
        ([{"at_least": 1e9 + 50.0}, {"at_most": 100.0}], 1e9),
    ],
)
def test_limited_cuts_keep_the_signal_of_the_training(table, tmp_path, limits, shift):
    events = pd.read_parquet(table)
    rounded = {"met": 50.0 * (events["met"] // 50.0) + shift, "mass": 10.0 * (events["mass"] // 10.0)}
    events = events.assign(**rounded) if "round" in limits[0] else events.assign(met=events["met"] + shift)
    events.to_parquet(tmp_path / "table.parquet")
    entry = SCAN | {"model": "one_to_one", "targets": [], "loss": {"bce": 1.0}, "start": 6.0, "epochs": 1}
    sums = {}
    for polish in (False, {"starts": 1, "least_background": 0.0}):
        sums[bool(polish)], *_ = trained(
            tmp_path / "table.parquet", tmp_path / "net", entry | {"polish": polish}, limits=limits
        )
    assert sums[True]["signal"].iloc[0] >= sums[False]["signal"].iloc[0]
    assert sums[True]["background"].iloc[0] <= sums[False]["background"].iloc[0]


def test_bins_keep_their_own_signal(table, tmp_path):
    entry = SCAN | {"targets": [0.8], "event_property": {"name": "pileup", "edges": [0.0, 1.0, 2.0]}}
    events = pd.read_parquet(table)
    sums = {}
    for name, polish in (("before", False), ("after", POLISH)):
        _, cuts, *_ = trained(table, tmp_path / name, entry | {"polish": polish})
        passed = passes_cut_table(events, cuts)[:, 0] & (events["split"] == "train")
        sums[name] = events[passed].groupby(["label", events["pileup"] > 1.0]).size()
    assert (sums["after"][1] >= sums["before"][1]).all()
    assert (sums["after"][0] < sums["before"][0]).all()


def test_one_set_of_cuts_without_target_keeps_its_signal(table, tmp_path):
    entry = SCAN | {"model": "one_to_one", "targets": [], "loss": {"bce": 1.0}}
    before, *_ = trained(table, tmp_path / "before", entry)
    after, *_ = trained(table, tmp_path / "after", entry | {"polish": POLISH})
    assert after["signal"].iloc[0] >= before["signal"].iloc[0]
    assert after["background"].iloc[0] < before["background"].iloc[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "linear", "polish": True}, "polish"),
        ({"polish": {"start": 3}}, "unknown key start"),
        ({"polish": 3}, "polish"),
        ({"processes": 2}, "polish needs all events in the memory of one process"),
        ({"target_of": "background", "most_epochs": 50}, "leave out target_of"),
        ({"loss": {"efficiency": 1.0, "smoothness": 1.0}}, "which the loss has no term for"),
        (
            {
                "loss": {"efficiency": 1.0, "smoothness": 1.0, "background": 1.0},
                "event_property": {"name": "pileup", "edges": [0.0, 1.0, 2.0]},
            },
            "polish cannot keep cuts smooth over bins of a property",
        ),
    ],
)
def test_faults(change, message):
    with pytest.raises(ConfigError, match=message):
        parse_kind("model", SCAN | {"polish": True} | change)
