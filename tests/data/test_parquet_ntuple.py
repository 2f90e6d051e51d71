import gzip

import awkward as ak
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.data.ntuple_file import open_ntuple, sum_of_branch
from tests.data.ntuples import fault, read, types
from tests.delphes_files import truncate

COLUMNS = {
    "f2": (pa.array(np.array([1, 2.5, np.nan], np.float16)), "<f2"),
    "f4": (pa.array([1, 2, 3], pa.float32()), "<f4"),
    "f8": (pa.array([1.5, None, 3.5]), "?float64"),
    "all there": (pa.array([1.5, 2.5, 3.5]), "<f8"),
    "u8": (pa.array([2**63, 1, 2], pa.uint64()), "<u8"),
    "i1": (pa.array([-1, None, 2], pa.int8()), "?int8"),
    "fires": (pa.array([True, False, True]), "|b1"),
    "maybe": (pa.array([True, None, True]), "?bool"),
    "type": (pa.array(["GG", "GT", ""]), "string"),
    "type?": (pa.array(["GG", None, ""]), "?string"),
    "kind": (pa.array(["a", "b", "a"]).dictionary_encode(), "string"),
    "kind?": (pa.array(["a", None, "a"]).dictionary_encode(), "?string"),
    "number": (pa.array([7, None, 7]).dictionary_encode(), "?int64"),
    "none": (pa.nulls(3), "?float64"),
    "money": (pa.array([1, 2, 3]).cast(pa.decimal128(21, 2)), "<f8"),
    "jet": (pa.array([[1.0], [], [2.0, 3.0]]), "var * float64"),
    "jet?": (pa.array([[1.0], None, [2.0, None]]), "option[var * ?float64]"),
    "large": (pa.array([[1], [], [2]], pa.large_list(pa.int32())), "var * int32"),
    "fixed": (pa.array([[1, 2]] * 3, pa.list_(pa.int64(), 2)), "var * int64"),
    "nested": (pa.array([[[1], []], [], [[2]]]), "var * var * int64"),
    "triggers": (pa.array([["a"], [], ["b", "c"]]), "var * string"),
    "lep1.pt": (pa.array([1, 2, 3]), "<i8"),
}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("parquet") / "a.parquet"
    pq.write_table(pa.table({name: array for name, (array, _) in COLUMNS.items()}), path)
    return path


def test_all_types(file):
    assert types(file, list(COLUMNS)) == [kind for _, kind in COLUMNS.values()]
    values = read(file, list(COLUMNS))
    assert np.isnan(values["f2"].pop())
    assert values.pop("f2") == [1, 2.5]
    assert values == {name: array.to_pylist() for name, (array, _) in COLUMNS.items() if name != "f2"}


def test_records_and_lists_of_them(tmp_path):
    jets = [[{"pt": 1.0, "q": 1}], [], [{"pt": 2.0, "q": None}, {"pt": 3.0, "q": 1}]]
    table = pa.table({"jet": jets, "met": [{"pt": 1.0, "cov": [1, 2]}] * 3, "x": [1, 2, 3]})
    pq.write_table(table, tmp_path / "a.parquet")
    with open_ntuple(tmp_path / "a.parquet") as ntuple:
        assert ntuple.names == ("jet.pt", "jet.q", "met.pt", "met.cov", "x")
    assert read(tmp_path / "a.parquet", ["jet.q", "met.cov", "jet.pt"]) == {
        "jet.q": [[1], [], [None, 1]],
        "met.cov": [[1, 2]] * 3,
        "jet.pt": [[1.0], [], [2.0, 3.0]],
    }
    assert types(tmp_path / "a.parquet", ["jet.pt", "jet.q"]) == ["var * float64", "var * ?int64"]


