"""What working points select of each process, by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from cabin_core import hard_cut_efficiencies
from scripts import evaluate_model
from scripts.data.cut_table import CUT_COLUMNS
from scripts.data.stored_table import stored
from scripts.evaluation import process_sums
from scripts.evaluation.process_sums import ProcessSums
from scripts.models.boxes import BoxModel

NAMES = ["x", "label", "split", "weight", "process"]
EVENTS = pd.DataFrame(
    [
        (2.0, 1, "test", 3.0, "s"),
        (0.0, 1, "test", 1.0, "s"),
        (2.0, 1, "train", 4.0, "s"),
        (2.0, 0, "test", 2.0, "ww"),
        (2.0, 0, "test", -1.0, "ww"),
        (0.0, 0, "test", 3.0, "ww"),
        (2.0, 0, "train", 4.0, "ww"),
        (2.0, 0, "train", 5.0, "top"),  # not in the test sample
        (2.0, 0, "test", 1.0, "zz"),
        (0.0, 0, "test", -2.0, "zz"),  # a sum below zero
        (0.0, 0, "train", 1.0, "ww"),
        (1.0, 1, "train", 1.0, "s"),
    ],
    columns=NAMES,
).astype({"label": np.int8})
DATA = pd.DataFrame(
    [(2.0, -1, "data", 1.0, "run"), (0.0, -1, "data", 1.0, "run"), (2.0, -1, "data", 1.0, "run")],
    columns=NAMES,
).astype({"label": np.int8})


def evaluated(folder, table, cuts, **options):
    """Return `processes.csv` of boxes, as the rule makes it."""
    path = folder / "features.parquet"
    table.to_parquet(path, index=False, row_group_size=len(EVENTS))
    model = BoxModel(["x"], [0.5, 0.9], pd.DataFrame(cuts, columns=CUT_COLUMNS))
    model.save(folder / "model.json")
    files = {name: folder / f"{name}.csv" for name in ("cuts", "metrics", "processes")}
    evaluate_model.main(
        table=path,
        model=folder / "model.json",
        scores=folder / "scores.parquet",
        kind="kcuts",
        features=["x"],
        **files,
        **options,
    )
    return pd.read_csv(files["processes"]), pd.read_csv(files["metrics"])


def test_the_systematic_uncertainty_of_a_process(tmp_path):
    cuts = [(0.5, "x", ">", 1.0, 0.0)]
    plain, _ = evaluated(tmp_path, pd.concat([EVENTS, DATA]), cuts)
    found, _ = evaluated(tmp_path, pd.concat([EVENTS, DATA]), cuts, uncertainties={"ww": 0.1, "zz": 0.5})
    column = found.pop("yield_systematic_uncertainty")
    pd.testing.assert_frame_equal(found, plain)
    relative = found["process"].map({"s": 0.0, "ww": 0.1, "top": 0.0, "zz": 0.5})
    np.testing.assert_allclose(column, relative * found["yield"].abs(), equal_nan=True)
    assert column[found["label"] == -1].isna().all()


@pytest.mark.parametrize("long", [False, True])
def test_processes_by_hand(tmp_path, monkeypatch, long):
    if long:
        monkeypatch.setattr("scripts.data.thinning.MOST_EVENTS", 1)
        monkeypatch.setattr("scripts.evaluation.long_tables.EVENTS", 2)
    # At 0.9 nothing is cut.
    found, metrics = evaluated(tmp_path, pd.concat([EVENTS, DATA]), [(0.5, "x", ">", 1.0, 0.0)])
    assert found.columns.to_list() == [
        *("process", "label", "target_efficiency", "events", "weighted", "weighted_uncertainty"),
        *("efficiency", "efficiency_uncertainty", "yield", "yield_uncertainty"),
    ]
    assert found["process"].to_list() == [name for name in ("s", "ww", "top", "zz", "run") for _ in range(2)]
    assert found["label"].to_list() == [1, 1, 0, 0, 0, 0, 0, 0, -1, -1]
    assert found["target_efficiency"].to_list() == [0.5, 0.9] * 5
    assert found["events"].to_list() == [1, 2, 2, 3, 0, 0, 1, 2, 2, 3]
    assert found["weighted"].to_list() == [3.0, 4.0, 1.0, 4.0, 0.0, 0.0, 1.0, -1.0, 2.0, 3.0]
    assert_allclose(found["weighted_uncertainty"] ** 2, [9, 10, 5, 14, 0, 0, 1, 5, 2, 3])
    nan = np.nan
    assert_allclose(found["efficiency"], [3 / 4, 1, 1 / 4, 1, nan, nan, nan, nan, 2 / 3, 1])
    # [(1-e)^2 sum_pass w^2 + e^2 sum_fail w^2] / W^2
    of_signal, of_ww = (1 / 16 * 9 + 9 / 16 * 1) / 16, (9 / 16 * 5 + 1 / 16 * 9) / 16
    variances = [of_signal, 0, of_ww, 0, nan, nan, nan, nan, 2 / 27, 0]
    assert_allclose(found["efficiency_uncertainty"] ** 2, variances, atol=1e-12)
    # Training and test sample together: 9 of s, 9 of ww.
    assert_allclose(found["yield"], [27 / 4, 9, 9 / 4, 9, nan, nan, nan, nan, 2, 3])
    assert_allclose(found["yield_uncertainty"][[0, 2]], 9 * np.sqrt([of_signal, of_ww]))
    # A class that is one process has the numbers of metrics.csv.
    for end in ("", "_uncertainty"):
        assert_allclose(metrics[f"signal_efficiency{end}"], found[f"efficiency{end}"][:2], rtol=1e-14)


def test_a_table_without_processes_has_the_classes(tmp_path):
    found, metrics = evaluated(tmp_path, EVENTS.drop(columns="process"), [(0.5, "x", ">", 1.0, 0.0)])
    assert found["process"].to_list() == ["signal", "signal", "background", "background"]
    for name, label in (("signal", 1), ("background", 0)):
        of_class = found[found["label"] == label]
        assert_allclose(of_class["efficiency"], metrics[f"{name}_efficiency"], rtol=1e-14)
        assert_allclose(
            of_class["efficiency_uncertainty"], metrics[f"{name}_efficiency_uncertainty"], rtol=1e-14
        )


@given(
    events=st.lists(
        st.tuples(st.booleans(), st.integers(-2, 5), st.booleans(), st.booleans()), min_size=1, max_size=30
    ),
    size=st.integers(1, 10),
)
def test_sums_of_blocks_are_those_of_the_core(tmp_path_factory, events, size):
    is_signal, weights, *passed = (np.array(column) for column in zip(*events, strict=True))
    # Both classes have a positive sum.
    is_signal, weights = np.append(is_signal, [True, False]), np.append(weights, [99, 99]).astype(float)
    passed = np.append(np.transpose(passed), [[True, False], [False, True]], axis=0)
    table = pd.DataFrame({"x": 0.0, "label": is_signal.astype(np.int8), "split": "test", "weight": weights})
    expected = hard_cut_efficiencies(passed, is_signal, weights)
    path = tmp_path_factory.mktemp("drawn") / "features.parquet"
    table.to_parquet(path)
    blocks, memory = ProcessSums(2), ProcessSums(2)
    at = 0
    for block in stored(path, ["x"]).blocks(size):
        blocks.add_block(block, passed[at : at + len(block.weights)])
        at += len(block.weights)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process_sums, "EVENTS", size)
        memory.add_events(table, passed)
    for sums in (blocks, memory):
        found = sums.tabulate().set_index("process")
        for name in ("signal", "background"):
            assert_allclose(found.loc[name, "efficiency"], getattr(expected, name), atol=1e-12)
            uncertainty = getattr(expected, f"{name}_uncertainty")
            assert_allclose(found.loc[name, "efficiency_uncertainty"], uncertainty, atol=1e-12)
