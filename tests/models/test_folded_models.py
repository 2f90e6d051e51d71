"""One model a fold, of any kind: each event is judged by the one that has not seen it."""

import numpy as np
import pandas as pd
import pytest

from cabin_core.roc import roc_area
from scripts.data.folds import folds_of_numbers, view_of_fold
from scripts.data.score_table import score_columns, score_thresholds
from scripts.models import load_model, load_models
from tests.data.tables import FEATURES as XY
from tests.data.tables import make_table, write
from tests.studies import NETWORKS
from tests.trainings import train, train_folds

FEATURES = ["x0", "x1"]
#: A tree that learns its events by heart, a few in each leaf.
MEMORY = NETWORKS["bdt"] | {"trees": 1, "learning_rate": 1.0, "max_depth": 20, "validation_fraction": 0.02}


def folded(n_events: int = 400, n_folds: int = 2, shift: float = 1.0) -> pd.DataFrame:
    """Events of both classes in turn, in folds by their number; data at the end is left out."""
    random = np.random.default_rng(3)
    label = (np.arange(n_events) % 2).astype(np.int8)
    table = pd.DataFrame(random.normal(size=(n_events, 2)), columns=FEATURES)
    table["x0"] += shift * label
    event = np.arange(n_events) // 2
    return table.assign(
        label=label,
        split="test",
        weight=random.uniform(0.5, 2.0, n_events),
        event=event,
        fold=folds_of_numbers(event, n_folds),
    )


def models_of(folder, entry, n_folds=2):
    ending = "json" if entry["model"] in ("bdt", "kcuts", "grid") else "pt"
    paths = [folder / f"fold{fold}" / f"model.{ending}" for fold in range(n_folds)]
    return paths, [load_model(path, entry["model"], FEATURES) for path in paths]


def test_no_event_is_judged_by_a_model_that_knows_it(tmp_path):
    # Nothing separates these events but their memory.
    table = folded(600, 3, shift=0.0)
    files = train_folds(write(table, tmp_path), tmp_path, MEMORY, FEATURES, 3)
    metrics, scores = pd.read_csv(files["metrics"]), pd.read_parquet(files["scores"])
    assert abs(metrics["auc"].iloc[0] - 0.5) < 0.08
    _, models = models_of(tmp_path, MEMORY, 3)
    for fold, model in enumerate(models):
        knows = model.scores(table)[:, 0]
        own = (table["fold"] == fold).to_numpy()
        np.testing.assert_array_equal(scores["score"][own], knows[own])
        areas = [
            roc_area((table["label"] == 1).to_numpy()[rows], knows[rows], np.ones(rows.sum()))
            for rows in (own, ~own)
        ]
        assert areas[0] < 0.62
        assert areas[1] > 0.8


@pytest.mark.parametrize("out_of_core", [False, True])
def test_events_of_the_fold_change_nothing_in_its_training(tmp_path, out_of_core):
    entry = NETWORKS["scan"] | {"out_of_core": out_of_core}
    table = folded()
    own = table["fold"] == 1
    others = table.copy()
    others.loc[own, FEATURES] = 1e4 * others.loc[own, FEATURES] - 3.0
    others.loc[own, "weight"] *= 50.0
    by_hand = view_of_fold(table, 1)
    cuts = []
    for name, events, fold in (("a", table, 1), ("b", others, 1), ("c", by_hand, None), ("d", table, 0)):
        (tmp_path / name).mkdir()
        files = train(
            write(events, tmp_path / name),
            *(tmp_path / name, entry, FEATURES),
            **{"evaluate": False, "fold": fold, "scaling": "robust"},
        )
        cuts.append(load_model(files["model"], "scan", FEATURES).cuts())
    pd.testing.assert_frame_equal(cuts[0], cuts[1])
    pd.testing.assert_frame_equal(cuts[0], cuts[2])
    assert not np.allclose(cuts[0]["cut"], cuts[3]["cut"])


ENTRIES = NETWORKS | {
    "property": NETWORKS["one_to_one"] | {"event_property": {"name": "x1", "edges": [-9.0, 0.0, 9.0]}},
    "windows": NETWORKS["scan"] | {"weights": "windows", "start": 1.0},
}


