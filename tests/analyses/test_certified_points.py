"""Networks beside the best cuts that keep as much signal."""

import numpy as np
import pandas as pd
import pytest

from scripts.analyses.certified_points import COLUMNS, certify_points
from scripts.analyses.certify import Settings
from scripts.evaluation.network_points import NetworkPoints, read_networks
from scripts.kinds import module_of
from scripts.models.best_boxes import box_edges
from scripts.models.boxes import BoxModel
from scripts.parsing import parse_into
from tests.faults import changed, check_line
from tests.studies import NETWORKS, make_study, study_entry

FEATURES, DIRECTIONS = ["a", "b"], [">", "<"]
SCALING = np.zeros(2), np.ones(2)


@pytest.fixture(scope="module")
def events():
    random = np.random.default_rng(2)
    label = np.arange(1200) % 2
    return pd.DataFrame(
        {
            "a": random.normal(label),
            "b": random.normal(-label),
            "label": label,
            "weight": np.where(label == 1, 1.0, 0.5),
            "split": np.where(np.arange(1200) < 800, "train", "test"),
        }
    )


def options(**changes):
    settings = {"networks": ["n"], "starts": 3, "seed": 1} | changes
    return parse_into(module_of("analysis", "certify").Settings, settings, "certify", [])


def points(name, model):
    targets = np.array(model.targets)
    return NetworkPoints(name, targets, np.full(len(targets), np.nan), model.cuts())


NETWORKS_WITH_CUTS = {
    "directions": BoxModel.from_edges(
        [[("a", ">", -0.5), ("b", "<", 0.5)], [("a", ">", 0.2)], [("a", ">", 99.0)]],
        [0.6, 0.7, 0.8],
        FEATURES,
        SCALING,
    ),
    "windows": BoxModel.from_edges(
        [[("a", ">", -0.5), ("a", "<", 3.0), ("b", "<", 0.5)]], [0.6], FEATURES, SCALING
    ),
}

BOTH = [points(name, model) for name, model in NETWORKS_WITH_CUTS.items()]


def test_rows_by_hand(events):
    rows = certify_points(events, FEATURES, DIRECTIONS, BOTH, options())
    assert rows["network"].tolist() == ["directions"] * 3 + ["windows"]
    assert rows["cuts"].tolist() == ["directions"] * 3 + ["windows"]
    assert rows["ended"].tolist() == ["proven", "proven", "no signal", "proven"]
    passes = (events["a"] > -0.5) & (events["b"] < 0.5)
    for sample, prefix in (("train", ""), ("test", "test_")):
        of_sample = passes & (events["split"] == sample)
        first = rows.iloc[0]
        assert first[f"{prefix}signal"] == (of_sample & (events["label"] == 1)).sum()
        assert first[f"{prefix}background"] == 0.5 * (of_sample & (events["label"] == 0)).sum()
    known = rows.drop(index=2)
    assert (known["best_signal"] >= known["signal"]).all()
    assert (known["best_background"] == known["bound"]).all()
    assert (known["background"] >= known["bound"]).all()
    assert known["ratio"].tolist() == (known["background"] / known["best_background"]).tolist()
    assert known["difference"].tolist() == (known["background"] - known["best_background"]).tolist()
    assert known["test_difference"].tolist() == pytest.approx(
        (known["test_background"] - known["test_best_background"]).tolist()
    )
    # The best windows for about the same signal are no worse than the best one-sided cuts.
    assert rows.loc[3, "best_background"] <= rows.loc[0, "background"]


def test_a_bound_for_less_signal_holds_for_more(events):
    without = certify_points(events, FEATURES, DIRECTIONS, BOTH, options(nodes=0))
    assert without["ended"].tolist() == ["nodes", "nodes", "no signal", "nodes"]
    assert (without["bound"].dropna() == 0.0).all()
    assert (without["gap"].dropna() == 1.0).all()
    few = certify_points(events, FEATURES, DIRECTIONS, BOTH[:1], options(nodes=1))
    larger, smaller = few.iloc[0], few.iloc[1]
    assert larger["signal"] > smaller["signal"]
    assert larger["bound"] >= smaller["bound"]


