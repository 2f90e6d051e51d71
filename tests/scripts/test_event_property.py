"""Cuts that follow a property, from the feature table to the selection, and the toy with its optimum."""

import copy
import itertools
import json

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from scripts import (
    compute_bin_optimum,
    evaluate_network,
    generate_property_toy,
    repeat_property_fits,
    search_cuts,
    train_network,
)
from scripts.config import ConfigError, check_config
from scripts.cut_curves import interpolate_cuts
from scripts.event_bins import EventBins
from scripts.feature_table import make_feature_table
from scripts.generate_property_toy import draw_property, generate_events, means_and_widths
from scripts.models import load_model
from scripts.property_optimum import (
    LOOSEST,
    GaussianBin,
    bin_efficiencies,
    compare_bins,
    distances,
    interpolated_efficiencies,
    tabulate_optimum,
)
from scripts.scorecard.measures import MEASURES
from scripts.scorecard.results import NotRun, Results
from scripts.selection import passes_cut_table
from scripts.tables import cuts as cuts_table
from scripts.tables import property as property_table
from tests.conftest import ROOT
from tests.scripts.test_config import PAPER, SCHEMA, changed

EDGES = [20.0, 50.0, 80.0, 120.0]
STUDY = {
    "title": "Toy",
    "source": {
        "kind": "property_toy",
        "seed": 1,
        "property": {"name": "pt", "low": 20.0, "high": 120.0},
        "signal": {
            "events": 600,
            "scale": 40.0,
            "mean": [[0.0, 0.8], [1.5, 0.5, -0.4]],
            "width": [[1.0], [0.8, 0.2]],
        },
        "background": {"events": 600, "scale": 30.0, "mean": [[1.6, 0.6], [0.3]], "width": [[1.2], [1.0]]},
    },
    "split": {"test_fraction": 0.2, "seed": 42},
    "features": [
        {"name": "x", "direction": "<", "label": "$x$", "unit": ""},
        {"name": "y", "direction": ">", "label": "$y$", "unit": "GeV"},
    ],
    "properties": [{"name": "pt", "label": "$p_T$", "unit": "GeV"}],
    "bin_optimum": {"name": "pt", "edges": EDGES, "targets": [0.7, 0.9]},
    "repeats": {"seeds": 2, "networks": ["smooth", "boxes"]},
    "networks": ["smooth", "boxes"],
}
FEATURES, DIRECTIONS = ["x", "y"], ["<", ">"]
SMOOTH = {
    "model": "scan",
    "property": {"name": "pt", "edges": EDGES},
    "targets": [0.7, 0.9],
    "start": 1.0,
    "loss": {"log_background": 1.0, "efficiency": 300.0, "bin_smoothness": 10.0},
    "optimizer": "adam",
    "learning_rate": 0.1,
    "epochs": 150,
    "seed": 1,
}
KCUTS = {
    "model": "kcuts",
    "property": {"name": "pt", "edges": EDGES},
    "bins": 10,
    "edges": 60,
    "population": 50,
    "generations": 5,
    "cycles": 4,
    "seed": 1,
}
TRAIN = {"features": FEATURES, "directions": DIRECTIONS, "threads": 1, "name": "test"}


@pytest.fixture(scope="module")
def optimum():
    return tabulate_optimum(STUDY)