@pytest.mark.parametrize("name", ENTRIES)
def test_any_model_by_folds(tmp_path, name):
    entry, table = ENTRIES[name], folded()
    files = train_folds(write(table, tmp_path), tmp_path, entry, FEATURES, 2)
    paths, models = models_of(tmp_path, entry)
    metrics, cuts = pd.read_csv(files["metrics"]), pd.read_csv(files["cuts"])
    scores = pd.read_parquet(files["scores"])
    assert scores[["label", "fold"]].equals(table[["label", "fold"]])
    passed = np.zeros((len(table), len(metrics)), dtype=bool)
    for fold, model in enumerate(models):
        own = (table["fold"] == fold).to_numpy()
        of_fold = model.scores(table)
        shown = scores[model.score_columns].to_numpy()
        np.testing.assert_allclose(shown[own], of_fold[own], rtol=1e-12)
        thresholds = np.full(len(model.targets), np.nan)
        if model.has_cuts:
            expected = model.cuts().reset_index(drop=True)
            found = cuts.loc[cuts["fold"] == fold, expected.columns].reset_index(drop=True)
            pd.testing.assert_frame_equal(found, expected, check_dtype=False)
        else:
            # From the signal that the model was trained on.
            seen = ~own & (table["label"] == 1).to_numpy()
            weights = table["weight"].to_numpy()[seen]
            thresholds = score_thresholds(of_fold[seen, 0], weights, model.targets)
            assert metrics[f"score_above_fold{fold}"].to_list() == pytest.approx(thresholds.tolist())
        passed[own] = model.select(table[own], of_fold[own], thresholds)
    for label, class_name in ((1, "signal"), (0, "background")):
        rows = (table["label"] == label).to_numpy()
        weights = table["weight"].to_numpy()[rows]
        efficiencies = weights @ passed[rows] / weights.sum()
        np.testing.assert_allclose(metrics[f"{class_name}_efficiency"], efficiencies, rtol=1e-12)
        means = [
            model.mean_scores(table[table["fold"] == fold])[1 - label] for fold, model in enumerate(models)
        ]
        shares = table[rows].groupby("fold")["weight"].sum().to_numpy() / weights.sum()
        found = metrics[f"loss_{class_name}_efficiency"]
        np.testing.assert_allclose(found, np.broadcast_to(shares @ np.array(means), len(found)), rtol=1e-6)
    together = load_models(paths, entry["model"], FEATURES)
    with pytest.raises(ValueError, match="events of fold 2: there are models of 2 folds"):
        together.scores(table.assign(fold=2))
    with pytest.raises(TypeError, match="each fold has a model file of its own"):
        together.save(tmp_path / "model")
    if name != "bdt":  # xgboost warns
        assert together.scores(table[:0]).shape[0] == 0


@pytest.mark.parametrize("name", ["scan", "kcuts", "linear"])
def test_a_long_table_in_folds_as_one_in_memory(tmp_path, monkeypatch, name):
    numbers = np.arange(3072)
    table = make_table(3072).assign(split="test", fold=folds_of_numbers(numbers, 3))
    data = make_table(384, seed=2).assign(
        label=np.int8(-1), split="data", weight=1.0, process="run", fold=folds_of_numbers(numbers[:384], 3)
    )
    path = write(pd.concat([table, data]), tmp_path)
    entry = NETWORKS[name]
    if name == "linear":
        entry = entry | {"targets": [0.5, 0.9]}
    found = []
    for folder in ("memory", "blocks"):
        found.append(train_folds(path, tmp_path / folder, entry, XY, 3))
        monkeypatch.setattr("scripts.data.thinning.MOST_EVENTS", 2999)
        monkeypatch.setattr("scripts.evaluation.long_tables.EVENTS", 700)
    metrics, processes = ([pd.read_csv(files[kind]) for files in found] for kind in ("metrics", "processes"))
    # A threshold read off a histogram lets another event or two pass.
    rough = 1e-2 if name == "linear" else 5e-4
    pd.testing.assert_frame_equal(*(table.drop(columns="auc") for table in metrics), rtol=rough)
    np.testing.assert_allclose(*(table["auc"] for table in metrics), rtol=1e-3)
    pd.testing.assert_frame_equal(*processes, rtol=5e-3)
    assert processes[0]["process"].iloc[-1] == "run"
    scores = [pd.read_parquet(files["scores"]) for files in found]
    assert scores[1].columns.to_list() == scores[0].columns.to_list()
    assert score_columns(scores[0].columns)
    # Data is selected by the cuts of its folds, too.
    cuts = pd.read_csv(found[0]["cuts"])
    if name == "scan":
        by_hand = 0
        for fold, own in data.groupby("fold"):
            at = cuts[(cuts["fold"] == fold) & (cuts["target_efficiency"] == 0.6)].set_index("feature")["cut"]
            by_hand += int(((own["x"] > at["x"]) & (own["y"] > at["y"])).sum())
        of_data = processes[0][processes[0]["process"] == "run"].set_index("target_efficiency")
        assert of_data.loc[0.6, "events"] == by_hand