@pytest.mark.parametrize(
    ("targets", "found"),
    [
        ((), {"scan": [0.3, 0.9], "kcuts": [0.3, 0.7, 0.9], "rate": [0.72], "bce": [None], "other": [0.6]}),
        ((0.9, 0.52), {"scan": [0.9], "kcuts": [0.5, 0.9], "rate": [0.72], "bce": [None], "other": []}),
    ],
)
def test_targets_choose_the_working_points(tmp_path, targets, found):
    """That of a rate is where the training ended, not the first guess; of many the nearest are taken."""
    points = {
        "scan": [0.3, 0.9],
        "kcuts": [0.1 * bins for bins in range(1, 10)],
        "rate": [0.72],
        "bce": [np.nan],
        "other": [0.6],
    }
    settings = {
        "scan": NETWORKS["scan"] | {"targets": [0.3, 0.9]},
        "kcuts": NETWORKS["kcuts"],
        "rate": NETWORKS["scan"] | {"targets": [50.0], "target_of": "rate", "most_epochs": 9},
        "bce": NETWORKS["one_to_one"],
        "other": NETWORKS["scan"] | {"targets": [0.6]},
    }
    if not targets:
        del settings["other"], found["other"]
    files = {"cuts": [], "metrics": []}
    for name in settings:
        cuts = pd.DataFrame({"target_efficiency": points[name], "feature": "a", "direction": ">", "cut": 0.0})
        for kind, table in (("cuts", cuts), ("metrics", cuts.assign(score_above=np.nan))):
            files[kind].append(tmp_path / f"{name}_{kind}.csv")
            table.to_csv(files[kind][-1], index=False)
    networks = make_study(networks=settings).networks
    read = read_networks(networks, files, targets)
    for name, expected in found.items():
        assert read[name].targets == pytest.approx(
            [np.nan if one is None else one for one in expected], nan_ok=True
        )


def test_a_network_without_any_of_the_targets_has_no_rows(events):
    networks = [BOTH[0].at([0.7]), BOTH[1].at([0.7])]
    rows = certify_points(events, FEATURES, DIRECTIONS, networks, options())
    assert rows[["network", "target_efficiency"]].to_numpy().tolist() == [["directions", 0.7]]


def test_the_uncertainty_of_a_ratio_is_of_events_in_one_selection_alone(events):
    best = certify_points(events, FEATURES, DIRECTIONS, BOTH, options()).iloc[0]
    assert (
        0.0
        < best["test_ratio_uncertainty"]
        < best["test_ratio"] * np.sqrt(2 * 0.5 / best["test_best_background"])
    )


STUDY = study_entry(
    networks=NETWORKS
    | {"binned": NETWORKS["scan"] | {"event_property": {"name": "x0", "edges": [-9, 0, 9]}}},
    analyses={"certify": {"networks": ["scan", "kcuts"], "seed": 1}},
)


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        (["bdt"], "analyses.certify.networks: bdt is of the model bdt, which has no cuts to compare"),
        (["binned"], "analyses.certify.networks: binned has cuts that follow a property, for which no best"),
        (["other"], "analyses.certify: unknown network 'other'"),
    ],
)
def test_faults_of_the_config(networks, message):
    check_line(changed(STUDY, "analyses.certify.networks", networks), message)


def test_faults_of_targets_and_of_a_figure():
    entry = changed(STUDY, "analyses.certify.targets", [0.123])
    check_line(changed(entry, "analyses.certify.networks", ["scan"]), "certify.targets: no network that is")
    figures = {"few": {"plot": "certify", "networks": ["linear"], "caption": "Few."}}
    check_line(
        changed(STUDY | {"networks": STUDY["networks"] | {"linear": NETWORKS["linear"]}}, "figures", figures),
        "figures.few.networks: the analysis certify has no network linear: add it to its `networks`",
    )


def test_all_networks_with_cuts_that_follow_no_property_take_part():
    study = make_study(networks=STUDY["networks"], analyses={"certify": {}})
    compared = study.networks_of("certify")
    assert {"scan", "kcuts", "grid", "joint"} <= set(compared)
    assert not {"binned", "bdt", "linear"} & set(compared)


def test_a_study_without_analyses_has_a_short_search():
    from scripts.config import read_config

    entry = study_entry(analyses=None, figures=None, tables=None)
    run = read_config({"run": "mine", "studies": {"small": entry}})
    assert run.settings.studies["small"]["analyses"]["certify"] == Settings.standard
    study = run.studies["small"]
    assert "small_certify" in study.figures
    assert "small_certify" in study.tables
    without_cuts = entry | {"networks": {"bdt": NETWORKS["bdt"]}}
    run = read_config({"run": "mine", "studies": {"small": without_cuts}})
    assert "certify" not in run.studies["small"].analyses


