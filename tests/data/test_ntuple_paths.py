import os
import re

import fsspec
import pytest

from scripts.data.ntuple_paths import find_files
from scripts.physics.addresses import protocol_of


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("b.root", "a.root", "c.txt", "sub/deep/d.root", "sub/e.root"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_order_is_that_of_patterns_then_names(folder):
    assert find_files(["c.txt", "*.root"]) == ["c.txt", "a.root", "b.root"]
    assert find_files(["**/*.root"]) == ["a.root", "b.root", "sub/deep/d.root", "sub/e.root"]
    assert find_files([f"{folder}/[ab].root"]) == [f"{folder}/a.root", f"{folder}/b.root"]
    assert find_files([]) == []


def test_folders_do_not_match(folder):
    assert find_files(["*"]) == ["a.root", "b.root", "c.txt"]
    with pytest.raises(ValueError, match=r"^sub is a folder: name the files in it, such as sub/\*$"):
        find_files(["sub"])


@pytest.mark.parametrize("name", ["s[1].root", "s{1}.root", "s 1.root", "a*.root", "~x.root", "m::x.root"])
def test_name_of_a_file_is_no_pattern(folder, name):
    (folder / name).touch()
    (folder / "s1.root").touch()
    assert find_files([name]) == [name]


def test_home_folder(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    assert find_files(["~/a.root"]) == [f"{folder}/a.root"]
    assert find_files(["~/[ab].root"]) == [f"{folder}/a.root", f"{folder}/b.root"]


def test_no_match(folder):
    for pattern in ("none.root", "n*.root", "~/none.root", ""):
        with pytest.raises(ValueError, match=f"^no file matches {re.escape(pattern)}$"):
            find_files([pattern])


def test_same_file_twice(folder):
    with pytest.raises(ValueError, match=r"^a.root is read twice$"):
        find_files(["*t", "a.root"])
    os.symlink("a.root", "link.root")
    with pytest.raises(ValueError, match=r"^link.root is read twice, also as a.root$"):
        find_files(["a.root", "link.root"])
    with pytest.raises(ValueError, match=r"^sub/../a.root is read twice, also as a.root$"):
        find_files(["a.root", "sub/../a.root"])
    taken: dict[str, str] = {}
    find_files(["a.root"], taken)
    find_files(["b.root"], taken)
    with pytest.raises(ValueError, match=r"^link.root is read twice, also as a.root$"):
        find_files(["link.root"], taken)


def test_addresses_are_passed_on():
    addresses = ["memory://b/[1].root", "memory://a/*.root"]
    assert find_files(addresses) == addresses
    with pytest.raises(ValueError, match=r"^memory://b is read twice$"):
        find_files(["memory://b"] * 2)


@pytest.mark.parametrize(
    ("address", "packages"),
    [
        ("root://host//store/a.root", "fsspec-xrootd xrootd"),
        ("https://host/a.root", "aiohttp requests"),
        ("s3://bucket/a.root", "s3fs"),
    ],
)
def test_packages_of_a_protocol(address, packages, monkeypatch):
    def missing(protocol):
        raise ImportError(f"Install\n{protocol}")

    monkeypatch.setattr(fsspec, "get_filesystem_class", missing)
    protocol = address.split(":")[0]
    message = f"^{address}: files of {protocol}:// need packages that are missing: pip install {packages}$"
    with pytest.raises(ValueError, match=message):
        find_files([address])
    with pytest.raises(ValueError, match=r"^abfs://a: .* missing: Install abfs$"):
        find_files(["abfs://a"])


def test_unknown_protocol():
    with pytest.raises(ValueError, match=r"^rot://host/a.root: unknown protocol rot://: is it misspelt\?$"):
        find_files(["rot://host/a.root"])


def test_protocols():
    assert protocol_of("root://host//a.root") == "root"
    assert protocol_of("simplecache::https://host/a.root") == "simplecache"
    for path in ("a.root", "/a/b.root", "./root:/a", "a:b.root", "1://x"):
        assert protocol_of(path) is None
