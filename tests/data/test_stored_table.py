"""A feature table on disk: its blocks and shares, what one pass finds, and copies for the epochs."""

import numpy as np
import pandas as pd
import pytest
import torch

from cabin_core.arrangement import ArrangedEvents
from scripts.counting_experiment import CountingExperiment
from scripts.data.event_bins import EventBins
from scripts.data.event_file import EventFile
from scripts.data.feature_table import check_feature_table, equal_weights, fit_scaling, write_feature_table
from scripts.data.stored_table import stored
from scripts.data.survey import join, survey
from scripts.data.thinning import Thinning, count, read_shown_events
from scripts.data.yields import expected_weights, expected_yields, with_yields_of
from tests.data.tables import FEATURES, make_table, write

BINS = EventBins("pt", (0.0, 1.0, 3.0))
EXPERIMENT = CountingExperiment(
    luminosity=10.0,
    cross_sections={"signal": 2.0, "ww": 30.0, "top": 5.0},
    relative_uncertainty=0.1,
    minimum_signal=1.0,
)


@pytest.mark.parametrize("size", [100, 128, 300, 5000])
def test_blocks_are_the_table(tmp_path, size):
    table = make_table()
    path = write(table, tmp_path)
    blocks = list(stored(path, FEATURES).blocks(size))
    assert max(len(block.weights) for block in blocks) <= size
    np.testing.assert_array_equal(np.hstack([block.values for block in blocks]), table[FEATURES].T)
    for name, expected in (
        ("is_signal", table["label"] == 1),
        ("in_training", table["split"] == "train"),
        ("weights", table["weight"]),
    ):
        np.testing.assert_array_equal(np.concatenate([getattr(block, name) for block in blocks]), expected)


@pytest.mark.parametrize("shares", [2, 3, 7])
def test_shares_have_about_the_same_number_of_rows_from_all_of_the_table(tmp_path, shares):
    table = make_table()
    path = write(table, tmp_path)
    parts = [[*stored(path, ["x"], share, shares).blocks(200)] for share in range(shares)]
    found = np.concatenate([block.values[0] for blocks in parts for block in blocks])
    np.testing.assert_array_equal(np.sort(found), np.sort(table["x"]))
    signal = [sum(block.is_signal.sum() for block in blocks) for blocks in parts]
    sizes = [sum(len(block.weights) for block in blocks) for blocks in parts]
    assert max(sizes) - min(sizes) <= 8
    assert max(signal) - min(signal) <= 1000 / (8 * shares) + 8


def test_more_shares_than_events(tmp_path):
    path = write(make_table(3), tmp_path)
    sizes = [sum(len(b.weights) for b in stored(path, ["x"], share, 5).blocks()) for share in range(5)]
    assert sum(sizes) == 3


def test_faults_of_the_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no such feature table"):
        stored(tmp_path / "absent.parquet", ["x"])
    path = write(make_table(), tmp_path)
    with pytest.raises(ValueError, match=r"features.parquet: no column z: it has x, y, pt, label, split"):
        stored(path, ["x", "z"])
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"not a readable parquet file .*: delete it and run again"):
        stored(path, ["x"])


def test_tables_are_written_in_row_groups(tmp_path, monkeypatch):
    import pyarrow.parquet as pq

    monkeypatch.setattr("scripts.data.feature_table.ROW_GROUP", 300)
    write_feature_table(make_table(), tmp_path / "t.parquet")
    found = pq.ParquetFile(tmp_path / "t.parquet").metadata
    assert [found.row_group(i).num_rows for i in range(found.num_row_groups)] == [300, 300, 300, 100]