def write_table(path, **change):
    generate_property_toy.main(table=path, source=STUDY["source"], features=FEATURES, split=STUDY["split"])
    if change:
        table = pd.read_parquet(path)
        table.assign(**{name: value(table) for name, value in change.items()}).to_parquet(path)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The files of a network and a search with bins, by what a rule would call them."""
    folder = tmp_path_factory.mktemp("toy")
    table = write_table(folder / "features.parquet")
    files = {"table": table}
    for name, entry, ending in (("smooth", SMOOTH, "pt"), ("kcuts", KCUTS, "json")):
        files[name] = {
            "model": folder / f"{name}.{ending}",
            **{key: folder / f"{name}_{key}.csv" for key in ("history", "timing", "cuts", "metrics")},
            "scores": folder / f"{name}.parquet",
        }
        outputs = {key: files[name][key] for key in ("model", "history", "timing")}
        if entry is KCUTS:
            arguments = {key: TRAIN[key] for key in ("features", "threads", "name")}
            search_cuts.main(table=table, network=entry, **outputs, **arguments)
        else:
            train_network.main(table=table, network=entry, **outputs, **TRAIN)
        outputs = {key: files[name][key] for key in ("model", "cuts", "metrics", "scores")}
        evaluate_network.main(table=table, features=FEATURES, threads=1, **outputs)
    return files


# ---- bins ----


@given(st.lists(st.floats(-100, 300), min_size=1, max_size=30))
def test_every_event_is_in_one_bin_the_nearest_beyond_the_edges(values):
    bins = EventBins("pt", (0.0, 10.0, 100.0, 200.0))
    events = pd.DataFrame({"pt": values})
    parts = bins.split(events)
    assert sum(map(len, parts)) == len(values)
    assert bins.counts(events).tolist() == [len(part) for part in parts]
    for (low, high), part in zip([(-np.inf, 10), (10, 100), (100, np.inf)], parts, strict=True):
        assert ((part["pt"] >= low) & (part["pt"] < high)).all()


def test_bins_are_found_in_a_table_of_cuts():
    bins = EventBins("pt", EDGES)
    cuts = pd.DataFrame({"cut": [1.0]})
    table = pd.concat([bins.label(cuts, position) for position in range(3)])
    assert EventBins.of_cuts(table) == bins
    assert EventBins.of_cuts(cuts) is None
    assert EventBins.of_cuts(table[:0]) is None
    assert bins.bounds == [(20.0, 50.0), (50.0, 80.0), (80.0, 120.0)]


@pytest.mark.parametrize("edges", [[1.0], [1.0, 1.0], [2.0, 1.0], [0.0, np.nan], [0.0, np.inf]])
def test_edges_that_do_not_increase_are_refused(edges):
    with pytest.raises(ValueError, match=r"property pt: .*(at least two|increasing)"):
        EventBins("pt", tuple(edges))


# ---- bad tables ----


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pt": lambda table: np.nan}, "column pt is NaN or infinite in 1200 of 1200 events"),
        ({"pt": lambda table: 50.0}, "column pt has the same value in every training event"),
        (
            {"pt": lambda table: table["pt"] + (table["pt"] > 100) * 50},
            r"pt of \d+ of 1200 events is outside of the bins, 20 to 120: widen the edges, the values",
        ),
        (
            {"pt": lambda table: table["pt"].where((table["label"] == 0) | (table["pt"] < 80), 60.0)},
            "no signal event of the train sample has pt from 80 to 120: join this bin with a neighbour",
        ),
        (
            {
                "pt": lambda table: table["pt"].where(
                    (table["label"] == 1) | (table["split"] == "train") | (table["pt"] < 80), 60.0
                )
            },
            "no background event of the test sample has pt from 80 to 120",
        ),
    ],
)
@pytest.mark.parametrize("entry", [SMOOTH, KCUTS], ids=["network", "kcuts"])
def test_bad_property_is_refused_before_the_training(tmp_path, entry, change, message):
    table = write_table(tmp_path / "features.parquet", **change)
    outputs = {key: tmp_path / key for key in ("model", "history", "timing")}
    script, arguments = train_network, TRAIN
    if entry is KCUTS:
        script, arguments = search_cuts, {key: TRAIN[key] for key in ("features", "threads", "name")}
    with pytest.raises(ValueError, match=message) as raised:
        script.main(table=table, network=entry, **outputs, **arguments)
    assert "features.parquet" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not outputs["model"].exists()


def test_a_table_without_the_property_is_refused(tmp_path):
    table = write_table(tmp_path / "features.parquet")
    pd.read_parquet(table).drop(columns="pt").to_parquet(table)
    outputs = {key: tmp_path / key for key in ("model", "history", "timing")}
    with pytest.raises(ValueError, match="no column pt: it has x, y, label"):
        train_network.main(table=table, network=SMOOTH, **outputs, **TRAIN)


# ---- from training to selection ----


@pytest.mark.parametrize("name", ["smooth", "kcuts"])
def test_cuts_select_bin_by_bin(made, name):
    events = pd.read_parquet(made["table"])
    cuts, scores = pd.read_csv(made[name]["cuts"]), pd.read_parquet(made[name]["scores"])
    metrics = pd.read_csv(made[name]["metrics"])
    assert set(cuts["property"]) == {"pt"}
    assert sorted(zip(cuts["property_low"].unique(), cuts["property_high"].unique(), strict=True)) == list(
        itertools.pairwise(EDGES)
    )
    model = load_model(made[name]["model"], FEATURES)
    assert model.event_bins == EventBins("pt", EDGES)
    targets = metrics["target_efficiency"].to_list()
    passed = passes_cut_table(events, cuts, targets)
    for column, target in enumerate(targets):
        expected = np.ones(len(events), dtype=bool)
        at = cuts[np.isclose(cuts["target_efficiency"], target)]
        for cut in at.itertuples():
            inside = (events["pt"] >= cut.property_low) & (events["pt"] < cut.property_high)
            keeps = events[cut.feature] > cut.cut if cut.direction == ">" else events[cut.feature] < cut.cut
            expected &= (keeps | ~inside).to_numpy()
        assert (passed[:, column] == expected).all()
        score = scores[f"score_{target:g}"]
        assert ((score > 0.5) == passed[:, column]).mean() > 0.97
        test = (events["split"] == "test") & (events["label"] == 1)
        assert metrics["signal_efficiency"][column] == pytest.approx(passed[test, column].mean())


def test_a_network_with_bins_reaches_its_targets(made):
    metrics = pd.read_csv(made["smooth"]["metrics"])
    assert_allclose(metrics["signal_efficiency"], [0.7, 0.9], atol=0.1)
    assert_allclose(metrics["loss_signal_efficiency"], metrics["signal_efficiency"], atol=0.06)
    history = pd.read_csv(made["smooth"]["history"])
    assert history["train_bin_smoothness"].iloc[-1] > 0


def test_a_search_has_a_history_of_every_bin(made):
    history = pd.read_csv(made["kcuts"]["history"])
    assert history["property_low"].unique().tolist() == EDGES[:-1]
    assert len(history) == 3 * KCUTS["cycles"]


def test_a_model_of_other_features_is_refused(made):
    for name in ("smooth", "kcuts"):
        with pytest.raises(ValueError, match="made for the features"):
            load_model(made[name]["model"], ["x"])


def test_a_property_can_be_a_feature(tmp_path):
    table = write_table(tmp_path / "features.parquet")
    outputs = {key: tmp_path / f"{key}.pt" for key in ("model", "history", "timing")}
    entry = SMOOTH | {"property": {"name": "x", "edges": [-20, 0, 1, 20]}, "epochs": 3}
    train_network.main(table=table, network=entry, **outputs, **TRAIN)
    events = pd.read_parquet(table)
    model = load_model(outputs["model"], FEATURES)
    assert model.event_bins == EventBins("x", (-20.0, 0.0, 1.0, 20.0))
    assert model.scores(events).shape == (1200, 2)


def test_events_without_the_property_are_refused(made):
    cuts = pd.read_csv(made["smooth"]["cuts"])
    with pytest.raises(ValueError, match="the cuts follow pt, which the events do not have"):
        passes_cut_table(pd.read_parquet(made["table"]).drop(columns="pt"), cuts)


def test_a_bin_in_which_nothing_is_cut_stays_a_bin(tmp_path):
    bins = EventBins("pt", (0.0, 1.0, 2.0))
    scaling = (np.zeros(1), np.ones(1))
    boxes = [
        search_cuts.TrainedBoxes.of_edges([[("x", ">", cut)]], [0.5], ["x"], scaling)
        for cut in (3.0, -np.inf)
    ]
    search_cuts.TrainedBoxes.of_bins(boxes, bins).save(tmp_path / "model.json")
    model = load_model(tmp_path / "model.json", ["x"])
    assert model.event_bins == bins
    events = pd.DataFrame({"x": [4.0, 2.0, 2.0], "pt": [0.5, 0.5, 1.5]})
    assert model.scores(events)[:, 0].tolist() == [1, 0, 1]
    assert json.loads((tmp_path / "model.json").read_text())["targets"] == [0.5]


# ---- the toy ----


def test_the_toy_follows_its_polynomials():
    source = copy.deepcopy(STUDY["source"])
    source["signal"]["events"] = 200_000
    signal, background = generate_events(source, FEATURES)
    assert len(background) == 600
    for low, high in ((20, 25), (70, 75)):
        at = signal[signal["pt"].between(low, high)]
        mean, width = means_and_widths(source, "signal", np.array([(low + high) / 2]))
        error = 5 * width[0] / np.sqrt(len(at))
        assert (np.abs(at[FEATURES].mean() - mean[0]) < error + 0.01).all()
        assert_allclose(at[FEATURES].std(), width[0], rtol=0.05)
    place = (signal["pt"] - 20) / 100
    counts = np.histogram(place, [0.0, 0.4, 0.8])[0]
    assert counts[1] / counts[0] == pytest.approx(np.exp(-1.0), rel=0.03)
    assert signal["pt"].between(20, 120).all()


def test_polynomials_by_hand():
    mean, width = means_and_widths(STUDY["source"], "signal", np.array([20.0, 70.0, 120.0]))
    assert_allclose(mean, [[0.0, 1.5], [0.4, 1.65], [0.8, 1.6]])
    assert_allclose(width, [[1.0, 0.8], [1.0, 0.9], [1.0, 1.0]])


def test_number_of_events_of_a_class_leaves_the_other_alone():
    source = copy.deepcopy(STUDY["source"])
    first = generate_events(source, FEATURES)
    source["signal"]["events"] = 10
    second = generate_events(source, FEATURES)
    pd.testing.assert_frame_equal(first[1], second[1])
    assert draw_property(np.random.default_rng([1, 0]), source, "signal") == pytest.approx(second[0]["pt"])


# ---- the best cuts ----


def test_efficiencies_of_a_bin_are_those_of_many_events():
    source = copy.deepcopy(STUDY["source"])
    source["signal"]["events"] = source["background"]["events"] = 400_000
    low, high = np.array([-np.inf, 0.9]), np.array([1.2, np.inf])
    for bin_low, bin_high in itertools.pairwise(EDGES):
        exact = GaussianBin.of_study(STUDY, bin_low, bin_high).efficiencies(low, high)
        for sample, expected in zip(generate_events(source, FEATURES), exact, strict=True):
            at = sample[sample["pt"].between(bin_low, bin_high)]
            passed = (at["x"] < 1.2) & (at["y"] > 0.9)
            assert passed.mean() == pytest.approx(expected, abs=5 * np.sqrt(0.25 / len(at)))


@settings(max_examples=8)
@given(st.sampled_from(list(itertools.pairwise(EDGES))), st.floats(0.3, 0.97))
def test_no_pair_of_cuts_is_better(of_bin, target):
    classes = GaussianBin.of_study(STUDY, *of_bin)
    best, background = classes.best_cuts(target)
    signal, own = classes.efficiencies(*classes.one_sided(best))
    assert signal == pytest.approx(target, rel=1e-5)
    assert own == pytest.approx(background, rel=1e-9)
    # Of every first cut the second that keeps the target, by bisection.
    width = classes.signal_width()
    for first in best[0] + width[0] * np.linspace(-1.5, 1.5, 31):
        tight, loose = best[1] + 6 * width[1], best[1] - 6 * width[1]
        if classes.efficiencies(*classes.one_sided(np.array([first, loose])))[0] < target:
            continue
        for _ in range(40):
            middle = (tight + loose) / 2
            kept = classes.efficiencies(*classes.one_sided(np.array([first, middle])))[0] >= target
            tight, loose = (tight, middle) if kept else (middle, loose)
        other = classes.efficiencies(*classes.one_sided(np.array([first, loose])))[1]
        assert other > background * (1 - 1e-4)


def test_distances_by_hand(optimum):
    moved = optimum.copy()
    moved["cut"] += moved["signal_width"] * np.where(moved["feature"] == "x", 0.3, -0.4)
    table = distances(moved, optimum)
    assert_allclose(table.loc[table["feature"] == "x", "distance"], -0.3)
    assert_allclose(table.loc[table["feature"] == "y", "distance"], -0.4)
    compared = compare_bins(moved, optimum, STUDY, made_events())
    assert_allclose(compared["distance"], np.sqrt((0.09 + 0.16) / 2))
    assert len(compared) == 6
    exact = compare_bins(optimum, optimum, STUDY, made_events())
    assert_allclose(exact[["distance", "pull"]], 0.0, atol=1e-3)
    assert_allclose(exact["over_optimum"], 1.0, rtol=1e-6)


def test_pull_is_in_units_of_the_binomial_uncertainty(optimum):
    moved = optimum.assign(cut=optimum["cut"] + np.where(optimum["feature"] == "x", 0.3, 0.0))
    events = made_events()
    table = compare_bins(moved, optimum, STUDY, events)
    row = table[(table["property_low"] == 50) & (table["target_efficiency"] == 0.9)].iloc[0]
    training = events[(events["split"] == "train") & (events["label"] == 1) & events["pt"].between(50, 80)]
    assert row["training_signal"] == len(training)
    expected = (row["signal_efficiency"] - 0.9) / np.sqrt(0.09 / len(training))
    assert row["pull"] == pytest.approx(expected)
    assert row["pull"] > 0


def made_events():
    return make_feature_table(*generate_events(STUDY["source"], FEATURES), STUDY["split"])


def test_a_cut_that_cuts_nothing_counts_as_the_loosest(optimum):
    sign = np.where(optimum["direction"] == ">", 1, -1)
    far, absent = optimum.assign(cut=-50.0 * sign), optimum[optimum["feature"] == "x"]
    table = distances(far, optimum)
    assert_allclose(table["distance"], sign * (table["loosest"] - table["best_cut"]) / table["signal_width"])
    of_y = distances(absent, optimum).query("feature == 'y'")
    assert_allclose(of_y["distance"], table.query("feature == 'y'")["distance"])
    # At the loosest cut one in a thousand of the class that reaches furthest is lost, of each value of pt.
    classes = GaussianBin.of_study(STUDY, 20.0, 50.0)
    lost = 1 - classes.efficiencies(*classes.one_sided(classes.loosest()))
    assert (lost < 2 * 1.1e-3).all()
    assert pytest.approx(3.09, abs=0.01) == LOOSEST


def test_other_bins_are_refused(optimum):
    with pytest.raises(ValueError, match="other bins than the optimum"):
        distances(optimum[optimum["property_low"] > 20], optimum)
    with pytest.raises(ValueError, match="do not follow a property"):
        bin_efficiencies(optimum.drop(columns="property"), STUDY)


def test_both_edges_of_a_window_count_for_the_efficiency(optimum):
    low, high = np.array([-1.0, 0.5]), np.array([1.5, 2.5])
    cuts = EventBins("pt", EDGES).label(
        pd.DataFrame(
            [
                (0.9, name, side, cut)
                for name, *edges in (("x", -1.0, 1.5), ("y", 0.5, 2.5))
                for side, cut in zip("><", edges, strict=True)
            ],
            columns=["target_efficiency", "feature", "direction", "cut"],
        ),
        1,
    )
    row = bin_efficiencies(cuts, STUDY).iloc[0]
    exact = GaussianBin.of_study(STUDY, 50.0, 80.0).efficiencies(low, high)
    assert_allclose(row[["signal_efficiency", "background_efficiency"]].to_list(), exact)


# ---- curves ----


def cuts_of_bins(values, *, edges=(0.0, 2.0, 4.0, 8.0), feature="x", direction=">"):
    bins = EventBins("pt", edges)
    frames = [
        bins.label(
            pd.DataFrame(
                {"target_efficiency": [0.5], "feature": feature, "direction": direction, "cut": [value]}
            ),
            position,
        )
        for position, value in enumerate(values)
    ]
    return pd.concat(frames, ignore_index=True)


@example(values=[0.0, 0.0, 2.2250738585072014e-308], at=[0.0])
@given(
    st.lists(st.floats(-5, 5), min_size=3, max_size=3), st.lists(st.floats(-3, 12), min_size=1, max_size=9)
)
def test_curves_go_through_the_centres_and_overshoot_nowhere(values, at):
    cuts = cuts_of_bins(values)
    assert_allclose(interpolate_cuts(cuts, 0.5, "x", [1.0, 3.0, 6.0]), values, atol=1e-12)
    curve = interpolate_cuts(cuts, 0.5, "x", at)
    assert ((curve >= min(values) - 1e-9) & (curve <= max(values) + 1e-9)).all()
    assert_allclose(
        interpolate_cuts(cuts, 0.5, "x", [-9.0, 0.5, 7.0, 99.0]), np.repeat(values, [2, 0, 2]), atol=1e-12
    )


def test_curves_of_a_straight_line_are_straight():
    cuts = cuts_of_bins([1.0, 3.0, 5.0], edges=(0.0, 2.0, 4.0, 6.0))
    assert_allclose(interpolate_cuts(cuts, 0.5, "x", [1.0, 1.5, 2.0, 4.5]), [1.0, 1.5, 2.0, 4.5])


def test_one_bin_is_a_constant():
    assert interpolate_cuts(cuts_of_bins([2.0], edges=(0.0, 1.0)), 0.5, "x", [-1, 5]).tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("cuts", "message"),
    [
        (cuts_of_bins([1.0, 2.0, 3.0]).drop(columns="property"), "do not follow a property"),
        (cuts_of_bins([1.0, 2.0, 3.0], feature="y"), "0 cuts on x at the target 0.5 for 3 bins of pt"),
        (cuts_of_bins([1.0, 2.0, 3.0]).assign(target_efficiency=0.6), "0 cuts on x"),
        (pd.concat([cuts_of_bins([1.0, 2.0, 3.0])] * 2), "6 cuts on x"),
        (cuts_of_bins([1.0, 2.0, np.inf]), "the cut on x at the target 0.5 is not finite in every bin"),
    ],
)
def test_curves_refuse(cuts, message):
    with pytest.raises(ValueError, match=message):
        interpolate_cuts(cuts, 0.5, "x", [1.0])


def test_interpolated_cuts_of_the_optimum_keep_about_the_target(optimum):
    table = interpolated_efficiencies(optimum, STUDY)
    assert_allclose(table["signal_efficiency"], table["target_efficiency"], atol=0.02)
    constant = optimum.assign(cut=np.where(optimum["feature"] == "x", 1.0, 0.5))
    assert_allclose(
        interpolated_efficiencies(constant, STUDY)["signal_efficiency"],
        bin_efficiencies(constant, STUDY)["signal_efficiency"],
    )


# ---- the jobs ----


def test_optimum_and_repeats_as_jobs(tmp_path):
    paths = {name: tmp_path / f"{name}.csv" for name in ("bin_optimum", "repeats")}
    compute_bin_optimum.main(bin_optimum=paths["bin_optimum"], study=STUDY)
    networks = {"smooth": SMOOTH | {"epochs": 20}, "boxes": KCUTS}
    for path in (paths["repeats"], tmp_path / "again.csv"):
        repeat_property_fits.main(
            bin_optimum=paths["bin_optimum"], repeats=path, study=STUDY, networks=networks, threads=1
        )
    table = pd.read_csv(paths["repeats"])
    # Two seeds, two networks, two targets (the search has these two among its own), three bins.
    assert len(table) == 2 * 2 * 2 * 3
    assert table["seed"].unique().tolist() == [2, 3]
    assert table["network"].unique().tolist() == ["smooth", "boxes"]
    assert np.isfinite(table.drop(columns="network").to_numpy()).all()
    assert (tmp_path / "again.csv").read_bytes() == paths["repeats"].read_bytes()


# ---- the config ----

TOY = changed("studies.toy", STUDY, changed("networks.smooth", SMOOTH, changed("networks.boxes", KCUTS)))
FIGURE = {"plot": "cuts", "study": "toy", "networks": ["smooth"], "scaled": True, "caption": ""}


def test_the_toy_of_the_tests_passes():
    check_config(TOY, SCHEMA)


BAD = [
    ("networks.smooth.property.edges", [20, 20, 30], "networks.smooth: property pt: .*increasing"),
    ("networks.boxes.property.edges", [30, 20], "networks.boxes: property pt: .*increasing"),
    ("networks.smooth.property.edges", [20], r"networks.smooth.property.edges: \[20\] is too short"),
    (
        "networks.smooth.property.name",
        "eta",
        "networks.smooth.property, study toy: unknown property 'eta': one of pt, x, y",
    ),
    ("networks.smooth.property.bins", 3, "networks.smooth.property: unknown key bins"),
    ("networks.grid.property", {"name": "pt", "edges": [0, 1]}, "networks.grid: unknown key property"),
    (
        "networks.linear_bce.property",
        {"name": "pt", "edges": [0, 1]},
        "linear_bce: event_property belongs to a cut",
    ),
    ("networks.smooth.loss.constraint_form", "equally", "networks.smooth.loss.constraint_form"),
    ("networks.smooth.loss.constraint_form", "equal", "networks.smooth: constraint_form equal needs"),
    ("networks.scan.loss.bin_smoothness", 1.0, "networks.scan: the bin_smoothness term .* needs three bins"),
    (
        "studies.toy.properties.0.name",
        "label",
        "studies.toy.properties: label is a column of the feature table",
    ),
    ("studies.toy.properties.0.name", "eta", "unknown property 'pt'"),
    ("studies.toy.source.property.high", 10.0, "source.property: low must be below high"),
    ("studies.toy.source.signal.mean", [[0.0]], "source.signal.mean: 1 polynomials for 2 features"),
    (
        "studies.toy.source.signal.width",
        [[1.0], [1.0, -2.0]],
        "source.signal.width: a width of the signal is not",
    ),
    ("studies.toy.source.property.name", "x", "source.property.name, not in studies.properties: unknown"),
    (
        "studies.toy.bin_optimum.edges",
        [10, 50, 80],
        "bin_optimum: the bins must be of pt and lie within 20 to 120",
    ),
    ("studies.toy.bin_optimum.edges", [20, 50, 40], "studies.toy.bin_optimum: property pt: .*increasing"),
    ("studies.toy.bin_optimum.edges", [20, 120], "repeats: smooth must have the bins of the optimum"),
    ("studies.toy.repeats.networks", ["scan"], "studies.toy.repeats.networks: unknown network 'scan'"),
    ("studies.toy.repeats.seeds", 0, "studies.toy.repeats.seeds: 0 is less than"),
    ("studies.gaussian.bin_optimum", STUDY["bin_optimum"], "for a property toy only, not for gaussian"),
    (
        "studies.gaussian.properties",
        STUDY["properties"],
        "studies.gaussian.properties: a gaussian source makes features only: pt is none",
    ),
    ("studies.susy.properties", STUDY["properties"], "studies.susy.properties: unknown feature 'pt'"),
    ("figures.toy", FIGURE, "figures.toy: the cuts of smooth follow pt, which cannot be shown here"),
    (
        "figures.toy",
        {
            "plot": "features_with_cuts",
            "study": "toy",
            "networks": ["boxes"],
            "scaled": True,
            "bins": 9,
            "caption": "",
        },
        "figures.toy: the cuts of boxes follow pt",
    ),
    (
        "figures.toy",
        {"plot": "cuts_on_plane", "study": "toy", "networks": ["boxes"], "caption": ""},
        "figures.toy: the cuts of boxes follow pt",
    ),
    (
        "figures.toy",
        {"plot": "competitors", "study": "toy", "networks": ["smooth", "boxes"], "caption": ""},
        "figures.toy: the cuts of smooth follow pt",
    ),
    (
        "tables.toy",
        {"table": "competitors", "study": "toy", "networks": ["smooth", "boxes"], "caption": ""},
        "tables.toy: the cuts of smooth follow pt",
    ),
    (
        "figures.toy",
        {
            "plot": "property_cuts",
            "study": "toy",
            "networks": ["smooth"],
            "target": 0.9,
            "curves": ["x"],
            "caption": "",
        },
        "figures.toy.curves: unknown network 'x'",
    ),
    (
        "figures.toy",
        {"plot": "property_distances", "study": "gaussian", "caption": ""},
        "figures.toy: study gaussian has no key `repeats`",
    ),
    (
        "scorecard.toy",
        {
            "source": "",
            "statement": "",
            "measure": "monotone_cuts",
            "arguments": {"study": "toy", "network": "smooth"},
            "reference": 1,
        },
        "scorecard.toy: the cuts of smooth follow a property, which monotone_cuts does not know",
    ),
]


@pytest.mark.parametrize(
    ("path", "value", "message"), BAD, ids=[f"{path}-{i}" for i, (path, *_) in enumerate(BAD)]
)
def test_bad_config_gets_one_line(path, value, message):
    with pytest.raises(ConfigError, match=message) as raised:
        check_config(changed(path, value, TOY), SCHEMA)
    assert "\n" not in str(raised.value)


def test_a_robustness_study_of_binned_cuts_is_refused():
    robust = {
        "shifts": [0.0],
        "seed": 1,
        "selections": [{"network": "smooth", "target": 0.9, "score_above": 0.5}],
    }
    with pytest.raises(ConfigError, match="robustness: the cuts of smooth follow pt, which is not shifted"):
        check_config(changed("studies.toy.robustness", robust, TOY), SCHEMA)


def test_a_feature_can_be_the_property_of_any_study():
    entry = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["networks"]["optimal_scan"]
    config = changed("networks.binned", entry | {"property": {"name": "x0", "edges": [-9, 0, 9]}}, PAPER)
    config["studies"]["gaussian"]["networks"].append("binned")
    check_config(config, SCHEMA)


# ---- the scorecard ----


@pytest.fixture
def results(tmp_path, optimum):
    study = STUDY | {"networks": ["smooth", "alone", "boxes"]}
    for name, missed in (("smooth", 0.1), ("alone", 0.2)):
        (tmp_path / "toy" / name).mkdir(parents=True)
        cuts = optimum.assign(cut=optimum["cut"] + missed * optimum["signal_width"], cut_scaled=0.0)
        cuts.to_csv(tmp_path / "toy" / name / "cuts.csv", index=False)
    optimum.to_csv(tmp_path / "toy" / "bin_optimum.csv", index=False)
    made_events().to_parquet(tmp_path / "toy" / "features.parquet")
    rows = [
        (seed, name, size * seed, pull, 1 + size)
        for seed in (1, 2, 3)
        for name, size in (("smooth", 0.1), ("alone", 0.2))
        for pull in (-1.0, 3.0)
    ]
    repeats = pd.DataFrame(rows, columns=["seed", "network", "distance", "pull", "over_optimum"])
    repeats.to_csv(tmp_path / "toy" / "repeats.csv", index=False)
    return Results(tmp_path, {"toy": study}, {})


@pytest.mark.parametrize(
    ("measure", "arguments", "value", "uncertainty"),
    [
        ("cut_distance", {"network": "smooth"}, 0.1, None),
        ("cut_distance_over", {"network": "alone", "other": "smooth"}, 2.0, None),
        ("cut_distance_ratio", {"network": "smooth", "other": "alone"}, 0.5, 0.0),
        ("bin_pull_rms", {"network": "smooth"}, np.sqrt(5), None),
        ("largest_bin_pull", {"network": "smooth"}, 3.0, None),
        ("mean_bin_pull", {"network": "smooth"}, 1.0, 0.0),
        ("background_difference", {"network": "smooth", "other": "alone"}, -0.1, 0.0),
    ],
)
def test_measures_by_hand(results, measure, arguments, value, uncertainty):
    measured = MEASURES[measure](results, study="toy", **arguments)
    assert measured.value == pytest.approx(value, rel=1e-6)
    assert measured.uncertainty == (None if uncertainty is None else pytest.approx(uncertainty, abs=1e-9))


def test_what_is_not_repeated_is_not_run(results):
    with pytest.raises(NotRun, match="boxes is not repeated in this config"):
        MEASURES["bin_pull_rms"](results, study="toy", network="boxes")
    results.studies["toy"] = {key: value for key, value in STUDY.items() if key != "repeats"}
    with pytest.raises(NotRun, match="study toy has no repeats in this config"):
        MEASURES["bin_pull_rms"](results, study="toy", network="smooth")


# ---- the tables ----


def test_table_of_bins(results, made):
    files = {
        "features": [results.root / "toy" / "features.parquet"],
        "bin_optimum": [results.root / "toy" / "bin_optimum.csv"],
        "cuts": [results.root / "toy" / "smooth" / "cuts.csv", made["kcuts"]["cuts"]],
    }
    table = property_table.make_table(files, STUDY, {"smooth": SMOOTH, "boxes": KCUTS})
    smooth, boxes = (table[table["network"] == name] for name in ("smooth", "boxes"))
    assert len(smooth) == len(boxes) == 6
    assert_allclose(smooth["distance"], 0.1)
    cuts = pd.read_csv(files["cuts"][0])
    assert_allclose(
        smooth["interpolated_signal_efficiency"], interpolated_efficiencies(cuts, STUDY)["signal_efficiency"]
    )
    # A search has two edges a feature: nothing to interpolate.
    assert boxes["interpolated_signal_efficiency"].isna().all()


def test_table_of_cuts_names_the_bin(results):
    path = results.root / "toy" / "smooth" / "cuts.csv"
    table = cuts_table.make_table({"cuts": [path]}, STUDY, {"smooth": SMOOTH})
    assert table["bin"].to_list() == ["20 < pt < 50", "50 < pt < 80", "80 < pt < 120"] * 2
    assert table["y"].str.match(r"> [\d.]+ GeV").all()