def test_of_many_events_some_are_drawn(events):
    rows = certify_points(events, FEATURES, DIRECTIONS, BOTH, options(events=200))
    again = certify_points(events, FEATURES, DIRECTIONS, BOTH, options(events=200))
    whole = certify_points(events, FEATURES, DIRECTIONS, BOTH, options())
    pd.testing.assert_frame_equal(rows, again)
    assert (rows["events_left"] < whole["events_left"]).sum() == 3
    # The test sample is whole.
    assert rows["test_signal"].equals(whole["test_signal"])


def test_a_bound_for_less_signal_saves_a_proof(events):
    """With a gap one proof does for working points that are close to each other."""
    cuts = [[("a", ">", at), ("b", "<", 0.5)] for at in (-0.52, -0.51, -0.5)]
    model = BoxModel.from_edges(cuts, [0.5, 0.6, 0.7], FEATURES, SCALING)
    close = [points("close", model)]
    each = certify_points(events, FEATURES, DIRECTIONS, close, options())
    assert each["signal"].is_monotonic_decreasing
    assert each["ended"].tolist() == ["proven"] * 3
    shared = certify_points(events, FEATURES, DIRECTIONS, close, options(gap=0.2))
    assert shared["nodes"].tolist()[:2] == [0, 0]
    assert (shared["bound_signal"] == shared["signal"].iloc[2]).all()
    assert (shared["gap"] <= 0.2).all()
    assert set(shared["ended"]) <= {"gap", "proven"}
    # What is proven holds in both.
    assert (shared["bound"] <= each["best_background"]).all()


def test_signed_weights_have_cuts_and_no_bound(events):
    signed = events.assign(weight=np.where(np.arange(len(events)) % 7 == 0, -0.1, events["weight"]))
    rows = certify_points(signed, FEATURES, DIRECTIONS, BOTH[1:], options())
    assert rows["ended"].tolist() == ["negative weights"]
    assert rows[["bound", "bound_signal"]].isna().all(axis=None)
    assert (rows["ratio"] >= 1.0).all()


def test_signed_weights_where_the_best_cuts_leave_nothing(events):
    """The signal is signed: without a bound and a background there is no gap."""
    apart = events.assign(a=events["a"] + 20.0 * events["label"])
    signed = apart.assign(weight=np.where(np.arange(len(events)) == 1, -0.1, 1.0))
    rows = certify_points(signed, FEATURES, DIRECTIONS, [BOTH[0].at([0.6])], options())
    assert rows["best_background"].tolist() == [0.0]
    assert rows["gap"].isna().all()


def test_cuts_that_keep_more_signal_than_all_events(events):
    """Their own cuts are the ones found where others lack the signal."""
    negative = (events["label"] == 1) & (events["a"] < -0.5)
    signed = events.assign(weight=np.where(negative, -0.5, 1.0))
    loose = BoxModel.from_edges([[("a", ">", -0.5)]], [0.99], FEATURES, SCALING)
    (row,) = certify_points(signed, FEATURES, DIRECTIONS, [points("loose", loose)], options()).itertuples()
    assert row.signal_efficiency > 1.0
    assert row.ended == "negative weights"
    assert row.best_signal >= row.signal
    assert row.best_background <= row.background


def test_columns_are_there_where_no_cuts_keep_signal(events):
    nothing = BoxModel.from_edges([[("a", ">", 99.0)]], [0.8], FEATURES, SCALING)
    rows = certify_points(events, FEATURES, DIRECTIONS, [points("nothing", nothing)], options())
    assert list(rows) == COLUMNS
    assert rows["ended"].tolist() == ["no signal"]
    assert rows[["best_background", "ratio"]].isna().all(axis=None)


def test_time_that_ends_proofs_is_told(events):
    rows = certify_points(events, FEATURES, DIRECTIONS, BOTH[:1], options(seconds=1e-9))
    assert rows["ended"].tolist() == ["seconds", "seconds", "no signal"]
    assert (rows["gap"].dropna() == 1.0).all()


def test_a_feature_whose_direction_is_a_window_has_two_edges(events):
    rows = certify_points(events, FEATURES, ["window", "<"], BOTH[1:], options())
    assert rows["cuts"].tolist() == ["directions"]
    assert box_edges(["window", "<"], windows=False) == [(0, ">"), (0, "<"), (1, "<")]
