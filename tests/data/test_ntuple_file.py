import os
import subprocess
import sys
from pathlib import Path

import fsspec
import numpy as np
import pandas as pd
import pytest
import uproot

from scripts.data.ntuple_file import open_ntuple, sum_of_branch
from tests.conftest import ROOT, environment
from tests.data.ntuples import fault, read


def write_all(folder: Path) -> list[Path]:
    """The same events in all formats."""
    frame = pd.DataFrame({"x": [1.5, 2.5, 3.5], "n": [1, 2, 3]})
    paths = [folder / name for name in ("a.root", "a.parquet", "a.csv", "a.tsv", "a.csv.gz")]
    with uproot.recreate(paths[0]) as root_file:
        root_file["tree"] = {name: frame[name].to_numpy() for name in frame}
    frame.to_parquet(paths[1])
    for path in paths[2:]:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return paths


def test_all_formats_give_the_same(tmp_path):
    for path in write_all(tmp_path):
        assert read(path, ["n", "x"]) == {"n": [1, 2, 3], "x": [1.5, 2.5, 3.5]}
        assert read(str(path), ["n"], start=1, stop=2) == {"n": [2]}
        with open_ntuple(path) as ntuple:
            assert (ntuple.path, set(ntuple.names), ntuple.n_events) == (str(path), {"x", "n"}, 3)
            dtypes = {name: values.dtype for name, values in next(ntuple.iterate(ntuple.names)).items()}
        assert dtypes == {"x": np.float64, "n": np.int64}
        assert sum_of_branch(path, None, "x") == 7.5


def test_files_at_an_address(tmp_path):
    system = fsspec.filesystem("memory")
    for path in write_all(tmp_path):
        system.pipe(f"/ntuples/{path.name}", path.read_bytes())
        address = f"memory://ntuples/{path.name}"
        assert read(address, ["n", "x"]) == {"n": [1, 2, 3], "x": [1.5, 2.5, 3.5]}
    assert fault("memory://ntuples/b.root") == "no such file"
    system.pipe("/ntuples/cut.root", (tmp_path / "a.root").read_bytes()[:2000])
    assert fault("memory://ntuples/cut.root").startswith("not a ROOT file, or cut short: ")


def test_protocol_that_is_not_there():
    assert fault("rot://host/a.root") == "unknown protocol rot://: is it misspelt?"


def test_ending_of_a_root_file_may_be_any(tmp_path):
    path = write_all(tmp_path)[0].rename(tmp_path / "DAOD.pool.root.1")
    assert read(path, ["n"]) == {"n": [1, 2, 3]}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.root", b"", "an empty file: write or copy it again"),
        ("a.root", b"no root file", "not a ROOT file, or cut short: "),
        ("a.root", b"root", "not a ROOT file, or cut short: "),
        ("a.parquet", b"no parquet", "not a parquet file, or cut short: "),
        ("a.h5", b"\x89HDF", "a format that is not known: .root, .parquet, .csv, .tsv, "),
    ],
)
def test_bad_files(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    assert fault(path).startswith(message)


def test_no_file_and_folder(tmp_path):
    assert fault(tmp_path / "none.root") == "no such file"
    assert fault(tmp_path).startswith("a folder: name the files in it")
    with pytest.raises(FileNotFoundError):
        open_ntuple(tmp_path / "none.root")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read all files")
def test_no_permission(tmp_path):
    path = write_all(tmp_path)[0]
    path.chmod(0)
    assert fault(path).startswith("no permission to read it")


def test_refused_by_the_system(tmp_path, monkeypatch):
    path = write_all(tmp_path)[0]

    def refuse(error):
        def opened(*_):
            raise error

        monkeypatch.setattr("builtins.open", opened)

    refuse(PermissionError(13, "Permission denied"))
    with pytest.raises(PermissionError, match=r"a.root: no permission to read it: change its mode, or ask"):
        open_ntuple(path)
    refuse(OSError(5, "Input/output error"))
    with pytest.raises(OSError, match=r"a.root: cannot be opened: .*Input/output error"):
        open_ntuple(path)


def test_what_is_not_read_is_not_imported():
    """A config is parsed without them, and a job imports its format alone."""
    heavy = ("uproot", "awkward", "pyarrow", "pandas", "fsspec", "numpy")
    code = (
        "import sys, scripts.data.ntuple_file, scripts.data.ntuple_paths;"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
