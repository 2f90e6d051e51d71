import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.data import text_ntuple
from scripts.data.ntuple_file import open_ntuple
from tests.data.ntuples import fault, read, types

TABLE = """pt,n,type,fires,run date,q
1.5,1,GG,true,2024-01-01,7
,,,,,
-2e3,3,"a,b",false,2024-01-02,nan
"""
VALUES = {
    "pt": [1.5, None, -2000.0],
    "n": [1, None, 3],
    "type": ["GG", None, "a,b"],
    "fires": [True, None, False],
    "run date": ["2024-01-01", None, "2024-01-02"],
}
TYPES = ["?float64", "?int64", "?string", "?bool", "?string"]


def write(path, text):
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.csv.gz", "a.TSV.GZ"])
def test_types_and_missing_values(tmp_path, name):
    text = TABLE.replace(",", "\t").replace('"a\tb"', "a,b") if "tsv" in name.lower() else TABLE
    content = gzip.compress(text.encode()) if name.lower().endswith("gz") else text.encode()
    path = write(tmp_path / name, content)
    assert read(path, list(VALUES)) == VALUES
    assert types(path, list(VALUES)) == TYPES
    q = read(path, ["q"])["q"]
    assert q[:2] == [7.0, None]
    assert np.isnan(q[2])


def test_plain_numbers_are_of_numpy(tmp_path):
    path = write(tmp_path / "a.csv", "x,n,b,s\n1,1,true,a\n2.5,2,false,b\n")
    assert types(path, ["x", "n", "b", "s"]) == ["<f8", "<i8", "|b1", "string"]


def test_a_column_has_one_type_in_the_whole_file(tmp_path, monkeypatch):
    monkeypatch.setattr(text_ntuple, "BLOCK", 8)
    path = write(tmp_path / "a.csv", "x,s,e\n1,1,\n2,2,\n3.5,GT,\n,,\n4,4,7\n")
    with open_ntuple(path) as ntuple:
        chunks = list(ntuple.iterate(["x", "s", "e"]))
    assert len(chunks) > 1
    assert read(path, ["x", "s", "e"]) == {
        "x": [1.0, 2.0, 3.5, None, 4.0],
        "s": ["1", "2", "GT", None, "4"],
        "e": [None] * 4 + [7],
    }


@given(st.integers(0, 40), st.integers(0, 45), st.integers(1, 40), st.integers(1, 200), st.booleans())
def test_any_range_in_any_steps_and_blocks(tmp_path_factory, start, stop, step, block, zipped):
    path = tmp_path_factory.getbasetemp() / ("ranges.csv.gz" if zipped else "ranges.csv")
    pd.DataFrame({"x": range(40), "y": np.arange(40) / 4}).to_csv(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_ntuple, "BLOCK", block)
        numbers = list(range(40))[start:stop]
        expected = {"y": [n / 4 for n in numbers], "x": numbers}
        assert read(path, ["y", "x"], start=start, stop=stop, step=step) == expected


def test_lines_before_the_header_and_ends_of_lines(tmp_path):
    text = "\ufeff# made by hand\r\n# in 2024\r\n pt , eta\r\n1, 2\r\n\r\n3,4"
    assert read(write(tmp_path / "a.csv", text), ["pt", "eta"]) == {"pt": [1, 3], "eta": [2, 4]}
    assert read(write(tmp_path / "b.csv", "\ufeffpt\n1\n"), ["pt"]) == {"pt": [1]}


def test_index_of_pandas_has_no_name(tmp_path):
    pd.DataFrame({"x": [1.0, 2.0]}).to_csv(tmp_path / "a.csv")
    with open_ntuple(tmp_path / "a.csv") as ntuple:
        assert ntuple.names == ("x",)
        assert ntuple.n_events == 2


def test_header_alone(tmp_path):
    for text in ("pt,eta", "pt,eta\n", "pt,eta\n\n"):
        assert read(write(tmp_path / "a.csv", text), ["pt", "none"]) == {"pt": [], "none": []}


def test_special_numbers(tmp_path):
    path = write(tmp_path / "a.csv", "x,id\ninf,9007199254740993\n-inf,1\nNaN,2\n")
    values = read(path, ["x", "id"])
    assert values["x"][:2] == [np.inf, -np.inf]
    assert np.isnan(values["x"][2])
    assert values["id"] == [9007199254740993, 1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2\n3,4\n", "no names of the columns in the first line that has no #: add them"),
        ("# pt,eta\n1,2\n", "no names of the columns in the first line that has no #: add them"),
        ("# only\n", "no names of the columns in the first line that has no #: add them"),
        ("a,b,a\n1,2,3\n", "two columns have the name a: rename one"),
        ("a;b\n1;2\n", "one column, 'a;b': columns of .csv are separated by commas, those of .tsv by tabs"),
        ("a,b\n1,2\n1,2,3\n", "not a table, or cut short: CSV parse error"),
        ("a,b\n1,2\n1", "not a table, or cut short: CSV parse error"),
        (b"a,b\n1,\xff\n", "column b has text that is not UTF-8: convert the file"),
        (b"\xff\xfea,b\n1,2\n", "not a table, or cut short: 'utf-8' codec can't decode"),
        ("", "an empty file"),
    ],
)
def test_faults(tmp_path, text, message):
    assert fault(write(tmp_path / "a.csv", text), ["b"]).startswith(message)


def test_missing_column(tmp_path):
    path = write(tmp_path / "a.csv", "pt,eta\n1,2\n")
    assert fault(path, ["PT"]) == "no column PT (the closest is pt)"


def test_broken_gzip(tmp_path):
    text = "x\n" + "\n".join(map(str, np.random.default_rng(1).normal(size=1000)))
    packed = gzip.compress(text.encode())
    for content in (packed[:3000], packed[:2000] + bytes(500) + packed[2500:], text.encode(), packed[:12]):
        path = write(tmp_path / "a.csv.gz", content)
        assert fault(path, ["x"]).startswith("not a table, or cut short: ")