@pytest.mark.parametrize("shares", [1, 3])
def test_a_survey_knows_what_the_table_in_memory_knows(tmp_path, shares):
    table = make_table()
    path = write(table, tmp_path)
    found = join([survey(stored(path, [*FEATURES, "pt"], share, shares), BINS) for share in range(shares)])
    found.check(path, BINS)
    for scaling in ("standard", "robust"):
        expected = fit_scaling(table, FEATURES, scaling)
        for values, others in zip(found.scaling(2, scaling), expected, strict=True):
            np.testing.assert_allclose(values, others, rtol=1e-13)
    for split in ("train", "test"):
        events = table[table["split"] == split]
        signal, background = found.equal_factors(split)
        factors = np.where(events["label"] == 1, signal, background)
        np.testing.assert_allclose(events["weight"] * factors, equal_weights(events), rtol=1e-13)
        factors = events["process"].map(found.expected_factors(split, EXPERIMENT))
        np.testing.assert_allclose(
            events["weight"] * factors, expected_weights(events, EXPERIMENT), rtol=1e-13
        )
    yields, expected = found.expected_yields(EXPERIMENT), expected_yields(table, EXPERIMENT)
    assert (yields.signal, yields.background) == pytest.approx((20.0, 350.0), rel=1e-13)
    assert yields.background == pytest.approx(expected.background, rel=1e-13)
    # Weights that are expected events themselves.
    physical = CountingExperiment(minimum_signal=0.0, uncertainties={"ww": 0.1, "top": 0.3})
    yields, expected = found.expected_yields(physical), expected_yields(table, physical)
    for name in ("signal", "background", "relative_uncertainty"):
        assert getattr(yields, name) == pytest.approx(getattr(expected, name), rel=1e-12)
    assert yields.signal == pytest.approx(table.loc[table["label"] == 1, "weight"].sum())
    factors = events["process"].map(found.expected_factors("test", physical))
    np.testing.assert_allclose(
        events["weight"] * factors, expected_weights(events, with_yields_of(table, physical)), rtol=1e-12
    )


def test_a_survey_by_hand(tmp_path):
    table = pd.DataFrame(
        {
            "x": [1.0, 3.0, 5.0, 7.0, 9.0],
            "label": [1, 1, 0, 0, 0],
            "split": ["train", "test", "train", "train", "test"],
            "weight": [1.0, 2.0, 3.0, 5.0, 7.0],
        }
    )
    found = survey(stored(write(table, tmp_path, 2), ["x"]))
    assert found.counts.tolist() == [[1, 2], [1, 1]]
    mean, spread = found.scaling(1, "standard")
    assert (mean[0], spread[0]) == pytest.approx((13 / 3, np.sqrt(56) / 3))
    assert found.equal_factors("train") == pytest.approx((1.5, 3 / 16))
    assert {name: values.tolist() for name, values in found.weights.items()} == {
        "signal": [[1.0, 0.0], [2.0, 0.0]],
        "background": [[0.0, 8.0], [0.0, 7.0]],
    }


def _changed(name, rows, value):
    def change(table):
        table[name] = table[name].astype(float) if name != "split" else table[name]
        table.loc[rows(table), name] = value

    return change