def test_files_of_awkward_and_pandas(tmp_path):
    jets = ak.Array([{"jet": [{"pt": 1.0}], "n": 1}, {"jet": [], "n": 0}])
    ak.to_parquet(jets, tmp_path / "awkward.parquet")
    assert read(tmp_path / "awkward.parquet", ["jet.pt", "n"]) == {"jet.pt": [[1.0], []], "n": [1, 0]}
    frame = pd.DataFrame({"x": [1.0, np.nan], "t": pd.Categorical(["a", "b"])}, index=[5, 6])
    frame.to_parquet(tmp_path / "pandas.parquet")
    assert read(tmp_path / "pandas.parquet", ["x", "t"]) == {"x": [1.0, None], "t": ["a", "b"]}


@given(st.integers(0, 60), st.integers(0, 70), st.integers(1, 60), st.integers(1, 60))
def test_any_range_in_any_steps(tmp_path_factory, start, stop, step, rows):
    path = tmp_path_factory.getbasetemp() / "ranges.parquet"
    pq.write_table(
        pa.table({"x": range(60), "l": [[n] * (n % 3) for n in range(60)]}), path, row_group_size=rows
    )
    numbers = list(range(60))[start:stop]
    expected = {"l": [[n] * (n % 3) for n in numbers], "x": numbers}
    assert read(path, ["l", "x"], start=start, stop=stop, step=step) == expected
    with open_ntuple(path) as ntuple:
        assert all(len(chunk["x"]) <= step for chunk in ntuple.iterate(["x"], start, stop, step))


def test_only_wanted_columns_are_read(file, monkeypatch):
    wanted = []
    iterate = pq.ParquetFile.iter_batches
    monkeypatch.setattr(
        pq.ParquetFile,
        "iter_batches",
        lambda self, step, groups, columns, **how: (
            wanted.extend(columns) or iterate(self, step, groups, columns, **how)
        ),
    )
    read(file, ["jet", "lep1.pt"])
    assert wanted == ["jet.list.element", "lep1.pt"]


def test_no_events_do_no_harm(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": pa.nulls(0)}), path)
    assert read(path, ["x", "none"]) == {"x": [], "none": []}
    pq.write_table(pa.table({"x": pa.array([], pa.float64())}), path, row_group_size=1)
    assert read(path, ["x"]) == {"x": []}


def test_sums(file):
    assert sum_of_branch(file, None, "f4") == 6.0
    with pytest.raises(ValueError, match=r"a.parquet: column f8 is not one number an event"):
        sum_of_branch(file, None, "f8")


def test_ending_may_be_any(file, tmp_path):
    (tmp_path / "a.PARQ").write_bytes(file.read_bytes())
    assert read(tmp_path / "a.PARQ", ["f4"]) == {"f4": [1, 2, 3]}


def test_faults(file, tmp_path):
    assert fault(file, ["jets"]) == "no column jets (the closest is jet)"
    assert fault(file, ["f4"], "Events") == "not a ROOT file, so it has no tree Events: leave out `tree`"
    path = tmp_path / "bad.parquet"
    pq.write_table(pa.table({"when": pa.array([1], pa.timestamp("us")), "b": [b"x"]}), path)
    assert fault(path, ["when"]).startswith("column when holds timestamp[us]: only numbers, truth values, ")
    assert fault(path, ["b"]).startswith("column b holds binary: only numbers, truth values, ")


@pytest.mark.parametrize("kept", [0.01, 0.5, 0.99])
def test_truncated_file(file, tmp_path, kept):
    (tmp_path / "cut.parquet").write_bytes(file.read_bytes())
    path = truncate(tmp_path / "cut.parquet", kept)
    assert fault(path, ["f4"]).startswith("not a parquet file, or cut short: ")


def test_damaged_inside(tmp_path):
    path = tmp_path / "hole.parquet"
    pq.write_table(pa.table({"x": np.sin(np.arange(10000.0))}), path, compression="zstd")
    content = bytearray(path.read_bytes())
    content[40:400] = bytes(360)
    path.write_bytes(content)
    assert fault(path, ["x"]).startswith("not a parquet file, or cut short: ")


def test_compressed_as_a_whole(file, tmp_path):
    (tmp_path / "a.parquet.gz").write_bytes(gzip.compress(file.read_bytes()))
    assert fault(tmp_path / "a.parquet.gz", ["x"]).startswith("not a parquet file, or cut short: ")
