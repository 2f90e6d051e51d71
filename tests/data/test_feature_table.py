"""The feature table: its layout, its split, its scaling, and tables that are refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from scripts.data.feature_table import (
    check_feature_table,
    draw_split,
    fit_scaling,
    make_feature_table,
    read_feature_table,
)
from scripts.study import Split

SPLIT = Split(test_fraction=0.2, seed=42)
FEATURES = ["a", "b", "c"]


def make_classes() -> tuple[pd.DataFrame, pd.DataFrame]:
    """300 signal and 200 background events."""
    generator = np.random.default_rng(5)
    signal, background = (pd.DataFrame(generator.normal(size=(n, 3)), columns=FEATURES) for n in (300, 200))
    return signal, background


@pytest.fixture
def table(tmp_path) -> Path:
    path = tmp_path / "features.parquet"
    make_feature_table(*make_classes(), SPLIT).to_parquet(path, index=False)
    return path


def test_feature_table_layout(table):
    events = pd.read_parquet(table)
    assert list(events.columns) == [*FEATURES, "label", "split", "weight", "process", "event"]
    assert events["label"].to_list() == [1] * 300 + [0] * 200
    assert (events["split"] == "test").sum() == 100
    assert (events["weight"] == 1).all()


def spoil(events: pd.DataFrame, what: str) -> pd.DataFrame:
    if what == "nan":
        events.loc[[3, 7], "b"] = np.nan
    elif what == "infinity":
        events.loc[[3], "c"] = -np.inf
    elif what == "constant":
        events["a"] = 1.0
    elif what == "column":
        events = events.drop(columns="b")
    elif what == "signal":
        events = events[events["label"] == 0]
    elif what == "test background":
        events = events[(events["label"] == 1) | (events["split"] == "train")]
    return events


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("nan", "column b is NaN or infinite in 2 of 500 events"),
        ("infinity", "column c is NaN or infinite in 1 of 500 events"),
        ("constant", "column a has the same value in every training event"),
        ("column", "no column b: it has a, c, label"),
        ("signal", "no signal event in the train sample"),
        ("test background", "no background event in the test sample"),
    ],
)
def test_bad_feature_tables_are_refused(table, what, message):
    spoil(pd.read_parquet(table), what).to_parquet(table)
    with pytest.raises(ValueError, match=message) as caught:
        read_feature_table(table, FEATURES)
    assert str(table) in str(caught.value)


def test_unreadable_feature_table(tmp_path):
    path = tmp_path / "features.parquet"
    with pytest.raises(FileNotFoundError, match="no such feature table"):
        read_feature_table(path, FEATURES)
    path.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(ValueError, match=r"features.parquet: not a readable parquet file"):
        read_feature_table(path, FEATURES)


def test_scaling_is_that_of_the_training_sample(table):
    events = pd.read_parquet(table)
    training = events[events["split"] == "train"][FEATURES]
    means, spreads = fit_scaling(events, FEATURES, "standard")
    assert_allclose(means, training.mean())
    assert_allclose(spreads, training.std(ddof=0))


def test_split_depends_on_its_seed_only():
    signal, background = make_classes()
    splits = [SPLIT.model_copy(update={"seed": seed}) for seed in (1, 1, 2)]
    tables = [make_feature_table(signal, background, split) for split in splits]
    assert tables[0].equals(tables[1])
    assert not tables[0]["split"].equals(tables[2]["split"])
    check_feature_table(tables[2], FEATURES, "here")


def test_scaling_and_split_are_those_of_scikit_learn_to_the_last_bit():
    generator = np.random.default_rng(7)
    table = pd.DataFrame(generator.normal([0.0, 1e3, 5.0], [1.0, 1e-3, 300.0], (999, 3)), columns=FEATURES)
    table["split"], table["constant"] = draw_split(999, SPLIT), 0.1
    names = [*FEATURES, "constant"]
    scaler = StandardScaler().fit(table.loc[table["split"] == "train", names].to_numpy())
    mean, spread = fit_scaling(table, names, "standard")
    assert np.array_equal(mean, scaler.mean_)
    assert np.array_equal(spread, scaler.scale_)
    for n_events, fraction, seed in ((999, 0.2, 42), (10, 0.35, 0), (1234, 0.5, 4294967295)):
        _, test = train_test_split(np.arange(n_events), test_size=fraction, random_state=seed)
        drawn = draw_split(n_events, Split(test_fraction=fraction, seed=seed))
        assert np.flatnonzero(drawn == "test").tolist() == sorted(test)
