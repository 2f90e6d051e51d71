"""The table of directions: its remarks, and how trainings and studies take them from it."""

import logging

import numpy as np
import pandas as pd
import pytest

from scripts import find_directions, write_table
from scripts.data.directions import COLUMNS, read_directions, used_directions
from scripts.data.study_job import read_study
from tests.studies import study_entry
from tests.trainings import train


@pytest.fixture
def table(tmp_path):
    """Signal high in ``a``, low in ``b``, in the middle in ``c``; ``d`` is noise."""
    random = np.random.default_rng(1)
    n = 1000
    is_signal = np.arange(2 * n) % 2 == 0
    events = pd.DataFrame(
        {
            "a": random.normal(is_signal, 1),
            "b": random.normal(-1.0 * is_signal, 1),
            "c": random.normal(0, np.where(is_signal, 0.5, 3)),
            "d": random.normal(0, 1, 2 * n),
            "label": is_signal.astype(int),
            "split": np.where(np.arange(2 * n) % 5 < 4, "train", "test"),
            "weight": 1.0,
        }
    )
    path = tmp_path / "features.parquet"
    events.to_parquet(path)
    return path


def find(table, **given):
    path = table.with_name("directions.csv")
    find_directions.main(
        table=table, directions=path, study_name="mine", features=list(given), given=list(given.values())
    )
    return pd.read_csv(path, index_col="feature", keep_default_na=False), path


def test_found_given_and_wrong_directions(table, caplog):
    with caplog.at_level(logging.INFO, "cabin"):
        rows, path = find(table, a="<", b="auto", c="auto", d="auto")
    assert ["feature", *rows.columns] == COLUMNS
    assert rows["direction"].to_dict() | {"d": None} == {"a": "<", "b": "<", "c": "window", "d": None}
    assert rows["given"].tolist() == ["<", "auto", "auto", "auto"]
    assert rows.loc["a", "best"] == ">"
    assert rows.loc["a", "remark"].startswith("wrong: > would leave ")
    assert rows.loc["d", "remark"] == "no separation: remove the feature"
    told = [record.getMessage() for record in caplog.records]
    assert told[0].startswith("mine: directions found: b <, c window, d ")
    assert told[1] == f"mine: a <: {rows.loc['a', 'remark']}"
    assert told[2].startswith("mine: d ")
    assert used_directions(["a", "b", "c"], ["<", "auto", "window"], path) == ["<", "<", "window"]


def test_a_training_takes_them_and_its_cuts_have_windows(table, tmp_path):
    _, path = find(table, a="auto", c="auto")
    network = {
        "model": "scan",
        "targets": [0.5, 0.8],
        "loss": {"efficiency": 10.0, "background": 0.1},
        "optimizer": "adam",
        "learning_rate": 0.1,
        "epochs": 40,
        "seed": 1,
    }
    files = train(table, tmp_path / "scan", network, ["a", "c"], ["auto", "auto"], found_directions=path)
    cuts = pd.read_csv(files["cuts"])
    for _, of_target in cuts.groupby("target_efficiency"):
        edges = of_target.set_index(["feature", "direction"])["cut"]
        assert list(edges.index) == [("a", ">"), ("c", ">"), ("c", "<")]
        assert -3 < edges["c", ">"] < edges["c", "<"] < 3
    metrics = pd.read_csv(files["metrics"])
    assert metrics["signal_efficiency"].between(0.3, 0.95).all()
    assert (metrics["background_efficiency"] < 0.5 * metrics["signal_efficiency"]).all()


def test_a_training_without_the_table_is_told(table, tmp_path):
    with pytest.raises(ValueError, match="no table of directions"):
        used_directions(["a"], ["auto"], None)


def test_few_events(tmp_path):
    events = pd.DataFrame({"a": np.arange(40.0), "label": [0, 1] * 20, "weight": 1.0})
    events["split"] = np.where(np.arange(40) % 8 < 6, "train", "test")
    path = tmp_path / "features.parquet"
    events.to_parquet(path)
    rows, _ = find(path, a=">")
    assert rows.loc["a", "remark"] == "too few events to tell"
    assert rows.loc["a", "direction"] == ">"
    with pytest.raises(ValueError, match=r"features\.parquet: too few training events of signal"):
        find(path, a="auto")


def test_the_standard_table(table, tmp_path):
    _, path = find(table, a=">", d="auto")
    entry = study_entry(features=[{"name": "a", "direction": ">"}, {"name": "d"}])
    study, files = read_study("mine", entry, {"found_directions": path, "directions": path})
    assert study.directions == list(read_directions(path).values())
    assert files == {"directions": [path]}
    outputs = {end: tmp_path / f"table.{end}" for end in ("csv", "md", "tex")}
    settings = {"table": "directions", "caption": "Directions"}
    write_table.main(
        **outputs,
        table=settings,
        study=entry,
        study_name="mine",
        caption="Directions",
        directions=path,
        found_directions=path,
    )
    assert "no separation: remove the feature" in outputs["md"].read_text()
    assert outputs["tex"].read_text().count("$>$") >= 2