FAULTS = {
    "NaN": _changed("y", lambda t: t.index >= 990, np.nan),
    "infinity": _changed("x", lambda t: t.index == 500, np.inf),
    "no test signal": _changed("split", lambda t: t["label"] == 1, "train"),
    "a weight that is NaN": _changed("weight", lambda t: t.index == 7, np.nan),
    "negative test signal": _changed("weight", lambda t: (t["label"] == 1) & (t["split"] == "test"), -1.0),
    "negative bin": _changed("weight", lambda t: (t["label"] == 0) & (t["pt"] > 2), -2.0),
    "no background": _changed("weight", lambda t: t["label"] == 0, 0.0),
    "one value": _changed("x", lambda t: t.index >= 0, 7.0),
    "outside": _changed("pt", lambda t: t.index < 3, 4.0),
    "empty bin": _changed("pt", lambda t: (t["label"] == 1) & (t["split"] == "test"), 0.5),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_those_of_the_table_in_memory(tmp_path, fault):
    table = make_table()
    FAULTS[fault](table)
    path = write(table, tmp_path)
    columns = [*FEATURES, "pt"]

    def check_in_memory():
        check_feature_table(table, columns, path)
        BINS.check(table, path)

    with pytest.raises(ValueError, match=r"features.parquet: ") as expected:
        check_in_memory()
    with pytest.raises(ValueError, match=r"features.parquet: ") as found:
        survey(stored(path, columns), BINS).check(path, BINS)
    assert str(found.value) == str(expected.value)


@pytest.mark.parametrize(
    ("cross_sections", "message"),
    [
        ({"signal": 1.0, "ww": 1.0}, "cross_sections: none of the process top: give it in fb"),
        (
            EXPERIMENT.cross_sections | {"zz": 1.0},
            "process zz: no event of it in the sample, which has signal, ",
        ),
    ],
)
def test_faults_of_cross_sections(tmp_path, cross_sections, message):
    found = survey(stored(write(make_table(), tmp_path), FEATURES))
    experiment = EXPERIMENT.model_copy(update={"cross_sections": cross_sections})
    with pytest.raises(ValueError, match=message):
        found.expected_factors("train", experiment)


def test_a_process_of_negative_weight_is_told(tmp_path):
    table = make_table()
    table.loc[table["process"] == "top", "weight"] = -0.01
    found = survey(stored(write(table, tmp_path), FEATURES))
    message = r"process top: the weights of its events add up to -[\d.]+, which has to be positive"
    with pytest.raises(ValueError, match=message):
        found.expected_factors("train", EXPERIMENT)
    with pytest.raises(ValueError, match=message):
        expected_weights(table[table["split"] == "train"], EXPERIMENT)


def arranged(n_events: int, seed: int) -> ArrangedEvents:
    features = torch.randn(n_events, 2, generator=torch.Generator().manual_seed(seed))
    is_signal = torch.arange(n_events) % 3 == 0
    return ArrangedEvents.of(features, is_signal, features[:, 0].abs(), None, 1)


def test_an_event_file_gives_back_what_it_took(tmp_path):
    kept, blocks = EventFile(tmp_path), [arranged(n, n) for n in (10, 0, 7)]
    kept.append(arranged(5, 1))
    kept.clear()
    for block in blocks:
        kept.append(block)
    assert list(tmp_path.iterdir()) == []  # it has no name
    for _ in range(2):
        for found, expected in zip(kept, blocks, strict=True):
            np.testing.assert_array_equal(found.features, expected.features)
            np.testing.assert_array_equal(found.weights, expected.weights)
            assert (found.parts, found.features.dtype) == (expected.parts, np.float32)
            assert found.class_weights.tolist() == expected.class_weights.tolist()


def test_a_full_disk(tmp_path):
    kept = EventFile(tmp_path)
    with open("/dev/full", "wb", buffering=0) as full:
        kept._file = full
        with pytest.raises(ValueError, match=r"No space left on device while .*: make room and run again"):
            kept.append(arranged(10, 1))


def test_a_thinned_table(tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.data.thinning.OF_EACH", 60)
    table = make_table()
    path = write(table, tmp_path)
    assert len(read_shown_events(path)) == 1000
    monkeypatch.setattr("scripts.data.thinning.MOST_EVENTS", 999)
    shown = read_shown_events(path)
    for (split, label), events in table.groupby(["split", "label"]):
        step = -(-len(events) // 60)
        expected = events[::step]
        found = shown[(shown["split"] == split) & (shown["label"] == label)]
        np.testing.assert_array_equal(found["x"], expected["x"])
        np.testing.assert_allclose(found["weight"], step * expected["weight"])
    # Blocks of another size take the same events.
    blocks = [*stored(path, ["x"]).blocks(77)]
    thinning = Thinning(count(blocks))
    taken = [block.values[0][thinning.take(block)[0]] for block in blocks]
    np.testing.assert_array_equal(np.concatenate(taken), shown["x"])


@pytest.mark.parametrize("n_data", [0, 1, 300])
def test_data_is_read_apart(tmp_path, n_data):
    table = make_table()
    data = make_table(n_data, seed=2).assign(label=np.int8(-1), split="data", weight=1.0, process="run")
    # Data stands in row groups of its own.
    path = write(pd.concat([table.iloc[:896], data]), tmp_path)
    events = stored(path, FEATURES)
    assert len(events) == sum(len(block.weights) for block in events.blocks(100)) == 896
    blocks = list(events.data_blocks(100))
    assert sum(len(block.weights) for block in blocks) == n_data
    for block in blocks:
        assert set(block.labels) == {-1}
        assert not block.in_training.any()
        assert block.coded_processes()[0] == ["run"]
    values = np.concatenate([np.zeros((0, 2)), *(block.values.T for block in blocks)])
    np.testing.assert_array_equal(values, data[FEATURES])
