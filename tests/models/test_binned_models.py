"""Cuts that follow a property, from the feature table to the selection."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from scripts import evaluate_model, train_model
from scripts.data.cut_table import passes_cut_table
from scripts.data.event_bins import EventBins
from scripts.models import load_model
from scripts.models.boxes import BoxModel
from tests.property_toy import DIRECTIONS, EDGES, FEATURES, KCUTS, SMOOTH, write_table

TRAIN = {"features": FEATURES, "directions": DIRECTIONS, "threads": 1, "name": "test"}
KINDS = {"smooth": "scan", "kcuts": "kcuts"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The files of a network and a search with bins, by what a rule would call them."""
    folder = tmp_path_factory.mktemp("toy")
    table = write_table(folder / "features.parquet")
    files = {"table": table}
    for name, entry, ending in (("smooth", SMOOTH, "pt"), ("kcuts", KCUTS, "json")):
        files[name] = {
            "model": folder / f"{name}.{ending}",
            **{
                key: folder / f"{name}_{key}.csv"
                for key in ("history", "timing", "cuts", "metrics", "processes")
            },
            "scores": folder / f"{name}.parquet",
        }
        outputs = {key: files[name][key] for key in ("model", "history", "timing")}
        train_model.main(table=table, network=entry, **outputs, **TRAIN)
        outputs = {key: files[name][key] for key in ("model", "cuts", "metrics", "scores", "processes")}
        evaluate_model.main(table=table, kind=KINDS[name], features=FEATURES, **outputs)
    return files


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
    with pytest.raises(ValueError, match=message) as raised:
        train_model.main(table=table, network=entry, **outputs, **TRAIN)
    assert "features.parquet" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not outputs["model"].exists()


def test_a_table_without_the_property_is_refused(tmp_path):
    table = write_table(tmp_path / "features.parquet")
    pd.read_parquet(table).drop(columns="pt").to_parquet(table)
    outputs = {key: tmp_path / key for key in ("model", "history", "timing")}
    with pytest.raises(ValueError, match="no column pt: it has x, y, label"):
        train_model.main(table=table, network=SMOOTH, **outputs, **TRAIN)


@pytest.mark.parametrize("name", ["smooth", "kcuts"])
def test_cuts_select_bin_by_bin(made, name):
    events = pd.read_parquet(made["table"])
    cuts, scores = pd.read_csv(made[name]["cuts"]), pd.read_parquet(made[name]["scores"])
    metrics = pd.read_csv(made[name]["metrics"])
    assert set(cuts["property"]) == {"pt"}
    assert sorted(zip(cuts["property_low"].unique(), cuts["property_high"].unique(), strict=True)) == list(
        itertools.pairwise(EDGES)
    )
    model = load_model(made[name]["model"], KINDS[name], FEATURES)
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
            load_model(made[name]["model"], KINDS[name], ["x"])


def test_a_property_can_be_a_feature(tmp_path):
    table = write_table(tmp_path / "features.parquet")
    outputs = {key: tmp_path / f"{key}.pt" for key in ("model", "history", "timing")}
    entry = SMOOTH | {"event_property": {"name": "x", "edges": [-20, 0, 1, 20]}, "epochs": 3}
    train_model.main(table=table, network=entry, **outputs, **TRAIN)
    events = pd.read_parquet(table)
    model = load_model(outputs["model"], "scan", FEATURES)
    assert model.event_bins == EventBins("x", (-20.0, 0.0, 1.0, 20.0))
    assert model.scores(events).shape == (1200, 2)


def test_events_without_the_property_are_refused(made):
    cuts = pd.read_csv(made["smooth"]["cuts"])
    with pytest.raises(ValueError, match="the cuts follow pt, which the events do not have"):
        passes_cut_table(pd.read_parquet(made["table"]).drop(columns="pt"), cuts)


def test_a_bin_in_which_nothing_is_cut_stays_a_bin(tmp_path):
    bins = EventBins("pt", (0.0, 1.0, 2.0))
    scaling = (np.zeros(1), np.ones(1))
    boxes = [BoxModel.from_edges([[("x", ">", cut)]], [0.5], ["x"], scaling) for cut in (3.0, -np.inf)]
    BoxModel.from_bins(boxes, bins).save(tmp_path / "model.json")
    model = load_model(tmp_path / "model.json", "kcuts", ["x"])
    events = pd.DataFrame({"x": [4.0, 2.0, 2.0], "pt": [0.5, 0.5, 1.5]})
    assert model.scores(events)[:, 0].tolist() == [1, 0, 1]
    assert json.loads((tmp_path / "model.json").read_text())["targets"] == [0.5]
    assert EventBins.from_cuts(model.cuts()) == bins
